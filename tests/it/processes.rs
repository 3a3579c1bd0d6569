//! The context through the environment of real child processes: `TRACEPARENT`, `TRACESTATE` and
//! `BAGGAGE`.

use crate::program::role;
use crate::receiver::{Receiver, Transport, tree};
use expect_test::expect;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use prela::propagation::CommandExt as _;
use prela::{
    Prela, Sampler, SpanContext, SpanId, SpanType, TraceContext, TraceFlags, TraceId, TraceState,
    baggage,
};
use std::process::Command;
use std::time::Duration;

/// A child; of two generations, with a child of its own.
fn child(generations: u32) -> Command {
    let mut command = role("processes");
    command.arg(generations.to_string());
    command
}

fn run(command: &mut Command, receiver: &Receiver) {
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn instance(receiver: &Receiver, sampler: Sampler) -> Prela {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("parent");
    builder.exporter(receiver.exporter()).sampler(sampler).build().unwrap()
}

#[test]
fn children_and_grandchildren_are_in_the_trace_of_their_parent() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver, Sampler::always_on());
    let state = TraceState::from_key_value([("vendor", "opaque")]).unwrap();
    let (trace_id, span_id) = (TraceId::from(0xfeed), SpanId::from(0xbeef));
    let caller = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, state);
    let caller = TraceContext::from(Context::new().with_remote_span_context(caller));

    prela.tracer().span("parent", SpanType::Agent).parent(&caller).in_scope(|_| {
        baggage::set("user_id", "Zoë, 7=8");
        run(child(2).inject_context(), &receiver);
    });
    prela.flush(Duration::from_secs(30)).unwrap();

    let spans = receiver.spans();
    expect![[r#"
        parent agent (orphan)
          child tool
            child tool
    "#]]
    .assert_eq(&tree(&spans));
    for span in spans.iter().filter(|span| span.name() == "child") {
        assert_eq!(span.trace_id(), trace_id);
        assert_eq!(span.attribute("user_id").unwrap(), "Zoë, 7=8");
        assert_eq!(span.span.trace_state, "vendor=opaque");
        assert_eq!(span.span.flags, 0x301, "sampled, and the parent is in another process");
    }
    let services: Vec<_> = spans.iter().map(|it| it.resource("service.name").unwrap()).collect();
    assert_eq!(services, ["generation 1", "generation 2", "parent"]);
}

#[test]
fn a_trace_that_is_left_out_is_left_out_in_the_child() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver, Sampler::always_off());
    prela.tracer().span("parent", SpanType::Agent).in_scope(|_| {
        run(child(1).inject_context(), &receiver);
    });
    assert_eq!(prela.shutdown(Duration::from_secs(30)).stats.unsampled, 1);
    assert!(receiver.requests().is_empty());
}

#[test]
fn outside_every_span_the_child_begins_a_trace_of_its_own() {
    let receiver = Receiver::start(Transport::Grpc);
    let mut command = child(1);
    // Left over from somewhere: a context that is not ours.
    command.env("TRACEPARENT", "00-0000000000000000000000000000feed-000000000000beef-01");
    command.env("BAGGAGE", "user_id=stranger");
    run(command.inject_context(), &receiver);
    let child = &receiver.spans()[0];
    assert_eq!(child.parent_span_id(), None);
    assert_eq!(child.attribute("user_id").unwrap(), "");
}

#[test]
fn a_variable_that_breaks_its_format_harms_nothing() {
    for broken in ["", "00-zz-beef-01", "00-0000000000000000000000000000feed-000000000000beef"] {
        let receiver = Receiver::start(Transport::Grpc);
        let mut command = child(1);
        run(command.env("TRACEPARENT", broken).env("BAGGAGE", "user_id=u1"), &receiver);
        let child = &receiver.spans()[0];
        assert_eq!(child.parent_span_id(), None);
        assert_eq!(child.attribute("user_id").unwrap(), "u1");
    }
}
