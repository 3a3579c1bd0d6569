//! Traces that leave the store and come back, and those that come in meanwhile.

use crate::clients::post_spans;
use crate::commands::say;
use crate::program::{Prela, check_done, command};
use crate::requests::{everything_finite, failed, span, traces};
use crate::store::{batch, fresh};
use prela_cli::query::Reader;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

fn imported(store: &Path, file: &str) -> (String, String, i32) {
    say(store, 80, &["import", file])
}

#[test]
fn what_is_exported_can_be_imported() {
    let (dir, path, store) = fresh();
    store.insert_blocking(batch(vec![everything_finite(), span(1, 2, 1)])).unwrap();
    drop(store);
    let file = dir.path().join("trace.json");
    let file = file.to_str().unwrap();
    assert_eq!(say(&path, 80, &["export", "last", "--otlp-json", "-o", file]).2, 0);
    let (line, _, _) = say(&path, 80, &["export", "last", "--otlp-json"]);
    assert_eq!(line, std::fs::read_to_string(file).unwrap());
    assert_eq!(line.lines().count(), 1);
    // Without a server, again, and beside one.
    let other = dir.path().join("other.db");
    for _ in 0..2 {
        assert_eq!(imported(&other, file), ("2 spans read\n".to_owned(), String::new(), 0));
        assert_eq!(say(&other, 80, &["export", "last", "--otlp-json"]).0, line);
    }
    let prela = Prela::start();
    assert_eq!(imported(&prela.store(), file).2, 0);
    assert_eq!(say(&prela.store(), 80, &["export", "last", "--otlp-json"]).0, line);
}

#[test]
fn a_wrong_id_leaves_the_file_as_it_is() {
    let (dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    drop(store);
    let file = dir.path().join("trace.json");
    std::fs::write(&file, "kept").unwrap();
    for (wrong, code) in [("ffff", 1), ("last~7", 1), ("no-id", 2)] {
        for format in ["--otlp-json", "--html", "--perfetto"] {
            let arguments = ["export", wrong, format, "-o", file.to_str().unwrap()];
            assert_eq!(say(&path, 80, &arguments).2, code, "{wrong}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept", "{wrong} {format}");
        }
    }
}

#[test]
fn an_import_keeps_what_the_project_keeps() {
    let (dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    drop(store);
    // It came longer ago than traces are kept where nothing else is said.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE trace SET seen = seen - 30 * 24 * 3600", []).unwrap();
    drop(connection);
    std::fs::write(dir.path().join("prela.toml"), "[collector]\nmax_age = \"90d\"\n").unwrap();
    let file = dir.path().join("trace.json");
    std::fs::write(&file, serde_json::to_vec(&traces(vec![span(2, 1, 0)])).unwrap()).unwrap();
    let output = command(["import", "--store"])
        .arg(&path)
        .arg(&file)
        .current_dir(dir.path())
        .output()
        .unwrap();
    check_done(&output);
    assert_eq!(Reader::open(&path).unwrap().totals().unwrap().traces, 2);
}

#[test]
fn files_that_are_no_traces_are_refused() {
    let dir = TempDir::new().unwrap();
    let good = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000000000000000000000000000000aa","spanId":"00000000000000aa","name":"one"},{"traceId":"1"}]}]}]}"#;
    for (content, expected, code) in [
        (good.to_owned(), "1 spans read\n1 records left out", 0),
        (format!("{good}\n{good}\n"), "2 spans read", 0),
        (String::new(), "0 spans read", 1),
        (format!("{good}\n{{\"a\":1}}"), "request 2; the 1 spans before it are stored", 2),
        ("[1]".to_owned(), "it is neither OTLP", 2),
        ("not json".to_owned(), "request 1", 2),
        (format!("{good}\n{{\"resourceSpans\":[{{"), "request 2", 2),
    ] {
        let file = dir.path().join("file");
        std::fs::write(&file, &content).unwrap();
        let store = dir.path().join("prela.db");
        let (said, complaint, ended) = imported(&store, file.to_str().unwrap());
        assert!(said.contains(expected) || complaint.contains(expected), "{said}{complaint}");
        assert_eq!(ended, code, "{content}");
    }
    assert_eq!(imported(&dir.path().join("prela.db"), "nowhere.json").2, 2);
}

#[test]
fn a_follower_is_told_again_when_more_of_a_trace_comes() {
    let prela = Prela::start();
    // Its store is there, and what came before is not told.
    post_spans(prela.hello.http, vec![span(7, 1, 0)]);
    let mut tail = command(["tail", "--json", "--store"])
        .arg(prela.store())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut traces = lines.map(|line| serde_json::from_str::<Json>(&line).unwrap());
    // Until it listens, what comes in is not news.
    let mut next = 10;
    let (sender, http) = (std::sync::mpsc::channel::<()>(), prela.hello.http);
    let knocking = std::thread::spawn(move || {
        while sender.1.recv_timeout(std::time::Duration::from_millis(50)).is_err() {
            post_spans(http, vec![span(next, 1, 0)]);
            next += 1;
        }
    });
    assert_eq!(traces.next().unwrap()["name"], "span 1");
    sender.0.send(()).unwrap();
    knocking.join().unwrap();
    post_spans(http, vec![failed(span(5, 2, 1), "no")]);
    let of_five = |it: &Json| it["name"] == "span 2" || it["spans"] == 2;
    let first = traces.find(of_five).unwrap();
    assert_eq!((&first["has_root"], &first["errors"]), (&Json::from(false), &Json::from(1)));
    post_spans(http, vec![span(5, 1, 0)]);
    let second = traces.find(of_five).unwrap();
    assert_eq!((&second["name"], &second["spans"]), (&Json::from("span 1"), &Json::from(2)));
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert!(Reader::open(&prela.store()).is_ok());
}

#[test]
fn old_traces_are_let_go_of() {
    let (_dir, path, store) = fresh();
    assert_eq!(say(&path.with_extension("none"), 80, &["gc"]).2, 2);
    store.insert_blocking(batch(vec![span(1, 1, 0), span(1, 2, 1), span(2, 1, 0)])).unwrap();
    // Whoever writes the store keeps its limits.
    assert_eq!(say(&path, 80, &["gc"]).2, 2);
    drop(store);
    let gone = |limit: &str, value: &str| say(&path, 80, &["gc", limit, value, "--json"]).0;
    assert_eq!(gone("--max-age", "100years"), "{\"traces\":0,\"spans\":0}\n");
    assert_eq!(gone("--max-size", "0"), "{\"traces\":2,\"spans\":3}\n");
    assert_eq!(say(&path, 80, &["list", "--json"]), ("[]\n".to_owned(), String::new(), 1));
}

#[test]
fn shells_complete_every_command() {
    let dir = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (script, _, code) = say(&dir.path().join("none.db"), 80, &["completions", shell]);
        assert_eq!(code, 0);
        for command in
            ["demo", "serve", "list", "show", "last", "search", "errors", "tail", "doctor"]
        {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}
