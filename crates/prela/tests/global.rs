//! The global instance. One test, in a process of its own, because there is one slot in a process.

use prela::export::MemoryExporter;
use prela::propagation::{Format, Propagator};
use prela::{ErrorKind, SpanType};
use std::time::Duration;

fn build(memory: &MemoryExporter, propagator: Propagator) -> prela::Prela {
    let builder = prela::builder().env([("", ""); 0]).service_name("global");
    builder.exporter(memory.clone()).propagator(propagator).build().expect("valid")
}

/// The fields that go to other processes.
fn fields() -> Vec<String> {
    let cx = Propagator::default()
        .extract(&[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]);
    let mut fields: Vec<(String, String)> = Vec::new();
    cx.inject(&mut fields);
    assert_eq!(prela::extract(&fields).trace_id(), cx.trace_id(), "read as they are written");
    let mut variables = prela::propagation::to_env(&cx).into_iter();
    assert!(variables.all(|(name, _)| !name.contains(|c: char| c.is_lowercase() || c == '-')));
    fields.into_iter().map(|(name, _)| name).collect()
}

/// Spans that one trace of the global tracer left there.
fn recorded(tracer: &prela::Tracer, prela: &prela::Prela, memory: &MemoryExporter) -> usize {
    let value = tracer
        .span("work", SpanType::Agent)
        .in_scope(|_| prela::tracer().span("step", SpanType::Tool).in_scope(|_| 42));
    assert_eq!(value, 42);
    let _ = prela.flush(Duration::from_secs(10));
    memory.take().len()
}

#[test]
fn one_instance_is_global_at_a_time() {
    let early = prela::tracer();
    let (first_memory, second_memory) = (MemoryExporter::new(), MemoryExporter::new());
    assert_eq!(fields(), ["traceparent"]);
    let first = build(&first_memory, Propagator::default().with(Format::B3Multi));
    assert_eq!(fields(), ["traceparent"], "the first is not global");
    assert_eq!(recorded(&early, &first, &first_memory), 0, "not before it is installed");

    first.make_global().expect("there is none yet");
    assert_eq!(recorded(&early, &first, &first_memory), 2, "an early tracer follows");
    let with_b3 = ["traceparent", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled"];
    assert_eq!(fields(), with_b3);

    let second = build(&second_memory, Propagator::none().with(Format::LegacyIds));
    let taken = "install a global instance: this process is already initialized as \"global\"";
    for error in [second.make_global().unwrap_err(), prela::init("third").unwrap_err()] {
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::AlreadyInitialized, taken)
        );
    }
    assert_eq!(recorded(&early, &first, &first_memory), 2, "the first is as it was");
    assert_eq!(fields(), with_b3);

    drop(first);
    assert_eq!(recorded(&early, &second, &first_memory), 0, "not after it is dropped");
    assert_eq!(fields(), with_b3, "what is not recorded is still passed on");
    second.make_global().expect("the first is gone");
    assert_eq!(recorded(&early, &second, &second_memory), 2);
    assert_eq!(fields(), ["x-trace-id", "x-span-id"]);
    drop(second);

    let third = prela::init("third").expect("the second is gone");
    assert_eq!(third.resource().get("service.name"), Some(&"third".into()));
    assert_eq!(fields(), ["traceparent"]);
    let builder = || prela::builder().env([("", ""); 0]).service_name("fourth");
    let error = builder().max_queue_size(0).init().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyInitialized, "asked before anything else");
    drop(third);

    let error = builder().max_queue_size(0).init().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fourth = builder().exporter(second_memory.clone()).init().expect("the third is gone");
    assert_eq!(recorded(&early, &fourth, &second_memory), 2, "built and global in one call");
}
