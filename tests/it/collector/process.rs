//! A Collector's process.

use crate::program::workspace;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread;

/// A running Collector; it is killed when this is dropped.
pub struct Process(Child);

/// Whether there is a Collector to run. Where there is not, a line says so that is seen.
pub fn is_built() -> bool {
    static SAID: Once = Once::new();
    let is_built = program().is_some();
    if !is_built {
        // Past the test harness, which shows nothing of tests that pass.
        let line = "SKIPPED: tests against the OpenTelemetry Collector; tests/collector/build builds it, with Go";
        SAID.call_once(|| drop(writeln!(io::stderr(), "{line}")));
    }
    is_built
}

/// The Collector's program, if it is built.
pub fn program() -> Option<String> {
    let build = workspace().join("tests/collector/build");
    let output = Command::new(build).arg("--if-built").output().unwrap();
    let path = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    (!path.is_empty()).then_some(path)
}

impl Process {
    /// Starts one and waits until it is ready; none if it is not going to be. Configurations are
    /// named by their paths in the workspace.
    pub fn launch(configs: &[&str], variables: &[(&str, &str)]) -> Option<Self> {
        let mut process = Command::new(workspace().join("tests/collector/start"))
            .args(configs.iter().map(|config| workspace().join(config)))
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let is_ready = lines.by_ref().map(Result::unwrap).any(|line| {
            let is_ready = line.contains("Everything is ready");
            said.push(line);
            is_ready
        });
        if !is_ready {
            process.wait().unwrap();
            assert!(said.iter().any(|line| line.contains("address already in use")), "{said:#?}");
            return None;
        }
        // It goes on to write, and must not be held up.
        thread::spawn(move || lines.for_each(drop));
        Some(Self(process))
    }

    /// Launches at addresses that were free a moment ago; again where somebody else was faster.
    pub fn at_free_addresses<const N: usize>(
        launch: impl Fn(&[String; N]) -> Option<Self>,
    ) -> ([String; N], Self) {
        for _ in 0..5 {
            let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
            let addresses = listeners.map(|it| it.local_addr().unwrap().to_string());
            if let Some(process) = launch(&addresses) {
                return (addresses, process);
            }
        }
        panic!("no address stays free");
    }

    /// Kills the process, as if the machine had lost its power.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it in good order.
    pub fn terminate(&mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The configurations in a folder of the workspace, by their paths in it.
pub fn configurations(folder: &str) -> Vec<String> {
    let paths = std::fs::read_dir(workspace().join(folder)).unwrap();
    let names = paths.map(|entry| PathBuf::from(entry.unwrap().file_name()));
    let names = names.filter(|name| name.extension().is_some_and(|it| it == "yaml"));
    names.map(|name| format!("{folder}/{}", name.display())).collect()
}
