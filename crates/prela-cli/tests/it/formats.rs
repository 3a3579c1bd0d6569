//! Traces in the formats of others.

use crate::commands::say;
use crate::requests::{START, everything, failed, span, text};
use crate::store::{batch, fresh};
use expect_test::expect;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::otlp::{SpanFacts, of_python};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::path::Path;

fn on(thread: &str, span: Span, from: u64, to: u64) -> Span {
    let mut span = span;
    span.start_time_unix_nano = START + from * 1_000_000;
    span.end_time_unix_nano = START + to * 1_000_000;
    span.attributes.push(text("thread.name", thread));
    span
}

#[test]
fn perfetto_gets_slices_that_lie_within_each_other() {
    let (_dir, path, store) = fresh();
    let mut overlapping = on("worker", span(1, 4, 1), 15, 40);
    overlapping.events = everything().events;
    store
        .insert_blocking(batch(vec![
            on("main", span(1, 1, 0), 0, 100),
            on("main", span(1, 2, 1), 10, 50),
            on("worker", span(1, 3, 1), 10, 30),
            overlapping,
            failed(on("worker", span(1, 5, 3), 10, 30), "no"),
            on("worker", span(1, 6, 1), 30, 35),
        ]))
        .unwrap();
    let (said, _, code) = say(&path, 80, &["export", "last", "--perfetto"]);
    let json: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(code, 0);
    let events = json["traceEvents"].as_array().unwrap();
    let number = |event: &Json, key: &str| event[key].as_f64().unwrap();
    let mut tracks: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    for event in events.iter().filter(|it| it["ph"] == "X") {
        let start = number(event, "ts");
        let slice = (start, start + number(event, "dur"));
        tracks.entry(event["tid"].to_string()).or_default().push(slice);
    }
    assert_eq!(tracks.values().map(Vec::len).sum::<usize>(), 6);
    for slices in tracks.values() {
        for (at, one) in slices.iter().enumerate() {
            for other in &slices[at + 1..] {
                let apart = one.1 <= other.0 || other.1 <= one.0;
                let within = (one.0 <= other.0 && other.1 <= one.1)
                    || (other.0 <= one.0 && one.1 <= other.1);
                assert!(apart || within, "{slices:?}");
            }
        }
    }
    let names: Vec<_> = events
        .iter()
        .filter(|it| it["name"] == "thread_name")
        .map(|it| it["args"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["main", "worker", "worker (2)"]);
    let failed = events.iter().find(|it| it["name"] == "span 5").unwrap();
    assert_eq!((&failed["args"]["error"], number(failed, "ts")), (&json!("no"), 10_000.0));
    assert!(events.iter().any(|it| it["ph"] == "i" && it["name"] == "exception"));
    // An arrow from each parent to a child on another track.
    let count = |phase: &str| events.iter().filter(|it| it["ph"] == phase).count();
    assert_eq!((count("s"), count("f")), (3, 3));
    for wrong in [&["export", "last"][..], &["export", "last", "--perfetto", "--otlp-json"]] {
        assert_eq!(say(&path, 80, wrong).2, 2);
    }
}

#[test]
fn a_trace_becomes_a_test_that_expects_it() {
    let (_dir, path, store) = fresh();
    let named = |span: Span, name: &str, key: &str, value: &str| Span {
        name: name.to_owned(),
        attributes: vec![text(key, value)],
        ..span
    };
    store
        .insert_blocking(batch(vec![
            named(span(1, 1, 0), "support desk", "prela.span.type", "agent"),
            named(span(1, 2, 1), "chat gpt-4o", "gen_ai.operation.name", "chat"),
            failed(named(span(1, 3, 1), "say \"{hi}\"\n", "openinference.span.kind", "TOOL"), "no"),
            named(span(1, 4, 3), "find", "gen_ai.operation.name", "embeddings"),
            named(span(1, 5, 9), "lost", "a", "b"),
        ]))
        .unwrap();
    let (said, _, code) = say(&path, 80, &["show", "last", "--as-test"]);
    assert_eq!(code, 0);
    expect![[r#"
        #[test]
        fn support_desk_is_traced() {
            let capture = prela::testing::Capture::new();
            capture.run(|| {
                // Call here what was traced.
            });
            prela::testing::assert_trace!(capture.spans(), {
                agent "support desk" {
                    llm "chat gpt-4o" {}
                    tool "say \"{hi}\"\n" error {
                        embedding "find" {}
                    }
                }
                custom "lost" {}
            });
        }
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_test_is_as_deep_as_its_trace_and_its_text_is_not_as_wide() {
    let (_dir, path, store) = fresh();
    let spans = (1..=20_000).map(|at| span(1, at, at - 1)).collect();
    store.insert_blocking(batch(spans)).unwrap();
    let (said, complaint, code) = say(&path, 80, &["show", "last", "--as-test"]);
    assert_eq!((complaint.as_str(), code), ("", 0));
    assert_eq!(said.matches("custom \"span ").count(), 20_000);
    assert_eq!(said.matches('{').count(), said.matches('}').count());
    assert!(said.lines().all(|line| line.len() < 250));
}

#[test]
fn a_whole_store_moves_to_another() {
    let (dir, path, store) = fresh();
    let spans: Vec<_> = (1..=700).map(|at| span(at, at, 0)).collect();
    store.insert_blocking(batch(spans)).unwrap();
    let file = dir.path().join("all.json");
    let file = file.to_str().unwrap();
    assert_eq!(say(&path, 80, &["export", "--all", "--otlp-json", "-o", file]).2, 0);
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 700);
    let other = dir.path().join("other.db");
    assert_eq!(say(&other, 80, &["import", file]).0, "700 spans read\n");
    let (one, two) = (["list", "-n", "1000", "--json"], ["export", "--all", "--otlp-json"]);
    for arguments in [&one[..], &two] {
        assert_eq!(say(&path, 80, arguments).0, say(&other, 80, arguments).0);
    }
    for wrong in [&["export", "--all"][..], &["export", "--all", "--perfetto"], &["export"]] {
        assert_eq!(say(&path, 80, wrong).2, 2);
    }
}

#[test]
fn spans_of_the_sdk_for_python_are_read() {
    let facts = |line: Json| {
        let envelope = of_python(line)?;
        Ok::<_, String>(SpanFacts::read(&envelope.resources[0].scopes[0].records[0]).unwrap())
    };
    let line = json!({
        "span_id": "0b8e4a1c-5d2f-4c3a-9e6b-000000000001", "trace_id": "6f1d2c3b-0a49-4e5d-8c7b-1a2b3c4d5e6f",
        "parent_span_id": null, "name": "chat", "span_type": "llm", "status": "error", "status_message": "no",
        "started_at": "1970-01-01T00:00:01.5+00:00", "ended_at": "1970-01-01T01:00:02+01:00",
        "attributes": { "llm.model": "m", "llm.prompt_tokens": 3, "deep": { "list": [1, null, 2.5, true] } },
        "events": [{ "timestamp": "1970-01-01 00:00:01.75Z", "name": "e", "attributes": {} }],
        "duration_ms": 500.0, "replay_snapshot": { "a": 1 },
    });
    let read = facts(line.clone()).unwrap();
    assert_eq!(read.trace_id.to_string(), "6f1d2c3b0a494e5d8c7b1a2b3c4d5e6f");
    assert_eq!(read.span_id.to_string(), "95e54a1c5d2f4c3b", "both halves of it");
    assert_eq!((read.start_ns, read.end_ns), (1_500_000_000, 2_000_000_000));
    assert_eq!((read.status, read.input_tokens, read.model.as_deref()), (2, 3, Some("m")));
    assert_eq!(read.operation.as_deref(), Some("llm"));
    for (time, expected) in [
        ("2026-01-26T10:00:00+00:00", Some(1_769_421_600_000_000_000)),
        ("2024-02-29T23:59:59.999999999Z", Some(1_709_251_199_999_999_999)),
        ("2000-03-01T00:00:00", Some(951_868_800_000_000_000)),
        ("2026-01-26T10:00:00.000001+00:00Z", Some(1_769_421_600_000_001_000)),
        ("2026-01-26T05:30-04:30", Some(1_769_421_600_000_000_000)),
        ("2026-01-26", None),
        ("2026-13-26T10:00:00", None),
        ("yesterday", None),
        ("", None),
        ("2026-01-26T10:00:00.é", None),
    ] {
        let mut line = line.clone();
        line["started_at"] = time.into();
        assert_eq!(facts(line).ok().map(|it| it.start_ns), expected, "{time}");
    }
    // Ids of any kind; what is the same there is the same here.
    let id = |text: &str| {
        let mut line = line.clone();
        (line["span_id"], line["parent_span_id"]) = (text.into(), text.into());
        let read = facts(line).unwrap();
        assert_eq!(Some(read.span_id), read.parent_id);
        read.span_id.to_string()
    };
    assert_eq!(id("00f067aa0ba902b7"), "00f067aa0ba902b7");
    assert_ne!(id("one"), id("two"));
    let mut short = line.clone();
    short.as_object_mut().unwrap().remove("name");
    assert!(facts(short).unwrap_err().contains("name"));

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/python.in/traces.jsonl");
    let cut = std::fs::read_to_string(file).unwrap();
    let (dir, path, store) = fresh();
    drop(store);
    let broken = dir.path().join("cut.jsonl");
    std::fs::write(&broken, &cut[..cut.len() - 20]).unwrap();
    let (_, complaint, code) = say(&path, 80, &["import", broken.to_str().unwrap()]);
    assert!(complaint.contains("request 7; the 6 spans before it are stored"), "{complaint}");
    assert_eq!(code, 2);
}
