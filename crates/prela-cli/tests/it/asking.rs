//! Commands that ask something back.

use crate::program::{command, text};
use crate::requests::span;
use crate::store::{batch, fresh};
use prela_cli::settings::Settings;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command prints that is typed these lines, what it complains of, and its exit code.
fn typed(command: &mut Command, lines: &str) -> (String, String, i32) {
    let mut prela = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it read them.
    let _ = prela.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = prela.wait_with_output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

#[test]
fn a_trace_is_picked_by_its_number() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch((1..=12).map(|at| span(at, 1, 0)).collect())).unwrap();
    let pick = |lines: &str| {
        let mut command = command(["list", "-i", "--store"]);
        typed(command.arg(&path).env("COLUMNS", "80"), lines)
    };
    let (said, complaint, code) = pick("2\n0\n13\nx\n\n");
    assert_eq!((complaint.as_str(), code), ("", 0));
    assert!(said.contains("\n 1  ") && said.contains("\n12  "), "{said}");
    // The second newest.
    let id =
        &prela_cli::ids::TraceId(crate::requests::trace_id(11).try_into().unwrap()).to_string();
    assert!(said.contains(&format!("trace {}", &id[..16])), "{said}");
    for wrong in ["0", "13", "x"] {
        assert!(said.contains(&format!("`{wrong}` is no number from 1 to 12.")), "{said}");
    }
    // Who goes away ends it, too, and programs are not asked.
    assert_eq!(pick("").2, 0);
    let mut json = command(["list", "-i", "--json", "--store"]);
    assert!(typed(json.arg(&path), "1\n").0.starts_with("[{"));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

fn init(folder: &Path, arguments: &[&str], lines: &str) -> (String, String, i32) {
    typed(command(["init"]).args(arguments).current_dir(folder).env("HOME", folder), lines)
}

#[test]
fn settings_are_asked_for_and_written() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("shop \"1\"");
    std::fs::create_dir_all(folder.join(".git")).unwrap();
    std::fs::create_dir_all(folder.join("src")).unwrap();
    // The default, one that cannot be used, one that can, then defaults.
    let (said, complaint, code) =
        init(&folder.join("src"), &[], "\n2\n0.5\n\n70000\n4400\n\n1GB\n\n");
    assert_eq!((complaint.as_str(), code), ("", 0), "{said}");
    assert!(
        said.contains("`2` is not a number from 0 to 1.") && said.contains("`70000` is not a port")
    );
    let settings = Settings::of(&folder).unwrap();
    assert_eq!(settings.program.service.as_deref(), Some("shop \"1\""));
    assert_eq!(settings.program.sample_rate, Some(0.5));
    assert_eq!((settings.collector.grpc_port(), settings.collector.http_port()), (4317, 4400));
    assert_eq!(settings.collector.options().max_bytes, 1 << 30);
    // Once.
    let (_, complaint, code) = init(&folder, &["--yes"], "");
    assert!(complaint.contains("exists already"), "{complaint}");
    assert_eq!(code, 2);
    assert_eq!(init(&folder, &["--yes", "--force"], "").2, 0);
    let written = Settings::of(&folder).unwrap();
    assert_eq!(written.collector.http_port, Some(4318));
    let (_, complaint, code) = init(&TempDir::new().unwrap().path().join("."), &[], "shop\n");
    assert!(complaint.contains("--yes takes the defaults"), "{complaint}");
    assert_eq!(code, 2);
}

#[test]
fn what_reads_the_settings_follows_them() {
    let dir = TempDir::new().unwrap();
    let write = |text: &str| std::fs::write(dir.path().join(Settings::FILE), text).unwrap();
    let here = |arguments: &[&str]| {
        let mut command = command(arguments);
        command.current_dir(dir.path()).env("HOME", dir.path()).env_remove("XDG_DATA_HOME");
        ["OTEL_SERVICE_NAME", "PRELA_SERVICE_NAME", "OTEL_TRACES_SAMPLER", "PRELA_SAMPLE_RATE"]
            .iter()
            .for_each(|name| {
                command.env_remove(name);
            });
        command
    };
    write(
        "[program]\nservice = \"shop\"\nsample_rate = 0.25\n[collector]\ngrpc_port = 0\nhttp_port = 0\n",
    );
    if cfg!(unix) {
        let script = "echo $OTEL_SERVICE_NAME $OTEL_TRACES_SAMPLER $OTEL_TRACES_SAMPLER_ARG \
                      $OTEL_EXPORTER_OTLP_PROTOCOL $PRELA_RECORD_THREADS $PRELA_PENDING $OTEL_EXPORTER_OTLP_ENDPOINT";
        let run = |set: &[(&str, &str)]| {
            let mut command = here(&["run", "--", "sh", "-c", script]);
            text(&command.envs(set.iter().copied()).output().unwrap().stdout)
        };
        let said = run(&[]);
        assert!(
            said.starts_with(
                "shop parentbased_traceidratio 0.25 http/protobuf 1 1 http://127.0.0.1:"
            ),
            "{said}"
        );
        assert!(!said.contains(":4318"), "the port is that of the file: {said}");
        let said = run(&[("OTEL_SERVICE_NAME", "mine"), ("PRELA_SAMPLE_RATE", "1")]);
        assert!(said.starts_with("mine http/protobuf"), "what is set already stays: {said}");
    }
    for (text, expected) in [
        ("[program]\nservce = \"x\"\n", "unknown field `servce`"),
        ("[program]\nsample_rate = 1.5\n", "no number from 0 to 1"),
        ("[collector]\nmax_size = \"much\"\n", "KB, MB, GB"),
        ("[collector]\ngrpc_port = 70000\n", "70000"),
        ("nonsense", "prela.toml has a mistake"),
    ] {
        write(text);
        let output = here(&["serve"]).output().unwrap();
        let complaint = crate::program::text(&output.stderr);
        assert!(complaint.contains(expected) && complaint.contains("prela.toml"), "{complaint}");
        assert_eq!(output.status.code(), Some(2));
    }
}
