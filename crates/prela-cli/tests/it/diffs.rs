//! Two traces beside each other.

use crate::commands::say;
use crate::requests::{START, failed, pair, span, text};
use crate::store::{batch, fresh};
use expect_test::expect;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::ids::TraceId;
use prela_cli::query::{Change, Diff, Reader};
use serde_json::Value as Json;

fn named(trace: u64, number: u64, parent: u64, name: &str, milliseconds: u64) -> Span {
    let start = START + trace * 1_000_000_000 + number * 1_000_000;
    Span {
        name: name.to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + milliseconds * 1_000_000,
        ..span(trace, number, parent)
    }
}

fn said(span: Span, key: &str, value: &str) -> Span {
    let mut span = span;
    span.attributes.push(text(key, value));
    span
}

fn call(trace: u64, number: u64, model: &str, tokens: i64, prompt: &str) -> Span {
    let span = named(trace, number, 1, &format!("chat {model}"), 100 * trace);
    let mut span = said(span, "gen_ai.request.model", model);
    span.attributes.extend([
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.response.id", &format!("response {trace}")),
        text("gen_ai.input.messages", prompt),
        pair("gen_ai.usage.input_tokens", Value::IntValue(tokens)),
    ]);
    span
}

/// The diff of two traces, whose ids are those of numbers 1 and 2.
fn diff(a: Vec<Span>, b: Vec<Span>) -> Diff {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch([a, b].concat())).unwrap();
    let id = |number| TraceId::from_bytes(&crate::requests::trace_id(number)).unwrap();
    Reader::open(&path).unwrap().diff(id(1), id(2)).unwrap()
}

/// A line for each span: its mark, its place and its name in both.
fn lines(diff: &Diff) -> Vec<String> {
    let line = |it: &prela_cli::query::SpanDiff| {
        let mark = match it.change {
            Change::Same => '=',
            Change::Changed => '~',
            Change::Added => '+',
            Change::Removed => '-',
        };
        let before = it.a.as_ref().map(|a| a.name.as_str()).filter(|name| *name != it.name);
        let before = before.map(|name| format!(" was {name}")).unwrap_or_default();
        format!("{}{mark} {}{before}", " ".repeat(it.depth), it.name)
    };
    diff.spans.iter().map(line).collect()
}

#[test]
fn what_changed_stands_beside_what_it_was() {
    let (_dir, path, store) = fresh();
    let question = |text: &str| {
        let part = format!(r#"[{{"type":"text","content":"{text}"}}]"#);
        format!(r#"[{{"role":"system","content":"Be brief."}},{{"role":"user","parts":{part}}}]"#)
    };
    store
        .insert_blocking(batch(vec![
            named(1, 1, 0, "agent", 900),
            call(1, 2, "large", 1_250, &question("Is it cold in Bern?\\nIn a word.")),
            said(named(1, 3, 1, "search", 40), "query", "bern weather"),
            failed(named(1, 4, 1, "fetch", 10), "no route"),
            named(2, 1, 0, "agent", 600),
            call(2, 2, "small", 900, &question("Is it warm in Bern?\\nIn a word.")),
            said(named(2, 3, 1, "search", 40), "query", "bern temperature"),
            named(2, 4, 1, "fetch", 11),
            named(2, 5, 1, "rank", 3),
        ]))
        .unwrap();
    let (text, complaint, code) = say(&path, 90, &["diff", "last~1", "last"]);
    assert_eq!((complaint.as_str(), code), ("", 0));
    expect![[r#"
                  A                   B
        trace     9e3779b97f4a7c15    3c6ef372fe94f82a
        took      900 ms              600 ms              -300 ms -33 %
        spans     4                   5                   +1
        errors    1                   0                   -1
        tokens    1.2k→0              900→0               -28 %

          agent          900 ms   600 ms   -300 ms
        ~   chat small   100 ms   200 ms   +100 ms  1.2k→0 ⇒ 900→0
        ~   search      40.0 ms  40.0 ms
        ~   fetch       10.0 ms  11.0 ms  +1.00 ms  failed before
        +   rank                 3.00 ms

        chat large ⇒ chat small
          gen_ai.input.messages
              …
                Be brief.
              user:
            -   Is it cold in Bern?
            +   Is it warm in Bern?
                In a word.
          gen_ai.request.model  large ⇒ small

        search
          query  bern weather ⇒ bern temperature

        fetch
          status
            - no route
    "#]]
    .assert_eq(&text);
    let (json, _, _) = say(&path, 90, &["diff", "last~1", "last", "--json"]);
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(json["spans"][1]["change"], "changed");
    assert_eq!(json["spans"][1]["a"]["name"], "chat large");
    assert_eq!(json["spans"][4]["a"], Json::Null);
    let (text, _, code) = say(&path, 90, &["diff", "last", "last"]);
    assert!(text.ends_with("\nBoth do and say the same; only times differ.\n"), "{text}");
    assert_eq!(code, 0);
    for (wrong, code) in [("last~5", 1), ("nothing", 2)] {
        assert_eq!(say(&path, 90, &["diff", "last", wrong]).2, code);
    }
}

#[test]
fn spans_are_paired_by_name_content_and_order() {
    let tree = |trace: u64, children: &[(&str, &str)]| {
        let child = |(at, (name, content)): (usize, &(&str, &str))| {
            said(named(trace, at as u64 + 2, 1, name, 1), "q", content)
        };
        let mut spans = vec![named(trace, 1, 0, "root", 100)];
        spans.extend(children.iter().enumerate().map(child));
        spans
    };
    for (a, b, expected) in [
        // A call that is new before the others moves none of them.
        (
            &[("s", "1"), ("s", "2")][..],
            &[("s", "0"), ("s", "1"), ("s", "2")][..],
            &["+ s", "= s", "= s"][..],
        ),
        (&[("s", "1"), ("s", "2"), ("s", "3")], &[("s", "1"), ("s", "3")], &["= s", "- s", "= s"]),
        // In another order, as tasks begin.
        (&[("x", ""), ("y", "")], &[("y", ""), ("x", "")], &["= y", "= x"]),
        (&[("x", "1")], &[("x", "2")], &["~ x"]),
        (&[("x", "")], &[("y", "")], &["- x", "+ y"]),
        (&[("x", "")], &[], &["- x"]),
        (&[], &[("x", "")], &["+ x"]),
        (&[("a", ""), ("b", ""), ("c", "")], &[("c", "")], &["- a", "- b", "= c"]),
        (&[("x", ""), ("old", ""), ("y", "")], &[("y", ""), ("x", "")], &["= y", "= x", "- old"]),
    ] {
        let found = lines(&diff(tree(1, a), tree(2, b)));
        let found: Vec<_> = found[1..].iter().map(|line| line.trim_start()).collect();
        assert_eq!(found, expected, "{a:?} {b:?}");
    }
}

#[test]
fn everything_below_a_span_that_is_gone_is_gone() {
    let a = vec![
        named(1, 1, 0, "root", 9),
        named(1, 2, 1, "old", 9),
        named(1, 3, 2, "below", 9),
        named(1, 4, 1, "kept", 9),
    ];
    let b = vec![named(2, 1, 0, "root", 9), named(2, 4, 1, "kept", 9), named(2, 5, 4, "deep", 9)];
    assert_eq!(lines(&diff(a, b)), ["= root", " - old", "  - below", " = kept", "  + deep"]);
    // Two runs of different programs still have their roots in common, and circles have a place.
    let a = vec![named(1, 1, 0, "one", 9), named(1, 2, 1, "child", 9)];
    let b = vec![named(2, 1, 0, "other", 9), named(2, 2, 1, "child", 9)];
    assert_eq!(lines(&diff(a.clone(), b)), ["~ other was one", " = child"]);
    let b = vec![named(2, 1, 2, "one", 9), named(2, 2, 1, "child", 9)];
    assert_eq!(lines(&diff(a, b)), ["= one", " = child"]);
}

#[test]
fn what_differs_in_each_run_is_no_difference() {
    let run = |trace: u64, port: u16| {
        let mut span = named(trace, 1, 0, "root", trace);
        span.attributes = vec![
            text("thread.name", &format!("worker-{port}")),
            pair("server.port", Value::IntValue(i64::from(port))),
            text("gen_ai.response.id", &format!("r-{port}")),
            text("url.full", &format!("http://127.0.0.1:{port}/search?q=1")),
        ];
        vec![span]
    };
    assert!(diff(run(1, 4000), run(2, 5000)).is_same());
    let mut other = run(2, 5000);
    other[0].attributes[3] = text("url.full", "http://127.0.0.1:5000/search?q=2");
    let diff = diff(run(1, 4000), other);
    assert_eq!(diff.spans[0].content[0].key, "url.full");
}

#[test]
fn large_traces_are_compared_soon() {
    let wide = |trace: u64| {
        let mut spans = vec![named(trace, 1, 0, "root", 9)];
        spans.extend((2..20_000).map(|at| {
            let name = format!("step {}", (at * 7919 * trace) % 9_973);
            said(named(trace, at, 1, &name, 1), "q", &(at * trace).to_string())
        }));
        spans
    };
    let deep = |trace: u64| (1..20_000).map(|at| named(trace, at, at - 1, "x", 1)).collect();
    let begin = std::time::Instant::now();
    assert!(diff(wide(1), wide(2)).spans.len() >= 20_000);
    let deep = diff(deep(1), deep(2));
    assert_eq!(deep.spans.last().unwrap().depth, 19_998);
    assert!(deep.is_same());
    // In a debug build, on a machine that does other things.
    assert!(begin.elapsed() < std::time::Duration::from_secs(60), "{:?}", begin.elapsed());
}
