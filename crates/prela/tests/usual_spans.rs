//! Spans of Prela's own API in the only instance of a process, with the usual clock and ids: there they start and end
//! in one piece. One test, in a process of its own, because no other may make an instance.

use opentelemetry::trace::SpanKind;
use prela::export::MemoryExporter;
use prela::span::SpanData;
use prela::{Prela, Span, SpanType, Status, Tracer, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

#[test]
fn spans_are_complete_and_in_their_places() {
    let memory = MemoryExporter::new();
    let builder = prela::builder().service_name("usual").exporter(memory.clone());
    let prela = builder.build().unwrap();
    let tracer = prela.tracer();
    let spans = || taken(&prela, &memory);

    values_arrive(&tracer, spans);
    parents_are_those_of_the_scopes(&tracer, spans);
    a_builder_begins_with_nothing_of_the_one_before(&tracer, spans);
    below_an_unsampled_span_only_new_traces_are_recorded(&tracer, spans);
    roots_end_in_any_order_on_any_thread(&tracer, spans);
    a_panic_is_the_error_of_its_span(&tracer, spans);

    let stats = prela.stats();
    assert_eq!(stats.ended, stats.exported + stats.unsampled);
}

/// What was exported since the last call.
fn taken(prela: &Prela, memory: &MemoryExporter) -> Vec<SpanData> {
    prela.flush(Duration::from_secs(10)).expect("memory takes all");
    memory.take().iter().map(|span| (**span).clone()).collect()
}

fn find<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    spans.iter().find(|span| span.name == name).expect("the span was exported")
}

fn parents(spans: &[SpanData]) -> Vec<(&str, Option<&str>)> {
    let name_of = |id| spans.iter().find(|it| it.span_context.span_id() == id).map(|it| &*it.name);
    let mut parents: Vec<_> =
        spans.iter().map(|it| (&*it.name, it.parent_span_id.and_then(name_of))).collect();
    parents.sort_unstable();
    parents
}

/// Keys and values around every length at which they are written in another way.
fn values() -> Vec<(String, Value)> {
    let text = |len: usize| "é".repeat(len / 2) + &"x".repeat(len % 2);
    let texts = [0, 1, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 60, 119, 120, 121, 127, 128, 129]
        .into_iter()
        .chain([255, 256, 4_096, 16_250, 16_260, 16_383, 16_384, 70_000]);
    let texts = texts.map(|len| (format!("text {len}"), Value::from(text(len))));
    let whole = [0, 1, 127, 128, 16_383, 16_384, i64::MAX, -1, i64::MIN];
    let whole = whole.map(|number| (format!("whole {number}"), number.into()));
    let others = [
        ("large".to_owned(), u64::MAX.into()),
        ("part".to_owned(), 0.1.into()),
        ("truth".to_owned(), true.into()),
        ("list".to_owned(), vec!["a", "b"].into()),
    ];
    let keys = [1, 16, 17, 32, 33, 63, 64, 200].map(|len| ("k".repeat(len), "short".into()));
    let long = [63, 64].map(|len| ("l".repeat(len), text(128).into()));
    texts.chain(whole).chain(others).chain(keys).chain(long).collect()
}

fn values_arrive(tracer: &Tracer, spans: impl Fn() -> Vec<SpanData>) {
    let all = values();
    let given = |name| tracer.span(name, SpanType::Custom).attrs(all.clone());
    let set = |span: &Span| {
        // Borrowed text, too, which is made into a value where it is set.
        for (key, value) in &all {
            match value {
                Value::String(text) => span.set_attribute(key.clone(), text.as_str()),
                other => span.set_attribute(key.clone(), other.clone()),
            };
        }
    };
    given("root, given").in_scope(|_| {
        given("child, given").in_scope(|_| ());
        tracer.span("child, set", SpanType::Custom).in_scope(set);
        drop(given("child, entered").enter());
    });
    tracer.span("root, set", SpanType::Custom).in_scope(set);
    let spans = spans();
    assert_eq!(spans.len(), 5);
    for span in &spans {
        let own = span.attributes.iter().filter(|(key, _)| !key.as_str().contains('.'));
        let own: Vec<_> = own.map(|(key, value)| (key.to_string(), value.clone())).collect();
        assert_eq!(own, all, "{}", span.name);
    }
}

fn parents_are_those_of_the_scopes(tracer: &Tracer, spans: impl Fn() -> Vec<SpanData>) {
    let span = |name| tracer.span(name, SpanType::Tool);
    span("a").in_scope(|_| {
        let (b, c) = (span("b").enter(), span("c").enter());
        // The outer one first: the inner one stays current.
        drop(b);
        span("d").in_scope(|_| ());
        drop(c);
        span("e").in_scope(|_| {
            let cx = prela::TraceContext::current();
            thread::scope(|it| drop(it.spawn(|| cx.run(|| span("f").in_scope(|_| ())))));
            drop(span("g").start());
        });
    });
    let spans = spans();
    let expected = [
        ("a", None),
        ("b", Some("a")),
        ("c", Some("b")),
        ("d", Some("c")),
        ("e", Some("a")),
        ("f", Some("e")),
        ("g", Some("e")),
    ];
    assert_eq!(parents(&spans), expected);
    for span in &spans {
        assert_eq!(span.span_type, SpanType::Tool);
        assert!(span.start_time <= span.end_time);
    }
}

fn a_builder_begins_with_nothing_of_the_one_before(
    tracer: &Tracer,
    spans: impl Fn() -> Vec<SpanData>,
) {
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1);
    let plain = |name| tracer.span(name, SpanType::Custom);
    let full = |name: &str| {
        let span = tracer.span(name.to_owned(), SpanType::Llm).attr("key", "value");
        span.kind(SpanKind::Server).start_time(long_ago).link(&prela::TraceContext::current())
    };
    full("full root").in_scope(|_| plain("child").in_scope(|_| ()));
    plain("root").in_scope(|_| {
        full("full child").in_scope(|_| ());
        drop(plain("sibling").enter());
        drop(full("full, started").start());
        drop(plain("started").start());
    });
    let spans = spans();
    for name in ["full root", "full child", "full, started"] {
        let span = find(&spans, name);
        assert_eq!((span.kind.clone(), span.start_time), (SpanKind::Server, long_ago), "{name}");
        assert_eq!(span.attribute("key"), Some(&"value".into()), "{name}");
    }
    for name in ["child", "root", "sibling", "started"] {
        let span = find(&spans, name);
        assert_eq!((span.kind.clone(), span.span_type), (SpanKind::Internal, SpanType::Custom));
        assert!(span.start_time > long_ago && span.links.is_empty(), "{name}");
        assert_eq!(span.attribute("key"), None, "{name}");
    }
}

fn below_an_unsampled_span_only_new_traces_are_recorded(
    tracer: &Tracer,
    spans: impl Fn() -> Vec<SpanData>,
) {
    let span = |name| tracer.span(name, SpanType::Custom).attr("key", "value");
    span("unsampled").trace_if(false).in_scope(|_| {
        span("below").in_scope(|below| {
            assert!(!below.is_recording());
            drop(span("further below").enter());
            span("new").root().in_scope(|_| span("child of new").in_scope(|_| ()));
        });
        drop(span("started below").start());
    });
    span("after").in_scope(|_| ());
    let spans = spans();
    let expected = [("after", None), ("child of new", Some("new")), ("new", None)];
    assert_eq!(parents(&spans), expected);
    assert!(spans.iter().all(|span| span.attribute("key") == Some(&"value".into())));
}

fn roots_end_in_any_order_on_any_thread(tracer: &Tracer, spans: impl Fn() -> Vec<SpanData>) {
    const ROOTS: usize = 4;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let mut roots: Vec<_> =
            (0..ROOTS).map(|_| Some(tracer.span("root", SpanType::Custom).start())).collect();
        let contexts: Vec<_> = roots.iter().flatten().map(|root| root.context()).collect();
        for (turn, number) in order.into_iter().enumerate() {
            let root = roots[number].take();
            if turn % 2 == 0 {
                drop(root);
            } else {
                thread::scope(|it| drop(it.spawn(move || drop(root))));
            }
            for (number, (root, cx)) in roots.iter().zip(&contexts).enumerate() {
                let below = tracer.span("below", SpanType::Custom).parent(cx);
                let is_found = below.in_scope(|_| prela::enrich_root([("number", number)]));
                assert_eq!(is_found, root.is_some());
            }
        }
        let spans = spans();
        assert_eq!(spans.len(), ROOTS + ROOTS * ROOTS);
        let ended = spans.iter().filter(|span| span.name == "root");
        let seen: Vec<_> = ended.map(|root| root.attribute("number").cloned()).collect();
        // The first had ended before anybody looked.
        let expected = order.iter().enumerate().map(|(turn, it)| (turn > 0).then(|| (*it).into()));
        assert!(expected.eq(seen), "{order:?}");
    }
}

fn a_panic_is_the_error_of_its_span(tracer: &Tracer, spans: impl Fn() -> Vec<SpanData>) {
    let span = |name| tracer.span(name, SpanType::Custom);
    let inner = || span("inner").in_scope(|_| panic!("broken"));
    let caught = span("outer").in_scope(|_| catch_unwind(AssertUnwindSafe(inner)).is_err());
    let entered = catch_unwind(AssertUnwindSafe(|| {
        let _entered = span("entered").enter();
        panic!("broken too");
    }));
    assert!(caught && entered.is_err());
    span("after").in_scope(|_| ());
    let spans = spans();
    let expected = [("after", None), ("entered", None), ("inner", Some("outer")), ("outer", None)];
    assert_eq!(parents(&spans), expected);
    let is_failed = |name| matches!(find(&spans, name).status, Status::Error { .. });
    assert!(is_failed("inner") && is_failed("entered") && !is_failed("outer"));
}
