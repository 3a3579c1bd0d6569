//! Formats other than W3C's, each only if asked for.

use prela::propagation::{Format, Propagator, Reason};
use prela::testing::Capture;
use prela::{SpanType, TraceContext};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

fn only(format: Format) -> Propagator {
    Propagator::default().without(Format::TraceContext).without(Format::Baggage).with(format)
}

/// What a propagator sends for a context, one field a line.
fn sent(propagator: Propagator, cx: &TraceContext) -> String {
    let mut lines = String::new();
    propagator.inject(cx, &mut |name: &str, value: &str| {
        lines.push_str(&format!("{name}: {value}\n"));
    });
    lines
}

fn w3c(flags: &str) -> TraceContext {
    prela::extract(&[("traceparent", format!("00-{TRACE_ID}-{SPAN_ID}-{flags}"))])
}

/// The ids and the decision that came in, in W3C's form.
#[track_caller]
fn check(format: Format, fields: &[(&str, &str)], expected: Option<&str>) {
    let cx = only(format).extract(fields);
    let traceparent = sent(only(Format::TraceContext), &cx);
    let expected = expected.map_or(String::new(), |it| format!("traceparent: {it}\n"));
    assert_eq!(traceparent, expected);
    assert_eq!(prela::extract(fields).trace_id(), None, "off by default");
}

#[test]
fn legacy_ids_are_sent() {
    let fields = format!("x-trace-id: {TRACE_ID}\nx-span-id: {SPAN_ID}\n");
    assert_eq!(sent(only(Format::LegacyIds), &w3c("01")), fields);
    // They cannot say that a trace is not sampled.
    assert_eq!(sent(only(Format::LegacyIds), &w3c("00")), "");
    assert!(!sent(Propagator::default(), &w3c("01")).contains("x-"));
}

#[test]
fn legacy_ids_continue_a_trace() {
    let expected = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for trace_id in
        [TRACE_ID, "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736"]
    {
        for span_id in
            [SPAN_ID, "00f067aa0ba902b7a3ce929d0e0e4736", "00f067aa-0ba9-02b7-a3ce-929d0e0e4736"]
        {
            let fields = [("X-Trace-ID", trace_id), ("X-Span-ID", span_id)];
            check(Format::LegacyIds, &fields, Some(expected));
        }
    }
    let capture = Capture::new();
    let propagator = Propagator::default().with(Format::LegacyIds);
    let cx = propagator.extract(&[("X-Trace-ID", TRACE_ID), ("X-Span-ID", SPAN_ID)]);
    capture.tracer().span("handle", SpanType::Agent).parent(&cx).in_scope(|handle| {
        assert_eq!(handle.trace_id().to_string(), TRACE_ID);
        assert_eq!(handle.parent_span_id().unwrap().to_string(), SPAN_ID);
        capture.tracer().span("child", SpanType::Tool).in_scope(|child| {
            assert_eq!(child.trace_id(), handle.trace_id());
        });
    });
}

#[test]
fn broken_legacy_ids_are_refused() {
    let long = "4bf92f35-77b3-4da6-a3ce-929d0e0e473";
    for (trace_id, span_id, reason) in [
        ("", SPAN_ID, Reason::Length),
        (SPAN_ID, SPAN_ID, Reason::Length),
        (long, SPAN_ID, Reason::Length),
        ("4bf92f35+77b3+4da6+a3ce+929d0e0e4736", SPAN_ID, Reason::Length),
        ("4bf92f35-77b3-4da6-a3ce-929d0e-e4736", SPAN_ID, Reason::NotHex),
        ("request-12345678request-12345678", SPAN_ID, Reason::NotHex),
        ("00000000-0000-0000-0000-000000000000", SPAN_ID, Reason::ZeroId),
        (TRACE_ID, "00000000000000000000000000000001", Reason::ZeroId),
        (TRACE_ID, "+0f067aa0ba902b7", Reason::NotHex),
    ] {
        let fields = [("x-trace-id", trace_id), ("x-span-id", span_id)];
        let extracted = only(Format::LegacyIds).extract_report(&fields);
        assert_eq!(extracted.context.trace_id(), None);
        assert_eq!(extracted.refused[0].reason, reason, "{trace_id} {span_id}");
    }
    let alone = only(Format::LegacyIds).extract_report(&[("x-trace-id", TRACE_ID)]);
    assert_eq!(alone.refused[0].reason, Reason::Alone);
}

#[test]
fn w3c_wins() {
    let propagator = Propagator::default().with(Format::LegacyIds).with(Format::B3);
    let traceparent = format!("00-{TRACE_ID}-{SPAN_ID}-00");
    let others = [
        ("x-trace-id", "11111111111111111111111111111111"),
        ("x-span-id", "2222222222222222"),
        ("b3", "33333333333333333333333333333333-4444444444444444-1"),
    ];
    let with = |traceparent| {
        let mut fields = others.to_vec();
        fields.push(("traceparent", traceparent));
        propagator.extract(&fields).trace_id().unwrap().to_string()
    };
    assert_eq!(with(traceparent.as_str()), TRACE_ID);
    // A traceparent that cannot be used is as none.
    assert_eq!(with("00-1-1-1"), "33333333333333333333333333333333");
    assert_eq!(
        propagator.extract(&others[..2]).trace_id().unwrap().to_string(),
        "11111111111111111111111111111111"
    );
}

#[test]
fn b3_in_one_field() {
    let check = |value: &str, expected| check(Format::B3, &[("b3", value)], expected);
    let sampled = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let unsampled = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    check(&format!("{TRACE_ID}-{SPAN_ID}-1"), sampled);
    check(&format!("{TRACE_ID}-{SPAN_ID}-d"), sampled);
    check(&format!("{TRACE_ID}-{SPAN_ID}-0"), unsampled);
    check(&format!("{TRACE_ID}-{SPAN_ID}-0-05e3ac9a4f6e3b90"), unsampled);
    check(&format!("{TRACE_ID}-{SPAN_ID}"), sampled);
    check(
        &format!("a3ce929d0e0e4736-{SPAN_ID}-1"),
        Some("00-0000000000000000a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    );
    for broken in [
        "",
        "0",
        "1",
        "x",
        "-",
        "1-2-3",
        "4bf92f3577b34da6-00f067aa0ba902b7-",
        "0000000000000000-00f067aa0ba902b7-1",
    ] {
        check(broken, None);
    }
    check(&format!("{TRACE_ID}-{SPAN_ID}-1-05e3ac9a4f6e3b90-1"), None);
    check(&format!("{TRACE_ID}-{SPAN_ID}-true"), None);
    check(&format!("{}-{SPAN_ID}-1", TRACE_ID.to_uppercase()), None);

    assert_eq!(sent(only(Format::B3), &w3c("01")), format!("b3: {TRACE_ID}-{SPAN_ID}-1\n"));
    assert_eq!(sent(only(Format::B3), &w3c("00")), format!("b3: {TRACE_ID}-{SPAN_ID}-0\n"));
    assert_eq!(sent(only(Format::B3), &TraceContext::default()), "");
}

#[test]
fn b3_in_several_fields() {
    let ids = [("X-B3-TraceId", TRACE_ID), ("X-B3-SpanId", SPAN_ID)];
    let with = |name, value| [ids[0], ids[1], (name, value)];
    let sampled = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let unsampled = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    for format in [Format::B3, Format::B3Multi] {
        check(format, &ids, sampled);
        check(format, &with("X-B3-Sampled", "1"), sampled);
        check(format, &with("X-B3-Sampled", "0"), unsampled);
        check(format, &with("X-B3-Sampled", "false"), unsampled);
        check(format, &with("X-B3-Flags", "1"), sampled);
        check(format, &with("X-B3-TraceId", TRACE_ID), None);
        check(format, &ids[..1], None);
        check(format, &ids[1..], None);
    }
    assert_eq!(
        sent(only(Format::B3Multi), &w3c("00")),
        format!("x-b3-traceid: {TRACE_ID}\nx-b3-spanid: {SPAN_ID}\nx-b3-sampled: 0\n")
    );
}

/// A trace that someone debugs is debugged all the way.
#[test]
fn b3_debug_goes_on() {
    let cx = only(Format::B3).extract(&[("b3", format!("{TRACE_ID}-{SPAN_ID}-d"))]);
    let capture = Capture::new();
    capture.tracer().span("handle", SpanType::Agent).parent(&cx).in_scope(|span| {
        let now = TraceContext::current();
        assert_eq!(sent(only(Format::B3), &now), format!("b3: {TRACE_ID}-{}-d\n", span.span_id()));
        assert_eq!(
            sent(only(Format::B3Multi), &now),
            format!("x-b3-traceid: {TRACE_ID}\nx-b3-spanid: {}\nx-b3-flags: 1\n", span.span_id())
        );
    });
}
