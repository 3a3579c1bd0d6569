//! A Phoenix of one test's own.

use crate::program::workspace;
use serde_json::{Value, json};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

/// A running Phoenix with an empty database; it is killed when this is dropped.
pub struct Phoenix {
    process: Child,
    http: SocketAddr,
    grpc: SocketAddr,
    client: reqwest::Client,
    runtime: Runtime,
    _dir: TempDir,
}

impl Phoenix {
    /// Starts a Phoenix. None where it is not installed, and a line says so.
    pub fn start() -> Option<Self> {
        let build = workspace().join("tests/phoenix/build");
        let is_built = Command::new(build).arg("--if-built").output();
        if !is_built.is_ok_and(|output| !output.stdout.is_empty()) {
            // Past the test harness, which shows nothing of tests that pass.
            let line =
                "SKIPPED: the test against Phoenix; tests/phoenix/build installs it, with Python";
            drop(writeln!(io::stderr(), "{line}"));
            return None;
        }
        let deadline = Instant::now() + TO_START;
        // At ports that were free a moment ago; again where somebody else was faster.
        loop {
            if let Some(phoenix) = Self::launch(deadline) {
                return Some(phoenix);
            }
            assert!(Instant::now() < deadline, "Phoenix does not start");
        }
    }

    /// Launches the process; none if it ends before it is ready.
    fn launch(deadline: Instant) -> Option<Self> {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, grpc] = listeners.map(|it| it.local_addr().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let process = Command::new(workspace().join("tests/phoenix/start"))
            .arg(dir.path())
            .args([http, grpc].map(|address| address.port().to_string()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut phoenix = Self { process, http, grpc, client, runtime, _dir: dir };
        while phoenix.text("/healthz").is_none() {
            assert!(Instant::now() < deadline, "Phoenix does not answer");
            if phoenix.process.try_wait().unwrap().is_some() {
                return None;
            }
            thread::sleep(Duration::from_millis(100));
        }
        Some(phoenix)
    }

    pub fn grpc(&self) -> String {
        format!("http://{}", self.grpc)
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The spans of a project, when there are so many.
    #[track_caller]
    pub fn spans(&self, project: &str, count: usize) -> Vec<Value> {
        let path = format!("/v1/projects/{project}/spans?limit=1000");
        self.list_when(&path, |spans| spans.len() == count)
    }

    /// The one session of a project, when it is complete.
    #[track_caller]
    pub fn session(&self, project: &str, is_complete: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/v1/projects/{project}/sessions");
        self.list_when(&path, |sessions| sessions.len() == 1 && is_complete(&sessions[0])).remove(0)
    }

    /// What it answers, as soon as that is so.
    #[track_caller]
    fn list_when(&self, path: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + TO_STORE;
        loop {
            // A project is there with its first span.
            let found = self.text(path).map(|text| list(&text, "/data")).unwrap_or_default();
            if is_so(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "{path}: {} are there: {found:#?}", found.len());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the page of a project's traces shows: of each span its name, its kind as Phoenix understood it, and
    /// what went in and came out.
    pub fn shown(&self, project: &str) -> Vec<Value> {
        let query = "{projects{edges{node{name spans(first:1000){edges{node{\
                     name spanKind input{value} output{value}}}}}}}}";
        let text = self.runtime.block_on(async {
            let request = self.client.post(format!("{}/graphql", self.http()));
            let request = request.header("content-type", "application/json");
            let answer = request.body(json!({"query": query}).to_string()).send().await.unwrap();
            answer.text().await.unwrap()
        });
        let projects = list(&text, "/data/projects/edges");
        let mut projects = projects.iter().map(|it| &it["node"]);
        let project = projects.find(|it| it["name"] == project).unwrap_or_else(|| panic!("{text}"));
        let spans = project["spans"]["edges"].as_array().unwrap();
        spans.iter().map(|it| it["node"].clone()).collect()
    }

    /// The answer to a question; none if there is none, or an error.
    fn text(&self, path: &str) -> Option<String> {
        self.runtime.block_on(async {
            let answer = self.client.get(format!("{}{path}", self.http())).send().await.ok()?;
            answer.error_for_status().ok()?.text().await.ok()
        })
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn list(text: &str, pointer: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(text).unwrap();
    json.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{text}")).clone()
}

/// The longest time for a start, which imports much: a minute on a busy machine.
const TO_START: Duration = Duration::from_secs(150);
/// The longest time until a span is stored, which is after it is acknowledged.
const TO_STORE: Duration = Duration::from_secs(60);
