//! The global instance. One test, in a process of its own, because there is one slot in a process.

use prela::{ErrorKind, Exporter, MemoryExporter, SpanType};
use std::time::Duration;

fn build(memory: &MemoryExporter) -> prela::Prela {
    let builder = prela::builder().env([("", ""); 0]).service_name("global");
    builder.exporter(Exporter::memory(memory)).build().expect("valid")
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
fn p01_one_instance_is_global_at_a_time() {
    let early = prela::tracer();
    let (first_memory, second_memory) = (MemoryExporter::new(), MemoryExporter::new());
    let first = build(&first_memory);
    assert_eq!(recorded(&early, &first, &first_memory), 0, "not before it is installed");

    first.make_global().expect("there is none yet");
    assert_eq!(recorded(&early, &first, &first_memory), 2, "an early tracer follows");

    let second = build(&second_memory);
    let taken = "install a global instance: one is already running in this process";
    for error in [second.make_global().unwrap_err(), prela::init("third").unwrap_err()] {
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::AlreadyInitialized, taken)
        );
    }
    assert_eq!(recorded(&early, &first, &first_memory), 2, "the first is as it was");

    drop(first);
    assert_eq!(recorded(&early, &second, &first_memory), 0, "not after it is dropped");
    second.make_global().expect("the first is gone");
    assert_eq!(recorded(&early, &second, &second_memory), 2);
    drop(second);

    let third = prela::init("third").expect("the second is gone");
    assert_eq!(third.resource().get("service.name"), Some(&"third".into()));
}
