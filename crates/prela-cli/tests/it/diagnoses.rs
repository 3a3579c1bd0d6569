//! Broken links: which are found, and what is said of them.

use crate::commands::say;
use crate::requests::{self, START, span, text, trace_id, traces};
use crate::store::fresh;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, span::Link};
use prela_cli::otlp::Envelope;
use prela_cli::store::{Batch, Store};
use prost::Message as _;
use serde_json::Value as Json;
use tempfile::TempDir;

/// Stores spans as a process sends them.
fn send(store: &Store, instance: &str, spans: Vec<Span>) {
    let mut request = traces(spans);
    if !instance.is_empty() {
        let resource = request.resource_spans[0].resource.as_mut().unwrap();
        resource.attributes.push(text("service.instance.id", instance));
    }
    let envelope = Envelope::decode(&request.encode_to_vec()[..]).unwrap();
    let (batch, _) = Batch::of_spans(envelope);
    store.insert_blocking(batch).unwrap();
}

fn at(span: Span, thread: &str, from: u64, to: u64) -> Span {
    let mut span = Span {
        start_time_unix_nano: START + from,
        end_time_unix_nano: if to == 0 { 0 } else { START + to },
        ..span
    };
    if !thread.is_empty() {
        span.attributes.push(text("thread.name", thread));
    }
    span
}

#[test]
fn stray_roots_are_found_and_others_are_left_alone() {
    let linked = |span: Span| Span {
        links: vec![Link { trace_id: trace_id(1), span_id: vec![1; 8], ..Link::default() }],
        ..span
    };
    let server = |span: Span| Span { kind: 2, ..span };
    let found = |instance: &str, stray: Vec<Span>| {
        let (_dir, path, store) = fresh();
        let run = vec![at(span(1, 1, 0), "main", 0, 1_000), at(span(1, 2, 1), "main", 100, 900)];
        send(&store, "a", run);
        send(&store, instance, stray);
        let (said, _, code) = say(&path, 80, &["doctor", "--json"]);
        assert_eq!(code, 0);
        let findings: Vec<Json> = serde_json::from_str(&said).unwrap();
        let parent = |it: &Json| it["parent"]["name"].as_str().unwrap_or_default().to_owned();
        findings.iter().map(parent).collect::<Vec<_>>().join(",")
    };
    let root = || span(2, 5, 0);
    for (what, instance, stray, parent) in [
        ("in the inner span", "a", vec![at(root(), "rayon-1", 200, 300)], "span 2"),
        ("longer than the inner span", "a", vec![at(root(), "rayon-1", 200, 950)], "span 1"),
        ("longer than all", "a", vec![at(root(), "rayon-1", 200, 2_000)], "span 2"),
        ("still running", "a", vec![at(root(), "rayon-1", 200, 0)], "span 2"),
        ("after the inner span", "a", vec![at(root(), "rayon-1", 900, 950)], "span 1"),
        ("after all", "a", vec![at(root(), "rayon-1", 1_000, 1_100)], ""),
        ("on the same thread", "a", vec![at(root(), "main", 200, 300)], ""),
        ("on an unknown thread", "a", vec![at(root(), "", 200, 300)], ""),
        ("of another process", "b", vec![at(root(), "rayon-1", 200, 300)], ""),
        ("of an unknown process", "", vec![at(root(), "rayon-1", 200, 300)], ""),
        ("linked on purpose", "a", vec![linked(at(root(), "rayon-1", 200, 300))], ""),
        ("a request that came in", "a", vec![server(at(root(), "rayon-1", 200, 300))], ""),
        (
            "a trace of two spans",
            "a",
            vec![at(root(), "rayon-1", 200, 300), at(span(2, 6, 5), "rayon-1", 210, 290)],
            "",
        ),
    ] {
        assert_eq!(found(instance, stray), parent, "{what}");
    }
}

#[test]
fn advice_fits_the_thread() {
    for (thread, code) in [
        ("rayon-3", "spawn_traced"),
        ("my-pool-1", "spawn_traced"),
        ("tokio-runtime-worker", ".in_span("),
        ("worker", "copy_context_to_thread"),
    ] {
        let (_dir, path, store) = fresh();
        send(&store, "a", vec![at(span(1, 1, 0), "main", 0, 1_000)]);
        send(&store, "a", vec![at(span(2, 2, 0), thread, 100, 200)]);
        for asked in
            [&["doctor"][..], &["doctor", "last"], &["doctor", "last~1"], &["show", "last~1"]]
        {
            let (said, _, _) = say(&path, 80, asked);
            assert!(said.contains("`span 2` is a trace of its own"), "{asked:?}: {said}");
            assert!(said.contains("probably belongs under `span 1`"), "{said}");
            assert!(said.contains(thread) && said.contains(code), "{said}");
        }
        // It is shown where it belongs, and stays what it is.
        let (said, _, _) = say(&path, 80, &["last", "--json"]);
        let json: Json = serde_json::from_str(&said).unwrap();
        assert_eq!(json["summary"]["spans"], 1);
        assert!(say(&path, 80, &["show", "last~1"]).0.contains("  ⚠ span 2"));
    }
}

/// The SDK's own mark makes a finding of what times and threads alone would not tell.
#[test]
fn what_the_sdk_marked_is_found_whatever_its_shape() {
    let flag = |key: &str, value: Value| requests::pair(key, value);
    let marked = |span: Span, task: i64| {
        let mut span = span;
        span.attributes.push(flag("prela.context.absent", Value::BoolValue(true)));
        span.attributes.push(flag("prela.task.id", Value::IntValue(task)));
        span
    };
    let in_task = |span: Span, task: i64| {
        let mut span = span;
        span.attributes.push(flag("prela.task.id", Value::IntValue(task)));
        span
    };
    let below = || at(span(2, 6, 5), "tokio-1", 210, 290);
    for (what, stray, parent) in [
        ("another thread", vec![marked(at(span(2, 5, 0), "rayon-1", 200, 300), 9)], "span 1"),
        (
            "another task, the same thread",
            vec![marked(at(span(2, 5, 0), "tokio-1", 200, 300), 9)],
            "span 1",
        ),
        ("the same task", vec![marked(at(span(2, 5, 0), "tokio-1", 200, 300), 4)], ""),
        ("not marked", vec![in_task(at(span(2, 5, 0), "tokio-1", 200, 300), 9)], ""),
        (
            "with spans below",
            vec![marked(at(span(2, 5, 0), "tokio-1", 200, 300), 9), below()],
            "span 1",
        ),
        ("after all", vec![marked(at(span(2, 5, 0), "rayon-1", 2_000, 2_100), 9)], ""),
    ] {
        let (_dir, path, store) = fresh();
        send(&store, "a", vec![in_task(at(span(1, 1, 0), "tokio-1", 0, 1_000), 4)]);
        send(&store, "a", stray);
        for asked in [&["doctor", "--json"][..], &["doctor", "last~1", "--json"]] {
            let findings: Vec<Json> = serde_json::from_str(&say(&path, 80, asked).0).unwrap();
            let parents: Vec<_> =
                findings.iter().map(|it| it["parent"]["name"].as_str().unwrap()).collect();
            assert_eq!(parents.join(","), parent, "{what}");
            assert!(findings.iter().all(|it| it["is_marked"] == true), "{what}");
        }
        // What was run last is the other trace, and what is lost of it stays what it is.
        let last: Json = serde_json::from_str(&say(&path, 80, &["last", "--json"]).0).unwrap();
        let name = if parent.is_empty() { "span 5" } else { parent };
        assert_eq!(last["summary"]["name"], name, "{what}");
    }
}

#[test]
fn a_task_is_advised_to_be_spawned_in_its_span() {
    let (_dir, path, store) = fresh();
    send(&store, "a", vec![at(span(1, 1, 0), "main", 0, 1_000)]);
    let mut stray = at(span(2, 2, 0), "worker", 100, 200);
    stray.attributes.push(requests::pair("prela.task.id", Value::IntValue(7)));
    stray.attributes.push(text("prela.span.type", "tool"));
    send(&store, "a", vec![stray]);
    let (said, _, _) = say(&path, 80, &["doctor"]);
    assert!(said.contains(r#"prela::tracer().span("span 2", SpanType::Tool);"#), "{said}");
    assert!(said.contains("tokio::spawn(work().in_span(span));"), "{said}");
}

#[test]
fn an_orphan_says_whether_its_process_went_on() {
    for (instance, later, reason) in [
        ("a", true, "its process sent more since"),
        ("a", false, "its process sent nothing since"),
        ("", true, "it has not ended yet, or the process ended before it did"),
    ] {
        let (_dir, path, store) = fresh();
        send(&store, instance, vec![at(span(1, 3, 9), "", 100, 200)]);
        if later {
            send(&store, instance, vec![at(span(1, 4, 9), "", 300, 400)]);
        }
        let (said, _, _) = say(&path, 200, &["doctor"]);
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn orphans_are_told_apart_by_where_their_parent_is() {
    let (_dir, path, store) = fresh();
    let orphan = at(span(1, 3, 9), "", 100, 200);
    let remote = Span { flags: 0x301, ..at(span(1, 4, 8), "", 150, 200) };
    send(&store, "", vec![at(span(1, 1, 0), "", 0, 1_000), orphan, remote]);
    let (said, _, _) = say(&path, 200, &["doctor"]);
    assert!(said.contains("`span 3` lost its parent"), "{said}");
    assert!(said.contains("its parent 0000000000000009 has not been sent"), "{said}");
    assert!(said.contains("its parent 0000000000000008 is in another process"), "{said}");
    assert_eq!(said.matches("prela::init").count(), 2, "{said}");
    let (_dir, path, store) = fresh();
    send(&store, "", vec![requests::everything(), span(2, 1, 0)]);
    assert!(say(&path, 80, &["doctor", "last"]).0.starts_with("No broken links"));
}

#[test]
fn the_demo_shows_a_trace_and_its_mistake_and_ends() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("prela.db");
    let (said, complaint, code) = say(&path, 100, &["demo", "--once"]);
    assert_eq!((complaint.as_str(), code), ("", 0), "{said}");
    for part in [
        "15 spans · 2 services",
        "1 error · 1 broken link\ninvoke_agent trip planner ",
        "\n      GET /offers/{what} ",
        "\n  ✗ execute_tool book_table ",
        "\n    score_offer ",
        "\n    ⚠ rank_offers ",
        "\n  chat stub-1 ",
        "1.2k→19",
        "✗ execute_tool book_table: closed on Mondays",
        "⚠ `rank_offers` is a trace of its own",
        "probably belongs under `choose_offer`",
        "the thread had been given contexts before",
        "pool.spawn_traced(",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let shown = say(&path, 100, &["show", "last~1", "--full"]).0;
    for part in ["Take the night train on Friday", "You plan trips.", "trains-1", "A Cozinha"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // What began last is the span that was lost; what was run last is the agent.
    let last = say(&path, 100, &["last"]).0;
    assert!(
        last.contains("\ninvoke_agent trip planner ") && last.contains("⚠ rank_offers"),
        "{last}"
    );
    // Again, beside a server of the same store.
    let server = crate::program::Prela::start_at(&path, &[]);
    let (said, _, code) = say(&path, 100, &["demo", "--json"]);
    let json: Json = serde_json::from_str(&said).unwrap();
    assert_eq!((json["findings"].as_array().unwrap().len(), code), (1, 0), "{said}");
    // That one goes on, and the demo ends by itself and says nothing else.
    for arguments in [&["demo"][..], &["demo", "--once"]] {
        let (said, _, code) = say(&path, 100, arguments);
        let variable = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", server.hello.http);
        assert!(said.contains(&variable) && !said.contains("Ctrl-C"), "{said}");
        assert_eq!(code, 0);
    }
    drop(server);
    // Two runs, and a lost span of each: what is compared, exported and told to an agent are the runs.
    let diff: Json =
        serde_json::from_str(&say(&path, 100, &["diff", "last~1", "last", "--json"]).0).unwrap();
    for side in ["a", "b"] {
        assert_eq!(diff[side]["name"], "invoke_agent trip planner", "{side}");
    }
    assert_ne!(diff["a"]["trace_id"], diff["b"]["trace_id"]);
    let (exported, _, _) = say(&path, 100, &["export", "last", "--otlp-json"]);
    assert!(exported.contains("invoke_agent trip planner"), "{exported}");
    let told = crate::mcp::answers(&path, &[("show", r#"{"trace":"last"}"#)]);
    assert!(told[0].contains("invoke_agent trip planner"), "{told:?}");
}
