//! Writes spans to files, as lines of OTLP JSON.

#[cfg(test)]
mod tests;

use super::{Batch, ExportFuture, Exported, SpanExporter};
use crate::otlp::json;
use crate::{Error, ErrorKind};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Writes each batch as one line of OTLP JSON to a file in a directory.
///
/// Files are named `traces-2026-11-30-001.jsonl`: the UTC date, and a number that rises when the next
/// line would make the file larger than [`max_file_size`](Self::max_file_size). A program that starts
/// again goes on in the newest file of the day. Old files are never removed.
///
/// The directory and the file are made at the first batch. On Unix only the owner can read the file
/// (mode 0600): spans can hold prompts.
///
/// Several processes may write to one directory. Each line is a single write at the end of the file,
/// so lines are not mixed. A file whose last line was cut off, by a crash or a full disk, is left as
/// it is, and the next line goes to a new one.
///
/// # Examples
///
/// ```
/// let exporter = prela::export::FileExporter::new("traces").max_file_size(10 << 20);
/// # drop(exporter);
/// ```
///
/// Source: [OTLP file exporter](https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/).
#[derive(Debug)]
pub struct FileExporter {
    dir: PathBuf,
    max_file_size: u64,
    open: Option<Open>,
}

impl FileExporter {
    /// An exporter to files in `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), max_file_size: DEFAULT_MAX_FILE_SIZE, open: None }
    }

    /// How large a file may become before the next one is started.
    ///
    /// Unit: bytes. Default: 100 MiB. A line that is larger by itself has a file to itself.
    #[must_use]
    pub fn max_file_size(mut self, bytes: u64) -> Self {
        self.max_file_size = bytes;
        self
    }

    fn append(&mut self, line: &[u8], now: SystemTime) -> Result<(), Error> {
        let date = date(now);
        // Taken, so that after an error the next line looks for a file afresh.
        let mut open = match self.open.take() {
            Some(open) if open.date == date && self.has_room(&open.path, line) => open,
            _ => self.newest(date, line)?,
        };
        let written = write_whole(&mut open.file, line);
        written.map_err(|error| failed("append to", &open.path, error))?;
        self.open = Some(open);
        Ok(())
    }

    /// The newest file of the day if the line fits there, else a new one.
    fn newest(&self, date: String, line: &[u8]) -> Result<Open, Error> {
        let dir = &self.dir;
        fs::create_dir_all(dir).map_err(|error| failed("create the directory", dir, error))?;
        let mut number = latest(dir, &date).map_err(|error| failed("list", dir, error))?;
        loop {
            let path = dir.join(file_name(&date, number));
            if number > 0
                && let Some(file) = open_whole(&path)
                && self.has_room(&path, line)
            {
                return Ok(Open { file, path, date });
            }
            number += 1;
            let path = dir.join(file_name(&date, number));
            match private(OpenOptions::new().append(true).create_new(true)).open(&path) {
                Ok(file) => return Ok(Open { file, path, date }),
                // Another process was faster; perhaps its file will do.
                Err(error) if error.kind() == IoErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("create", &path, error)),
            }
        }
    }

    /// Whether the file is still there, and the line fits. Others may write to it too.
    fn has_room(&self, path: &Path, line: &[u8]) -> bool {
        fs::metadata(path).is_ok_and(|file| {
            file.len() == 0 || file.len().saturating_add(line.len() as u64) <= self.max_file_size
        })
    }
}

impl SpanExporter for FileExporter {
    fn name(&self) -> String {
        format!("file {}", self.dir.display())
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async {
            if !batch.is_empty() {
                let mut line = json::line(batch);
                line.push('\n');
                self.append(line.as_bytes(), SystemTime::now())?;
            }
            Ok(Exported::all())
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        Box::pin(async {
            match self.open.take() {
                Some(Open { file, path, .. }) => {
                    file.sync_all().map_err(|error| failed("flush", &path, error))
                }
                None => Ok(()),
            }
        })
    }

    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        Some(Box::new(Self::new(&self.dir).max_file_size(self.max_file_size)))
    }
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    date: String,
}

/// Writes in one call, so that no other process's line can come between.
fn write_whole(file: &mut File, line: &[u8]) -> io::Result<()> {
    loop {
        match file.write(line) {
            Ok(written) if written == line.len() => return Ok(()),
            Ok(written) => {
                let text = format!("only {written} of {} bytes were written", line.len());
                return Err(io::Error::new(IoErrorKind::WriteZero, text));
            }
            Err(error) if error.kind() == IoErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The file at `path`, if it can be appended to and does not end in the middle of a line.
fn open_whole(path: &Path) -> Option<File> {
    let mut file = OpenOptions::new().read(true).append(true).open(path).ok()?;
    if file.metadata().ok()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1)).ok()?;
        file.read_exact(&mut last).ok()?;
        if last != *b"\n" {
            return None;
        }
    }
    Some(file)
}

/// The highest number of the day's files, 0 if there is none.
fn latest(dir: &Path, date: &str) -> io::Result<u32> {
    let prefix = format!("traces-{date}-");
    let mut latest = 0;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| {
            let digits = name.strip_prefix(&prefix)?.strip_suffix(".jsonl")?;
            // Longer ones are none of ours.
            if digits.len() <= 6 { digits.parse().ok() } else { None }
        });
        latest = latest.max(number.unwrap_or_default());
    }
    Ok(latest)
}

fn file_name(date: &str, number: u32) -> String {
    format!("traces-{date}-{number:03}.jsonl")
}

/// The UTC date, such as `2026-11-30`.
fn date(now: SystemTime) -> String {
    // The formatter panics before 1970 and after 9999.
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let mut text =
        humantime::format_rfc3339_seconds(now.clamp(SystemTime::UNIX_EPOCH, last)).to_string();
    text.truncate("2026-11-30".len());
    text
}

/// Makes a new file readable by the owner alone.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what} {}", path.display())).with_source(error)
}

const DEFAULT_MAX_FILE_SIZE: u64 = 100 << 20;
