//! The propagator behind OpenTelemetry's API.

use prela::TraceContext;
use prela::opentelemetry::baggage::BaggageExt as _;
use prela::opentelemetry::propagation::TextMapPropagator as _;
use prela::opentelemetry::trace::TraceContextExt as _;
use prela::opentelemetry::{Context, KeyValue};
use prela::propagation::{Format, Propagator};
use std::collections::HashMap;
use std::sync::Arc;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

#[test]
fn other_libraries_propagate_by_it() {
    let headers = HashMap::from(
        [("traceparent", TRACEPARENT), ("tracestate", "foo@@bar=1"), ("baggage", "a=x=y;p=1%2C2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let propagator = Propagator::default();
    let cx = propagator.extract_with_context(&Context::new(), &headers);
    assert_eq!(cx.baggage().get("a").unwrap().as_str(), "x=y");
    let mut sent = HashMap::<String, String>::new();
    propagator.inject_context(&cx, &mut sent);
    assert_eq!(sent["traceparent"], TRACEPARENT);
    assert_eq!(sent["tracestate"], "foo@@bar=1");
    assert_eq!(sent["baggage"], "a=x%3Dy;p=1%2C2");
}

/// What came in is in OpenTelemetry's baggage as soon as another library can look there.
#[test]
fn baggage_that_came_in_is_seen_by_other_libraries() {
    let caller = prela::extract(&[("baggage", "plan=50%25;p=1,tenant=acme")]);
    let seen = |cx: &Context| {
        let (value, metadata) = cx.baggage().get_with_metadata("plan").unwrap();
        assert_eq!((value.as_str(), metadata.as_str()), ("50%", "p=1"));
        assert_eq!(cx.baggage().len(), 2);
    };
    seen(caller.as_otel());
    seen(&caller.clone().into());
    caller.run(|| seen(&Context::current()));
    caller.clone().wrap(|| seen(&Context::current()))();
    let capture = prela::testing::Capture::new();
    let handle = capture.tracer().span("handle", prela::SpanType::Custom).parent(&caller);
    handle.in_scope(|_| {
        seen(&Context::current());
        // And what another library puts in its place goes out.
        let theirs = KeyValue::new("theirs", "1");
        let _guard = Context::current().with_baggage([theirs]).attach();
        let mut headers: Vec<(String, String)> = Vec::new();
        prela::inject(&mut headers);
        assert_eq!(headers.last().unwrap(), &("baggage".to_owned(), "theirs=1".to_owned()));
    });
}

/// A context keeps no baggage from before.
#[test]
fn baggage_that_was_replaced_is_freed() {
    struct Large(#[expect(dead_code, reason = "held")] Option<Arc<()>>);
    let large = Arc::new(());
    let cx = Context::new().with_value(Large(Some(large.clone())));
    let with = |cx: &Context, entry| {
        TraceContext::from(cx.clone()).run(|| prela::baggage::scope([entry], Context::current))
    };
    let before = with(&cx, ("a", "1"));
    let after = with(&before.with_value(Large(None)), ("b", "2"));
    drop((cx, before));
    assert_eq!(Arc::strong_count(&large), 1);
    assert_eq!(TraceContext::from(after).baggage().len(), 2);
}

/// A carrier without a usable field leaves the given context as it is, as the API asks.
#[test]
fn what_the_carrier_does_not_hold_stays() {
    let before: Context =
        prela::extract(&[("traceparent", TRACEPARENT), ("baggage", "a=1,b=1")]).into();
    let propagator = Propagator::default();
    let read = |fields: &[(&str, &str)]| {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields: HashMap<String, String> = fields.iter().map(pair).collect();
        TraceContext::from(propagator.extract_with_context(&before, &fields))
    };
    let cx = read(&[]);
    assert_eq!(cx.span_context(), *before.span().span_context());
    let cx = read(&[("traceparent", "00-00"), ("baggage", "b=2,broken")]);
    assert_eq!(cx.span_context(), *before.span().span_context());
    assert_eq!((cx.baggage().get("a"), cx.baggage().get("b")), (Some("1"), Some("2")));
}

#[test]
fn fields_are_those_of_the_formats() {
    let fields =
        |propagator: Propagator| propagator.fields().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(fields(Propagator::default()), ["traceparent", "tracestate", "baggage"]);
    let b3 = Propagator::default().without(Format::TraceContext).with(Format::B3Multi);
    assert_eq!(
        fields(b3),
        ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "baggage"]
    );
}
