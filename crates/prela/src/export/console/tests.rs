mod calls;
mod fitting;
mod once;

use super::*;
use crate::span::{Event, SpanData};
use crate::{Resource, SpanType, Value};
use expect_test::{Expect, expect};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, Key};
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

/// A span of trace 1 that starts `id` milliseconds after the epoch and takes 100 ms.
fn span(id: u64, parent: u64, name: &'static str, span_type: SpanType) -> SpanData {
    span_of(1, id, parent, name, span_type)
}

fn span_of(trace: u128, id: u64, parent: u64, name: &'static str, span_type: SpanType) -> SpanData {
    let start = UNIX_EPOCH + Duration::from_millis(id);
    let context = SpanContext::new(
        TraceId::from(trace),
        SpanId::from(id),
        TraceFlags::SAMPLED,
        false,
        TraceState::default(),
    );
    SpanData {
        span_context: context,
        parent_span_id: Some(SpanId::from(parent)).filter(|_| parent != 0),
        parent_is_remote: false,
        name: name.into(),
        span_type,
        kind: SpanKind::Internal,
        start_time: start,
        end_time: start + Duration::from_millis(100),
        attributes: vec![(Key::new("prela.span.type"), span_type.as_str().into())],
        dropped_attributes_count: 0,
        events: vec![],
        dropped_events_count: 0,
        links: vec![],
        dropped_links_count: 0,
        status: Status::Unset,
        scope: Arc::new(InstrumentationScope::builder("tests").build()),
    }
}

fn with(mut span: SpanData, attributes: &[(&'static str, Value)]) -> SpanData {
    span.attributes.extend(attributes.iter().map(|(key, value)| (Key::new(*key), value.clone())));
    span
}

fn with_event(
    mut span: SpanData,
    name: &'static str,
    attributes: &[(&'static str, Value)],
) -> SpanData {
    let attributes = attributes.iter().map(|(key, value)| (Key::new(*key), value.clone()));
    span.events.push(Event {
        name: name.into(),
        time: span.start_time,
        attributes: attributes.collect(),
        dropped_attributes_count: 0,
    });
    span
}

fn failed(mut span: SpanData, message: &'static str) -> SpanData {
    span.status = Status::error(message);
    span
}

fn trip() -> Vec<SpanData> {
    use SpanType::{Agent, Custom, Embedding, Llm, Tool};
    vec![
        with_event(
            with(
                span(2, 1, "search flights", Tool),
                &[("query", "BER → LIS".into()), ("results", 12.into())],
            ),
            "cache miss",
            &[("key", "flights".into())],
        ),
        span(4, 3, "tokenize", Custom),
        with_event(
            failed(
                with(
                    span(3, 1, "chat", Llm),
                    &[
                        ("gen_ai.operation.name", "chat".into()),
                        ("gen_ai.usage.input_tokens", 120.into()),
                        ("prompt", "x".repeat(61).into()),
                    ],
                ),
                "rate limited:\ntry again",
            ),
            "exception",
            &[("exception.type", "RateLimit".into())],
        ),
        span(5, 1, "embed", Embedding),
        with(span(1, 0, "plan trip", Agent), &[("user", "anna".into())]),
    ]
}

/// A console whose output can be read.
struct Console {
    exporter: ConsoleExporter,
    output: Output,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Console {
    fn new() -> Self {
        let output = Output::default();
        Self { exporter: ConsoleExporter::to_writer(output.clone()), output }
    }

    fn export(&mut self, spans: impl IntoIterator<Item = SpanData>) {
        let mut resource = Resource::default();
        resource.set("service.name", "travel-desk");
        let batch = Batch::new(Arc::new(resource), spans.into_iter().map(Arc::new));
        futures_util::FutureExt::now_or_never(self.exporter.export(&batch)).unwrap().unwrap();
    }

    fn shutdown(&mut self) {
        futures_util::FutureExt::now_or_never(self.exporter.shutdown()).unwrap().unwrap();
    }

    /// What was printed since the last call.
    fn printed(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.output.0.lock().unwrap())).unwrap()
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "callers are easier to read")]
    fn check(&self, expected: Expect) {
        expected.assert_eq(&self.printed());
    }
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "callers are easier to read")]
fn check_plain(spans: impl IntoIterator<Item = SpanData>, expected: Expect) {
    let spans: Vec<_> = spans.into_iter().map(Arc::new).collect();
    expected.assert_eq(&tree::plain(&spans));
}

#[test]
fn a_trace_is_printed_as_a_tree() {
    let mut console = Console::new();
    console.export(trip());
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 5 spans · 104ms
        ✓ plan trip          agent       100ms  {user: anna}
        ├─ ✓ search flights  tool        100ms  {query: BER → LIS, results: 12}
        │    • cache miss {key: flights}
        ├─ ✗ chat            llm         100ms  {gen_ai.usage.input_tokens: 120, prompt: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…}
        │  │ error: rate limited:\ntry again
        │  │ • exception {exception.type: RateLimit}
        │  └─ ✓ tokenize     custom      100ms
        └─ ✓ embed           embedding   100ms

    "#]]);
}

#[test]
fn colours_are_for_terminals() {
    let mut console = Console::new();
    console.exporter = console.exporter.color(true);
    console.export([failed(span(1, 0, "chat", SpanType::Llm), "no")]);
    expect![[r#"
        ␛[2mtrace ␛[0m00000000000000000000000000000001␛[2m · ␛[0m␛[1mtravel-desk␛[0m␛[2m · ␛[0m1 span␛[2m · ␛[0m100ms
        ␛[31m✗ ␛[0m␛[1mchat␛[0m  ␛[36mllm      ␛[0m   100ms
        ␛[2m  ␛[0m␛[31merror: no␛[0m

    "#]].assert_eq(&console.printed().replace('\x1b', "␛"));
}

#[test]
fn a_trace_waits_for_its_local_root() {
    use SpanType::{Agent, Tool};
    let mut console = Console::new();
    console.export([span(3, 2, "leaf", Tool)]);
    console.export([span(2, 1, "middle", Tool), span_of(2, 8, 7, "elsewhere", Tool)]);
    console.check(expect![[""]]);
    let mut root = span(1, 99, "root", Agent);
    root.parent_is_remote = true;
    console.export([root]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 3 spans · 102ms
        ✓ root        agent       100ms
        └─ ✓ middle   tool        100ms
           └─ ✓ leaf  tool        100ms

    "#]]);
}

#[test]
fn late_spans_say_so() {
    use SpanType::{Agent, Tool};
    let mut console = Console::new();
    console.export([span(1, 0, "root", Agent)]);
    console.printed();
    console.export([span(3, 2, "below a span that still runs", Tool)]);
    console.check(expect![[""]]);
    console.export([span(2, 1, "late", Tool), span(4, 1, "late too", Tool)]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 3 late spans · 102ms · ended after the trace was printed
        ✓ late                             tool        100ms
        └─ ✓ below a span that still runs  tool        100ms
        ✓ late too                         tool        100ms

    "#]]);
    console.shutdown();
    console.check(expect![[""]]);
}

#[test]
fn shutdown_prints_what_waits() {
    use SpanType::Tool;
    let mut console = Console::new();
    console.export([span(3, 2, "leaf", Tool), span(2, 1, "middle", Tool)]);
    console.shutdown();
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 2 spans · 101ms · incomplete: not ended at shutdown
        ✓ middle   tool        100ms  (parent missing)
        └─ ✓ leaf  tool        100ms

    "#]]);
    console.shutdown();
    console.check(expect![[""]]);
}

#[test]
fn what_waits_is_bounded() {
    let mut console = Console::new();
    let waiting = |trace| span_of(trace, 2, 1, "waits", SpanType::Tool);
    console.export((1..=10_000).map(waiting));
    assert_eq!(console.printed(), "");
    console.export([waiting(10_001), waiting(10_002)]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms · incomplete: more than 10000 spans were waiting
        ✓ waits  tool        100ms  (parent missing)

        trace 00000000000000000000000000000002 · travel-desk · 1 span · 100ms · incomplete: more than 10000 spans were waiting
        ✓ waits  tool        100ms  (parent missing)

    "#]]);
    assert_eq!(console.exporter.printer().pending(), 10_000);
    // The first trace's root ends after all.
    console.export([span_of(1, 1, 0, "root", SpanType::Agent)]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
        ✓ root  agent       100ms

    "#]]);
}

#[test]
fn plain_trees_have_nothing_that_changes() {
    check_plain(
        trip(),
        expect![[r#"
        plan trip  agent {user: anna}
          search flights  tool {query: BER → LIS, results: 12}
            • cache miss {key: flights}
          chat  llm {gen_ai.usage.input_tokens: 120, prompt: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx} error: rate limited:\ntry again
            • exception {exception.type: RateLimit}
            tokenize  custom
          embed  embedding
    "#]],
    );
}

#[test]
fn siblings_are_in_order_of_start_and_then_of_name() {
    let siblings = ["process_10", "process_2", "process_02", "process", "other", "process_2b"];
    let mut spans = vec![span(1, 0, "root", SpanType::Agent)];
    spans.extend((10..).zip(siblings).map(|(id, name)| {
        let mut span = span(id, 1, name, SpanType::Tool);
        span.start_time = UNIX_EPOCH;
        span
    }));
    spans.push(span(2, 1, "a later one", SpanType::Tool));
    check_plain(
        spans,
        expect![[r#"
        root  agent
          other  tool
          process  tool
          process_02  tool
          process_2  tool
          process_2b  tool
          process_10  tool
          a later one  tool
    "#]],
    );
}

#[test]
fn bad_ids_lose_no_span() {
    use SpanType::Custom;
    check_plain(
        [
            span(1, 2, "circle a", Custom),
            span(2, 1, "circle b", Custom),
            span(3, 2, "below the circle", Custom),
            span(4, 4, "its own parent", Custom),
            span(5, 0, "twin", Custom),
            span(5, 0, "twin", Custom),
            span(6, 5, "of one twin", Custom),
            span(7, 77, "orphan", Custom),
        ],
        expect![[r#"
            its own parent  custom (parent missing)
            twin  custom
              of one twin  custom
            twin  custom
            orphan  custom (parent missing)
            circle a  custom (parent missing)
              circle b  custom
                below the circle  custom
        "#]],
    );
}

#[test]
fn a_circle_is_printed_at_shutdown() {
    use SpanType::Custom;
    let mut console = Console::new();
    console.export([span(1, 2, "a", Custom), span(2, 1, "b", Custom), span(3, 3, "c", Custom)]);
    console.shutdown();
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 3 spans · 102ms · incomplete: not ended at shutdown
        ✓ c     custom      100ms  (parent missing)
        ✓ a     custom      100ms  (parent missing)
        └─ ✓ b  custom      100ms

    "#]]);
}

#[test]
fn control_characters_are_escaped() {
    let mut hostile = with(
        span(1, 0, "\x1b[2Jname\u{202e}", SpanType::Llm),
        &[("k\r", "a\nb\x07\u{9b}".into()), ("list", vec!["\x1b]0;title"].into())],
    );
    hostile = failed(with_event(hostile, "e\t", &[]), "\x1b[31m");
    let mut console = Console::new();
    console.export([hostile.clone()]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
        ✗ \u{1b}[2Jname\u{202e}  llm         100ms  {k\r: a\nb\u{7}\u{9b}, list: ["\u{1b}]0;title"]}
          error: \u{1b}[31m
          • e\t

    "#]]);
    check_plain(
        [hostile],
        expect![[r#"
        \u{1b}[2Jname\u{202e}  llm {k\r: a\nb\u{7}\u{9b}, list: ["\u{1b}]0;title"]} error: \u{1b}[31m
          • e\t
    "#]],
    );
}

#[test]
fn a_chain_of_100_000_does_not_overflow() {
    let spans: Vec<_> =
        (1..=100_000).map(|id| Arc::new(span(id, id - 1, "deeper", SpanType::Custom))).collect();
    let text = tree::plain(&spans);
    assert_eq!(text.lines().count(), 100_000);
    assert!(text.ends_with("…99999 deeper  custom\n"));
    assert!(text.len() < 10_000_000);
    let look = Look { color: true, width: usize::MAX, is_full: false };
    let text = pretty::rows(&tree::rows(&spans), look, true);
    assert_eq!(text.lines().count(), 100_000);
    assert!(text.len() < 30_000_000);
}

#[test]
fn durations_are_short() {
    let cases = [
        (0, "0ns"),
        (999, "999ns"),
        (1_000, "1.00µs"),
        (12_345, "12.3µs"),
        (999_999, "999µs"),
        (1_240_000, "1.24ms"),
        (320_000_000, "320ms"),
        (1_999_999_999, "1.99s"),
        (59_999_999_999, "59.9s"),
        (65_000_000_000, "1m 05s"),
        (3_725_000_000_000, "1h 02m"),
        (100_000_000_000_000, "1d 03h"),
    ];
    for (nanos, expected) in cases {
        assert_eq!(text::duration(Duration::from_nanos(nanos)), expected);
    }
}
