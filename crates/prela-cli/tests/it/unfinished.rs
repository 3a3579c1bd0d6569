//! Spans without an end, in every view: they run, or nothing was heard of them for eight seconds.

use crate::commands::say;
use crate::requests::span;
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::query::Reader;
use std::path::Path;

/// Two traces with a span that has no end; `heard` is how long ago both were said to run, in seconds.
fn store(path: &Path, heard: u64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let seen = format!("UPDATE pending SET seen = unixepoch() - {heard}");
    assert_eq!(connection.execute(&seen, []).unwrap(), 2);
}

#[test]
fn every_view_says_unfinished_after_eight_seconds_and_running_before() {
    let (_dir, path, writer) = fresh();
    let open = |trace| Span { end_time_unix_nano: 0, ..span(trace, 2, 1) };
    writer.insert_blocking(batch(vec![span(1, 1, 0), open(1), span(2, 1, 0), open(2)])).unwrap();
    drop(writer);
    for (heard, word, other) in
        [(0, "running", "unfinished"), (6, "running", "unfinished"), (10, "unfinished", "running")]
    {
        store(&path, heard);
        let views: [&[&str]; 6] = [
            &["list"],
            &["last"],
            &["last", "--compact"],
            &["last", "--full"],
            &["diff", "last~1", "last"],
            &["show", "last~1"],
        ];
        for view in views {
            let (said, _, code) = say(&path, 120, view);
            assert_eq!(code, 0);
            assert!(said.contains(word), "{view:?} {heard} s ago: {said}");
            assert!(!said.contains(other), "{view:?} {heard} s ago: {said}");
        }
        let reader = Reader::open(&path).unwrap();
        let trace = reader.trace(reader.find("last").unwrap()).unwrap();
        assert_eq!(trace.spans[1].is_unfinished, word == "unfinished");
        let (json, _, _) = say(&path, 120, &["diff", "last~1", "last", "--json"]);
        let is_unfinished = json.contains("\"is_unfinished\":true");
        assert_eq!(is_unfinished, word == "unfinished", "{json}");
        let said = crate::mcp::answers(&path, &[("list", "{}"), ("show", r#"{"trace":"last"}"#)]);
        for answer in said {
            assert!(answer.contains(word) && !answer.contains(other), "{heard} s ago: {answer}");
        }
        #[cfg(feature = "explore")]
        for screen in crate::exploring::screens(&path) {
            assert!(screen.contains(word) && !screen.contains(other), "{heard} s ago: {screen}");
        }
    }
}
