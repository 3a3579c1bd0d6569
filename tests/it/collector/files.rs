//! A Collector of one test's own, which writes to files.

use super::process::{self, Process};
use crate::receiver::Arrived;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A running Collector with `otelcol.yaml`.
pub struct Collector {
    dir: TempDir,
    grpc: String,
    http: String,
    process: Process,
}

/// What a Collector left behind.
pub struct Output(TempDir);

impl Collector {
    /// Starts a Collector; none where it is not built.
    pub fn start() -> Option<Self> {
        if !process::is_built() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let ([grpc, http], process) =
            Process::at_free_addresses(|[grpc, http]| launch(dir.path(), grpc, http));
        Some(Self { dir, grpc, http, process })
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

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after [`Collector::kill`], at the same addresses.
    pub fn start_again(&mut self) {
        // What a killed process leaves of its sockets stands in the way of the next.
        for socket in ["grpc.sock", "http.sock"] {
            let _ = fs::remove_file(self.dir.path().join(socket));
        }
        let process = launch(self.dir.path(), &self.grpc, &self.http);
        self.process = process.expect("its addresses are still its own");
    }

    /// Ends it, when it has written all that it has.
    pub fn stop(mut self) -> Output {
        self.process.terminate();
        Output(self.dir)
    }
}

fn launch(dir: &Path, grpc: &str, http: &str) -> Option<Process> {
    let variables = [("DIR", dir.to_str().unwrap()), ("GRPC", grpc), ("HTTP", http)];
    Process::launch(&["tests/collector/otelcol.yaml"], &variables)
}

impl Output {
    /// The spans that came in.
    pub fn all(&self) -> Vec<Arrived> {
        self.read("all.jsonl")
    }

    /// The spans that the tail sampler kept.
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
