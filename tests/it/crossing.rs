//! The examples whose traces go through a queue and into other processes.

use crate::examples::example;
use crate::receiver::{Arrived, Receiver, Transport, tree};
use expect_test::expect;

/// The spans of an example, and what it printed.
fn run(name: &str) -> (Vec<Arrived>, String) {
    let receiver = Receiver::start(Transport::Grpc);
    let output =
        example(name).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (receiver.spans(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_message_has_a_parent_and_a_batch_has_links() {
    let (spans, _) = run("message_queue");
    expect![[r#"
        bill_orders custom
        place_order agent
          publish custom
            ship_order custom
        place_order agent
          publish custom
            ship_order custom
    "#]]
    .assert_eq(&tree(&spans));
    let named = |name: &'static str| spans.iter().filter(move |span| span.name() == name);
    let batch = named("bill_orders").next().unwrap();
    let linked: Vec<_> =
        batch.span.links.iter().map(|link| (&link.trace_id, &link.span_id)).collect();
    // In the order in which they were published.
    let mut published: Vec<_> = named("publish").map(|it| &it.span).collect();
    published.sort_by_key(|span| span.start_time_unix_nano);
    let published: Vec<_> = published.iter().map(|it| (&it.trace_id, &it.span_id)).collect();
    assert_eq!(linked, published);
    assert!(named("ship_order").all(|span| span.attribute("tenant").as_deref() == Some("acme")));
}

#[test]
fn a_child_process_is_in_the_trace_if_it_is_given_the_context() {
    let (spans, printed) = run("child_process");
    expect![[r#"
        run_children agent
          work tool
        work tool
    "#]]
    .assert_eq(&tree(&spans));
    let service = |span: &Arrived| span.resource("service.name").unwrap();
    let of = |name: &str| spans.iter().find(|span| service(span) == name).unwrap();
    let parent = of("child-process");
    assert_eq!(of("child-process-with").parent_span_id(), Some(parent.span_id()));
    assert_ne!(of("child-process-without").trace_id(), parent.trace_id());
    assert!(printed.contains("with: trace ") && printed.contains("user Some(\"user123\")"));
    assert!(printed.contains("without: trace ") && printed.contains("user None"), "{printed}");
}
