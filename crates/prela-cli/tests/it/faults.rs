//! What the command line of the SDK for Python got wrong, each as a test of this one.
//!
//! | there | here |
//! |---|---|
//! | `list --since` counts only spans of that time | [`a_trace_is_counted_whole_whenever_its_spans_began`] |
//! | every command reads all files | `benches/million.rs` |
//! | orphans vanish from the tree | `commands::a_trace_is_a_waterfall`, `queries::every_span_has_a_place_in_the_tree` |
//! | an ambiguous prefix silently takes the first | `commands::a_prefix_that_several_have_is_refused` |
//! | values end after 100 characters | `commands::messages_of_models_are_shown_to_their_end` |
//! | the tree takes the square of the spans | [`a_long_trace_is_shown_soon`] |
//! | a search calls the span that it found the root | `commands::a_search_names_the_span_and_its_trace` |
//! | a search has no limits | `commands::a_search_names_the_span_and_its_trace` |
//! | `errors` looks at roots alone | [`an_error_below_a_root_that_succeeded_is_one`] |
//! | `tail` prints a trace at its first span and never again | `files::a_follower_is_told_again_when_more_of_a_trace_comes` |
//! | Enter does nothing in `explore` | `exploring` |
//! | `serve` is a placeholder | all that starts a `Prela` |
//! | a trace whose root's parent is remote has "no spans" | [`a_root_with_a_parent_elsewhere_is_shown`] |
//! | files that end in `.ndjson` are invisible | [`a_file_is_read_whatever_it_is_called`] |
//! | documents name commands that are not there | [`documents_name_commands_that_are_there`] |

use crate::commands::say;
use crate::program::command;
use crate::requests::{failed, span};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value as Json;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn ago(span: Span, seconds: u64) -> Span {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let start = u64::try_from((now - Duration::from_secs(seconds)).as_nanos()).unwrap();
    Span { start_time_unix_nano: start, end_time_unix_nano: start + 1_000, ..span }
}

#[test]
fn a_trace_is_counted_whole_whenever_its_spans_began() {
    let (_dir, path, store) = fresh();
    // It began before the time that is asked for in one case, and goes on after it in both.
    let spans = vec![ago(span(1, 1, 0), 300), ago(span(1, 2, 1), 100), ago(span(1, 3, 1), 1)];
    store.insert_blocking(batch(spans)).unwrap();
    for (since, expected) in [("10m", Some(3)), ("3m", None)] {
        let (json, _, code) = say(&path, 80, &["list", "--since", since, "--json"]);
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!(json[0]["spans"].as_u64(), expected, "{since}");
        assert_eq!(code, i32::from(expected.is_none()));
    }
}

#[test]
fn an_error_below_a_root_that_succeeded_is_one() {
    let (_dir, path, store) = fresh();
    let ok = |span: Span| Span {
        status: Some(opentelemetry_proto::tonic::trace::v1::Status {
            code: 1,
            ..Default::default()
        }),
        ..span
    };
    let call = failed(span(1, 3, 2), "the model is overloaded");
    store.insert_blocking(batch(vec![ok(span(1, 1, 0)), ok(span(1, 2, 1)), call])).unwrap();
    let (said, _, code) = say(&path, 80, &["errors"]);
    assert!(
        said.contains("span 3 in span 1") && said.contains("the model is overloaded"),
        "{said}"
    );
    assert_eq!(code, 0);
    assert_eq!(say(&path, 80, &["list", "--errors", "--json"]).2, 0);
}

#[test]
fn a_root_with_a_parent_elsewhere_is_shown() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 99), span(1, 2, 1)])).unwrap();
    let (said, _, code) = say(&path, 80, &["show", "last", "--compact"]);
    assert!(said.contains("span 1") && said.contains("  span 2"), "{said}");
    assert_eq!(code, 0);
}

#[test]
fn a_long_trace_is_shown_soon() {
    let (_dir, path, store) = fresh();
    let spans = (1..=20_000).map(|at| span(1, at, at / 2)).collect();
    store.insert_blocking(batch(spans)).unwrap();
    let begin = Instant::now();
    let (said, _, _) = say(&path, 80, &["last"]);
    assert_eq!(said.lines().filter(|line| line.contains("span ")).count(), 20_000);
    // In a debug build, on a machine that does other things; the square would take minutes.
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn a_file_is_read_whatever_it_is_called() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/python.in/traces.jsonl");
    let dir = tempfile::TempDir::new().unwrap();
    for name in ["a.jsonl", "b.ndjson", "c.json", "d"] {
        let file = dir.path().join(name);
        std::fs::copy(&cases, &file).unwrap();
        let store = dir.path().join(format!("{name}.db"));
        let (said, complaint, code) = say(&store, 80, &["import", file.to_str().unwrap()]);
        assert_eq!((said.as_str(), code), ("7 spans read\n", 0), "{complaint}");
    }
}

#[test]
fn documents_name_commands_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = std::collections::BTreeSet::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for (at, _) in text.match_indices("`prela ") {
            let rest = &text[at + "`prela ".len()..];
            let word = rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap();
            if !word.is_empty() {
                named.insert(word.to_owned());
            }
        }
    }
    assert!(named.contains("serve"), "{named:?}");
    for name in named {
        let output = command([name.as_str(), "--help"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "prela {name}");
    }
}
