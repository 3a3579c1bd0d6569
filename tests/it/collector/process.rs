//! A Collector of one test's own.

use crate::program::workspace;
use crate::receiver::Arrived;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread;
use tempfile::TempDir;

/// A running Collector; it is killed when this is dropped.
pub struct Collector {
    dir: TempDir,
    grpc: String,
    http: String,
    process: Child,
}

/// What a Collector left behind.
pub struct Output(TempDir);

impl Collector {
    /// With `otelcol.yaml`; none, with a visible line, where it is not built.
    pub fn start() -> Option<Self> {
        static SAID: Once = Once::new();
        let build = Command::new(folder().join("build")).arg("--if-built").output().unwrap();
        if build.stdout.is_empty() {
            // Past the test harness, which shows nothing of tests that pass.
            let line = "SKIPPED: tests against the OpenTelemetry Collector; tests/collector/build builds it, with Go";
            SAID.call_once(|| writeln!(io::stderr(), "{line}").unwrap());
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..5 {
            let [grpc, http] = free_addresses();
            if let Some(process) = launch(dir.path(), &grpc, &http) {
                return Some(Self { dir, grpc, http, process });
            }
        }
        panic!("the Collector does not start");
    }

    pub fn grpc(&self) -> String {
        format!("http://{}", self.grpc)
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.http)
    }

    pub fn socket(&self, name: &str) -> String {
        format!("unix:{}", self.dir.path().join(name).display())
    }

    /// As if the machine had lost its power.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// After [`Collector::kill`], at the same addresses.
    pub fn start_again(&mut self) {
        // What a killed process leaves of its sockets stands in the way of the next.
        for socket in ["grpc.sock", "http.sock"] {
            let _ = fs::remove_file(self.dir.path().join(socket));
        }
        let process = launch(self.dir.path(), &self.grpc, &self.http);
        self.process = process.expect("it did before");
    }

    /// Ends it in good order, when it has written all that it has.
    pub fn stop(mut self) -> Output {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
        Output(std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Output {
    /// Every span that came in.
    pub fn all(&self) -> Vec<Arrived> {
        self.read("all.jsonl")
    }

    /// What the tail sampler kept.
    pub fn kept(&self) -> Vec<Arrived> {
        self.read("kept.jsonl")
    }

    fn read(&self, name: &str) -> Vec<Arrived> {
        let text = fs::read_to_string(self.0.path().join(name)).unwrap();
        let requests = text.lines().map(|line| {
            serde_json::from_str::<ExportTraceServiceRequest>(line)
                .unwrap_or_else(|error| panic!("{error}: {line}"))
        });
        requests.flat_map(|request| Arrived::all_of(&request)).collect()
    }
}

fn folder() -> std::path::PathBuf {
    workspace().join("tests/collector")
}

/// Free a moment ago; somebody else may have been faster.
fn free_addresses() -> [String; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().to_string())
}

/// Waits until it is ready; none if it is not going to be.
fn launch(dir: &Path, grpc: &str, http: &str) -> Option<Child> {
    let mut process = Command::new(folder().join("start"))
        .env("DIR", dir)
        .env("GRPC", grpc)
        .env("HTTP", http)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let is_ready = lines.by_ref().any(|line| line.unwrap().contains("Everything is ready"));
    if !is_ready {
        process.wait().unwrap();
        return None;
    }
    // It goes on to write, and must not be held up.
    thread::spawn(move || lines.for_each(drop));
    Some(process)
}
