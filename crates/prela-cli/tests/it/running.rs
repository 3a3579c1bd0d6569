//! `prela run`: programs that are run, and what is said of them.

use crate::commands::say;
use crate::program::{Prela, command, text};
use prela::SpanType;
use serde_json::Value as Json;
use std::env;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const ROLE: &str = "PRELA_TEST_PROGRAM";

/// `prela run` of these arguments.
fn run(store: &Path, arguments: &[&str]) -> Command {
    let mut command = command(["run", "--store"]);
    command.arg(store).arg("--").args(arguments).env("COLUMNS", "100");
    command
}

fn said(output: &Output) -> (String, String, i32) {
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

/// This test is also the program that it runs, when a variable says so.
#[test]
fn a_program_is_traced_and_summed_up() {
    if env::var_os(ROLE).is_some() {
        let prela = prela::init("shop").unwrap();
        let tracer = prela::tracer();
        tracer.span("order", SpanType::Agent).in_scope(|_| {
            let paid = tracer.span("pay", SpanType::Tool);
            let _ = paid.in_scope_result(|_| "no card".parse::<u32>());
        });
        println!("endpoint {}", env::var("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap());
        drop(prela);
        std::process::exit(7);
    }
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    let program = env::current_exe().unwrap();
    let this = "running::a_program_is_traced_and_summed_up";
    let arguments = [program.to_str().unwrap(), this, "--exact", "--nocapture"];
    let traced = |store: &Path| {
        let mut command = run(store, &arguments);
        // What would lead elsewhere does not.
        command
            .env(ROLE, "1")
            .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")
            .env("PRELA_EXPORTER", "console")
            .env("OTEL_RESOURCE_ATTRIBUTES", "team=blue");
        command
    };
    let (out, err, code) = said(&traced(&store).output().unwrap());
    assert_eq!(code, 7, "{err}");
    assert!(out.contains("endpoint http://127.0.0.1:"), "its output is its own: {out}");
    assert!(err.contains("1 trace · 2 spans · 1 error"), "{err}");
    assert!(err.contains("✗ order") && err.contains("look: prela show "), "{err}");
    assert!(err.contains(" · prela errors"), "{err}");
    let (json, _, _) = say(&store, 80, &["show", "last", "--json"]);
    for expected in ["prela.run.id", "team", "blue"] {
        assert!(json.contains(&format!("\"{expected}\"")), "{expected}: {json}");
    }

    // Beside a server that runs for this store.
    let prela = Prela::start();
    let (out, err, code) = said(&traced(&prela.store()).output().unwrap());
    assert_eq!(code, 7, "{err}");
    assert!(out.contains(&format!("endpoint http://{}", prela.hello.http)), "{out}");
    assert!(
        err.contains(&format!(" · {}#/trace/", prela.hello.page_url())),
        "where it can be looked at: {err}"
    );
    let output = command(["run", "--json", "--"])
        .args(arguments)
        .env("PRELA_STORE", prela.store())
        .env(ROLE, "1")
        .output()
        .unwrap();
    let line = text(&output.stderr).lines().last().unwrap().to_owned();
    let json: Json = serde_json::from_str(&line).unwrap();
    assert_eq!(json["traces"].as_array().map(Vec::len), Some(1), "those of this run alone: {line}");
    assert_eq!(json["traces"][0]["errors"], 1);
}

#[cfg(unix)]
#[test]
fn no_variable_leads_any_signal_elsewhere() {
    let dir = TempDir::new().unwrap();
    let settings = [
        "ENDPOINT",
        "PROTOCOL",
        "HEADERS",
        "CERTIFICATE",
        "CLIENT_CERTIFICATE",
        "CLIENT_KEY",
        "INSECURE",
    ];
    let mut command = run(&dir.path().join("prela.db"), &["env"]);
    for signal in ["", "TRACES_", "LOGS_", "METRICS_"] {
        for setting in settings {
            command.env(format!("OTEL_EXPORTER_OTLP_{signal}{setting}"), "elsewhere");
        }
    }
    let (out, err, code) = said(&command.output().unwrap());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:"), "{out}");
    assert!(!out.contains("=elsewhere"), "{out}");
}

#[cfg(unix)]
#[test]
fn what_a_program_ends_with_is_passed_through() {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137)] {
        let (out, err, ended) = said(&run(&store, &["sh", "-c", script]).output().unwrap());
        assert_eq!((out.as_str(), ended), ("", code), "{script}");
        assert!(err.contains("no traces came in"), "{err}");
    }
    let (_, err, code) = said(&run(&store, &["no-such-program-anywhere"]).output().unwrap());
    assert!(err.contains("no-such-program-anywhere cannot be run"), "{err}");
    assert_eq!(code, 127);
    assert_eq!(said(&run(&store, &["/"]).output().unwrap()).2, 126);
    assert_eq!(command(["run"]).output().unwrap().status.code(), Some(2), "nothing to run");
    let (out, _, _) = said(&run(&store, &["echo", "--json", "-n", "--help"]).output().unwrap());
    assert_eq!(out, "--json -n --help\n", "options of the program are its own");
}

/// The standard error is a full device, to which nothing can be written.
#[cfg(target_os = "linux")]
#[test]
fn the_exit_code_is_the_programs_even_if_nothing_can_be_said() {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    let ended = |arguments: &[&str]| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        run(&store, arguments).stderr(full).status().unwrap().code()
    };
    assert_eq!(ended(&["sh", "-c", "exit 7"]), Some(7));
    assert_eq!(ended(&["no-such-program-anywhere"]), Some(127));
    assert_eq!(ended(&["/"]), Some(126));
}

#[cfg(unix)]
#[test]
fn signals_reach_the_program() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::Stdio;
    let dir = TempDir::new().unwrap();
    for (signal, name) in
        [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::HUP, "HUP"), (Signal::USR1, "USR1")]
    {
        let script =
            format!("trap 'echo got; exit 5' {name}; echo ready; while :; do sleep 0.05; done");
        let mut prela = run(&dir.path().join("prela.db"), &["sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(prela.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        kill_process(Pid::from_child(&prela), signal).unwrap();
        line.clear();
        out.read_to_string(&mut line).unwrap();
        assert_eq!((line.as_str(), prela.wait().unwrap().code()), ("got\n", Some(5)), "{name}");
    }
}

#[test]
fn a_program_without_resources_is_found_by_when_it_ran() {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/python.in/traces.jsonl");
    let prela = env!("CARGO_BIN_EXE_prela");
    let import = [prela, "import", "--store", store.to_str().unwrap(), file.to_str().unwrap()];
    let (out, err, code) = said(&run(&store, &import).output().unwrap());
    assert_eq!((out.as_str(), code), ("7 spans read\n", 0), "{err}");
    assert!(err.contains("2 traces · 7 spans · 1 error · 2.5k→40 tokens · 1 broken link"), "{err}");
    assert!(err.contains("⚠ `left_alone` lost its parent"), "{err}");
    assert!(err.contains(" · prela doctor"), "{err}");
}
