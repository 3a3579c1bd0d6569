//! The program under test.

use prela_cli::query::Reader;
use prela_cli::server::Hello;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running `prela serve`; it is killed when this is dropped.
pub(crate) struct Prela {
    pub(crate) process: Child,
    pub(crate) hello: Hello,
    /// The folder of its store; none where the store is another's.
    _dir: Option<TempDir>,
}

/// `prela` with these arguments, and nothing of this process's settings.
pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prela"));
    command.args(arguments).env_remove("PRELA_STORE").env_remove("PRELA_TOKEN");
    command
}

/// What `prela` with these arguments says about a store.
pub(crate) fn run(store: &Path, arguments: &[&str]) -> Output {
    command(arguments).arg("--store").arg(store).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that a command succeeded, and shows what it complained of.
#[track_caller]
pub(crate) fn check_done(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

impl Prela {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let mut prela = Self::start_at(&dir.path().join("prela.db"), arguments);
        prela._dir = Some(dir);
        prela
    }

    /// Starts it, at ports of the system's choice, and waits until it takes requests.
    pub(crate) fn start_at(store: &Path, arguments: &[&str]) -> Self {
        let page: &[&str] =
            if arguments.contains(&"--page-port") { &[] } else { &["--page-port", "0"] };
        let mut process = command(["serve", "--json", "--grpc-port", "0", "--http-port", "0"])
            .arg("--store")
            .arg(store)
            .args(page)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut said = String::new();
            process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it did not start: {said}");
        }
        let hello = serde_json::from_str(&line).unwrap();
        Self { process, hello, _dir: None }
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.hello.store.clone()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.hello.store).unwrap()
    }

    /// Kills the server as a loss of power would, but for what the system has taken already.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The most bytes that the process had in memory; 0 where the system does not tell.
    pub(crate) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let Ok(status) = std::fs::read_to_string(path) else { return 0 };
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }
}

impl Drop for Prela {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Looks again and again until a condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}
