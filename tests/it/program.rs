//! Programs that tests run.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A program without the settings that the tests themselves may have been started with.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut program = Command::new(path);
    for (name, _) in env::vars_os() {
        let prefixes = ["OTEL_", "PRELA_", "TRACEPARENT", "TRACESTATE", "BAGGAGE"];
        if prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            program.env_remove(name);
        }
    }
    program
}

/// `tests/program` in one of its roles.
pub fn role(name: &str) -> Command {
    let mut program = program(env!("CARGO_BIN_EXE_program"));
    program.arg(name);
    program
}

/// A running program that prints its URL first and ends when its input does, as a
/// [`Peer`](prela_examples::Peer) is; it is killed when this is dropped.
pub struct Service {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Service {
    /// Starts it, and waits until it listens.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut service = Self { process, output, url: String::new() };
        service.url = service.next_line();
        assert!(service.url.starts_with("http://"), "{}", service.url);
        service
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next line that it prints.
    #[track_caller]
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).unwrap();
        assert_ne!(length, 0, "the service has ended");
        line.trim_end().to_owned()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends the program in order, so that all its spans have been sent.
    #[track_caller]
    pub fn stop(mut self) {
        drop(self.process.stdin.take());
        // A pipe that nobody reads could fill up.
        io::copy(&mut self.output, &mut io::sink()).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

/// `cargo build` as it built this binary, of the same workspace and in the same profile, and where it
/// puts what it builds.
pub fn cargo_build() -> (Command, PathBuf) {
    // `<target>/<profile>/deps/it-<hash>`
    let binary = env::current_exe().unwrap();
    let built = binary.ancestors().nth(2).unwrap().to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()).env("CARGO_TARGET_DIR", built.parent().unwrap());
    let profile = match built.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    cargo.args(["build", "--quiet", "--profile", profile]);
    (cargo, built)
}

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
