//! What a builder is given is there, however the span then starts.

use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::span::SpanLimits;
use prela::testing::Capture;
use prela::{
    RequestId, Sampler, SpanBuilder, SpanKind, SpanType, TraceContext, Tracer, Value, baggage,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Keys and values of the last span, without those of its type.
fn attributes(capture: &Capture) -> Vec<(String, Value)> {
    let spans = capture.spans();
    let attributes = spans.iter().find(|span| span.name != "above").unwrap().attributes.iter();
    let attributes = attributes.filter(|(key, _)| !is_of_type(key.as_str()));
    attributes.map(|(key, value)| (key.to_string(), value.clone())).collect()
}

fn is_of_type(key: &str) -> bool {
    ["prela.", "openinference.", "gen_ai."].iter().any(|prefix| key.starts_with(prefix))
}

fn remote(headers: &[(&str, &str)]) -> TraceContext {
    let headers: HashMap<String, String> =
        headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    prela::extract(&headers)
}

const TRACEPARENT: (&str, &str) =
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

type Start = fn(&Tracer, SpanBuilder);

/// Ways in which a builder becomes a span that is recorded.
const STARTS: [(&str, Start); 9] = [
    ("a root", |_, span| span.in_scope(|_| ())),
    ("a child", |tracer, span| {
        tracer.span_default("above").in_scope(|_| span.in_scope(|_| ()));
    }),
    ("entered", |tracer, span| {
        tracer.span_default("above").in_scope(|_| drop(span.enter()));
    }),
    ("without a scope", |tracer, span| {
        tracer.span_default("above").in_scope(|_| drop(span.start()));
    }),
    ("of a parent that is named", |tracer, span| {
        let above = tracer.span_default("above").start();
        span.parent(&above.context()).in_scope(|_| ());
    }),
    ("of a remote parent", |_, span| span.parent(&remote(&[TRACEPARENT])).in_scope(|_| ())),
    ("of a remote parent with trace state", |_, span| {
        let cx = remote(&[TRACEPARENT, ("tracestate", "vendor=value,other=1")]);
        drop(span.parent(&cx).start());
    }),
    ("below a remote parent with trace state", |tracer, span| {
        let cx = remote(&[TRACEPARENT, ("tracestate", "vendor=value,other=1")]);
        tracer.span_default("above").parent(&cx).in_scope(|_| span.in_scope(|_| ()));
    }),
    ("in a future", |tracer, span| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tracer.span_default("above").in_scope(|_| runtime.block_on(span.run(async |_| ())));
    }),
];

fn long() -> String {
    "long text ".repeat(30)
}

/// Attributes of all sorts, some of them given twice.
fn given() -> Vec<(&'static str, Value)> {
    vec![
        ("text", "a short text".into()),
        ("int", 7.into()),
        ("negative", i64::MIN.into()),
        ("large", 300.into()),
        ("double", 0.5.into()),
        ("truth", true.into()),
        ("long", long().into()),
        ("list", vec![1, 2].into()),
        ("bytes", vec![7_u8; 300].into()),
        ("none", None::<i64>.into()),
        ("int", 8.into()),
        ("text", "a text that is longer than before".into()),
        ("a.key.that.is.too.long.to.be.written.in.the.usual.way.of.short.keys", 1.into()),
        ("", "no key".into()),
    ]
}

/// The last of each key, in the order of the first, without what is no attribute.
fn expected() -> Vec<(String, Value)> {
    let mut expected: Vec<(String, Value)> = Vec::new();
    for (key, value) in given().into_iter().filter(|(key, _)| !key.is_empty() && *key != "none") {
        match expected.iter_mut().find(|(known, _)| known == key) {
            Some(known) => known.1 = value,
            None => expected.push((key.to_owned(), value)),
        }
    }
    expected
}

#[test]
fn attributes_are_recorded_however_the_span_starts() {
    let names =
        ["", "work", &"n".repeat(127), &"n".repeat(128), &"n".repeat(400)].map(str::to_owned);
    for (start, run) in STARTS {
        for name in &names {
            for late in [false, true] {
                let capture = Capture::new();
                let tracer = capture.tracer();
                let mut span = tracer.span(name.clone(), SpanType::Tool);
                if !late {
                    span = span.kind(SpanKind::Producer);
                }
                for (key, value) in given() {
                    span = span.attr(key, value);
                }
                if late {
                    span = span.kind(SpanKind::Producer);
                }
                run(&tracer, span);
                assert_eq!(attributes(&capture), expected(), "{start}, {} bytes", name.len());
                let spans = capture.spans();
                let span = spans.iter().find(|span| span.name != "above").unwrap();
                assert_eq!((&*span.name, &span.kind), (&**name, &SpanKind::Producer), "{start}");
                assert_eq!(span.span_type, SpanType::Tool);
                assert_eq!(span.dropped_attributes_count, 1, "{start}");
                assert!(span.attribute("prela.span.type").is_some(), "{start}");
                assert!(span.end_time >= span.start_time && span.span_context.is_valid());
                if let Some(above) = spans.iter().find(|span| span.name == "above") {
                    assert_eq!(span.parent_span_id, Some(above.span_context.span_id()), "{start}");
                    let traces = [span, above].map(|span| span.span_context.trace_id());
                    assert_eq!(traces[0], traces[1], "{start}");
                    let state = above.span_context.trace_state();
                    assert_eq!(span.span_context.trace_state(), state, "{start}");
                }
            }
        }
    }
}

/// What is set before the start counts as what is set later.
#[test]
fn limits_hold_for_what_a_builder_is_given() {
    for attributes in [0, 1, 2, 3, 4, 8, 128] {
        for length in [None, Some(0), Some(5), Some(100)] {
            let limits =
                SpanLimits { attributes, attribute_value_length: length, ..SpanLimits::default() };
            for (start, run) in STARTS {
                let early = Capture::with(|builder| builder.span_limits(limits));
                let tracer = early.tracer();
                let span = tracer.span("work", SpanType::Llm);
                run(&tracer, given().into_iter().fold(span, |span, (key, it)| span.attr(key, it)));

                let late = Capture::with(|builder| builder.span_limits(limits));
                late.tracer().span("work", SpanType::Llm).in_scope(|span| {
                    span.set_attributes(given());
                });
                let found = |capture: &Capture| {
                    let spans = capture.spans();
                    let span = spans.iter().find(|span| span.name == "work").unwrap();
                    (span.attributes.clone(), span.dropped_attributes_count)
                };
                assert_eq!(found(&early), found(&late), "{start}, {limits:?}");
            }
        }
    }
}

/// Attributes of the baggage come before those of a builder, and count.
#[test]
fn limits_hold_for_what_comes_before_a_builders_attributes() {
    for attributes in [0, 1, 2, 3, 4, 5, 8, 128] {
        let limits = SpanLimits { attributes, ..SpanLimits::default() };
        let found = |early: bool| {
            let capture = Capture::with(|builder| {
                builder.span_limits(limits).baggage_to_attributes(["int", "tenant"])
            });
            baggage::scope([("int", "of baggage"), ("tenant", "t1")], || {
                let span = capture.tracer().span("work", SpanType::Tool);
                if early {
                    span.attrs(given()).in_scope(|_| ());
                } else {
                    span.in_scope(|span| _ = span.set_attributes(given()));
                }
            });
            let span = capture.spans().remove(0);
            (span.attributes.clone(), span.dropped_attributes_count)
        };
        assert_eq!(found(true), found(false), "{attributes}");
    }
}

/// The key of a type's own attribute is like any other.
#[test]
fn a_builder_may_write_over_an_attribute_of_the_type() {
    for (start, run) in STARTS {
        for value in ["own", "one that takes more bytes than the type's own attribute did"] {
            let capture = Capture::new();
            let tracer = capture.tracer();
            let span = tracer.span("work", SpanType::Tool).attr("first", 1);
            run(&tracer, span.attr("prela.span.type", value).attr("last", 2));
            let spans = capture.spans();
            let span = spans.iter().find(|span| span.name == "work").unwrap();
            assert_eq!(span.attribute("prela.span.type"), Some(&value.into()), "{start}");
            assert_eq!(span.attribute("first"), Some(&1.into()), "{start}");
            assert_eq!(span.attribute("last"), Some(&2.into()), "{start}");
        }
    }
}

/// A builder's attribute wins over one of baggage or request, which come first.
#[test]
fn attributes_of_the_context_come_before_those_of_the_builder() {
    for (start, run) in STARTS.into_iter().take(5) {
        let capture = Capture::with(|builder| builder.baggage_to_attributes(["tenant", "plan"]));
        let tracer = capture.tracer();
        let id = RequestId::new();
        id.scope(|| {
            baggage::scope([("tenant", "t1"), ("plan", "free")], || {
                let span = tracer.span("work", SpanType::Tool).attr("own", 1);
                run(&tracer, span.attr("plan", "paid").attr("long", long()));
            });
        });
        let expected: Vec<(String, Value)> = vec![
            ("tenant".to_owned(), "t1".into()),
            ("plan".to_owned(), "paid".into()),
            ("request.id".to_owned(), id.as_str().into()),
            ("own".to_owned(), 1.into()),
            ("long".to_owned(), long().into()),
        ];
        assert_eq!(attributes(&capture), expected, "{start}");
    }
}

/// A span below one that is not sampled may begin a new trace that is.
#[test]
fn attributes_are_kept_for_a_trace_that_begins_below_an_unsampled_span() {
    let capture = Capture::with(|builder| builder.sampler(Sampler::always_off()));
    let tracer = capture.tracer();
    tracer.span_default("above").in_scope(|_| {
        let mut span = tracer.span("work", SpanType::Tool);
        for (key, value) in given() {
            span = span.attr(key, value);
        }
        span.root().sample_with(true).in_scope(|_| ());
        let left_out = tracer.span("left out", SpanType::Tool).attr("key", 1);
        left_out.in_scope(|span| assert!(!span.is_recording()));
    });
    assert_eq!(capture.spans().len(), 1);
    assert_eq!(attributes(&capture), expected());
}

/// Attributes that were written to a span that is not recorded must not reach the next one.
#[test]
fn a_builder_that_is_not_recorded_leaves_nothing_for_the_next_span() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    for round in 0..3 {
        drop(tracer.span("dropped", SpanType::Tool).attr("dropped", long()).attr("", 1));
        let left_out = tracer.span("left out", SpanType::Tool).attr("left out", long());
        left_out.sample_with(false).in_scope(|_| ());
        prela::suppress(|| {
            tracer.span("suppressed", SpanType::Tool).attr("suppressed", 1).in_scope(|_| ());
        });
        tracer.span("work", SpanType::Tool).in_scope(|span| _ = span.set_attribute("own", round));
    }
    let spans = capture.spans();
    assert_eq!(spans.len(), 3);
    for (round, span) in spans.iter().enumerate() {
        let own = span.attributes.iter().filter(|(key, _)| !is_of_type(key.as_str()));
        let own: Vec<_> = own.map(|(key, value)| (key.as_str(), value.clone())).collect();
        assert_eq!(own, [("own", Value::from(round))]);
        assert_eq!(span.dropped_attributes_count, 0);
    }
}

type Attributes = Vec<(String, Value)>;

#[derive(Debug)]
struct Asked(Arc<Mutex<Vec<Attributes>>>);

impl ShouldSample for Asked {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let attributes = span.attributes.iter();
        let attributes = attributes.map(|(key, value)| (key.to_string(), value.clone()));
        self.0.lock().unwrap().push(attributes.collect());
        Sampling::record()
    }
}

#[test]
fn samplers_see_what_the_builder_was_given() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let sampler = Sampler::custom(Asked(asked.clone()));
    let capture = Capture::with(|builder| builder.sampler(sampler));
    let tracer = capture.tracer();
    tracer.span("without", SpanType::Tool).in_scope(|_| ());
    let span = tracer.span("with", SpanType::Tool).attr("a", 1).attr("b", long()).attr("a", 2);
    span.in_scope(|_| ());
    // The operation is that of the type.
    let operation = ("gen_ai.operation.name".to_owned(), "execute_tool".into());
    let expected = vec![operation, ("a".to_owned(), 2.into()), ("b".to_owned(), long().into())];
    assert_eq!(*asked.lock().unwrap(), [Vec::new(), expected]);
}
