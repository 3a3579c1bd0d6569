//! The directory of one run of the program, and the lock that says whether it still runs.

use super::create_private_dir;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A directory that this process holds the lock of.
pub(super) struct Run {
    pub(super) dir: PathBuf,
    /// Held for as long as this lives; the system gives it up when the process dies, however it dies.
    _lock: File,
    next_segment: u64,
}

impl Run {
    /// Begins a new run, in an exporter's directory.
    pub(super) fn begin(parent: &Path) -> io::Result<Self> {
        create_private_dir(parent)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut random = SmallRng::from_os_rng();
        let mut failure = io::Error::other("taken by another process");
        // Between making it and locking it, another process may find it, and clear it away.
        for _ in 0..3 {
            // Names sort by time.
            let name = format!("run-{:016}-{:016x}", since.as_millis(), random.next_u64());
            let dir = parent.join(name);
            create_private_dir(&dir)?;
            match Self::hold(dir) {
                Ok(run) => return Ok(run),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn hold(dir: PathBuf) -> io::Result<Self> {
        let lock = lock(&dir)?;
        // The run that held it before may have removed it meanwhile.
        fs::symlink_metadata(dir.join(LOCK))?;
        Ok(Self { dir, _lock: lock, next_segment: 0 })
    }

    /// Takes over the runs that no process holds, oldest first.
    pub(super) fn abandoned(parent: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
        let mut dirs: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("run-"))
            .map(|entry| entry.path())
            .collect();
        dirs.sort();
        dirs.into_iter().filter_map(|dir| Self::hold(dir).ok()).collect()
    }

    /// Its segments, oldest first.
    pub(super) fn segments(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.dir) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "spool"));
        paths.sort();
        paths
    }

    /// Where the next segment goes.
    pub(super) fn next_path(&mut self) -> PathBuf {
        let path = self.dir.join(format!("{:010}.spool", self.next_segment));
        self.next_segment += 1;
        path
    }

    /// Removes the directory, unless something else is in it.
    pub(super) fn remove(&self) -> bool {
        let _may_be_gone = fs::remove_file(self.dir.join(LOCK));
        fs::remove_dir(&self.dir).is_ok()
    }
}

/// Takes the lock of a directory; an error if another process has it.
fn lock(dir: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // No other process can open it.
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    let file = options.open(dir.join(LOCK))?;
    #[cfg(unix)]
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

const LOCK: &str = "lock";
