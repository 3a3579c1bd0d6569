//! The current span in calls of services and in tasks, and attributes for it.

use prela::testing::Capture;
use prela::{FutureExt as _, SpanType};
use std::collections::HashMap;

#[test]
fn a_call_carries_the_current_span() {
    let client = Capture::with(|builder| builder.id_generator(prela::id::RandomIds::default()));
    let service = Capture::new();
    let handle = |headers: &HashMap<String, String>| {
        service.tracer().span_default("process").parent(&prela::extract(headers)).in_scope(|_| 200)
    };
    client.tracer().span("call_downstream_service", SpanType::Custom).in_scope(|span| {
        span.set_attribute("service.downstream", "user-service")
            .set_attribute("service.user_id", "u1");
        let mut headers = HashMap::new();
        prela::inject(&mut headers);
        assert_eq!(headers["traceparent"], format!("00-{}-{}-03", span.trace_id(), span.span_id()));
        span.set_attribute("service.response_code", handle(&headers));
    });
    assert_eq!(
        client.tree(),
        "call_downstream_service  custom {service.downstream: user-service, service.user_id: u1, \
         service.response_code: 200}\n"
    );
    let (called, served) = (&client.spans()[0], &service.spans()[0]);
    assert_eq!(served.parent_span_id, Some(called.span_context.span_id()));
    assert_eq!(served.span_context.trace_id(), called.span_context.trace_id());
}

#[tokio::test]
async fn attributes_land_on_the_right_task() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let task = |name: &'static str| {
        async move {
            tokio::task::yield_now().await;
            prela::enrich([("task.name", name)]);
            tokio::task::yield_now().await;
        }
        .in_span(tracer.span(name, SpanType::Custom))
    };
    tracer
        .span("async_workflow", SpanType::Agent)
        .run(async |_| {
            prela::enrich([("workflow.type", "async")]);
            futures_util::join!(task("task_1"), task("task_2"));
            prela::enrich([("workflow.tasks_completed", 2)]);
        })
        .await;
    assert_eq!(
        capture.tree(),
        "async_workflow  agent {workflow.type: async, workflow.tasks_completed: 2}\n  \
           task_1  custom {task.name: task_1}\n  task_2  custom {task.name: task_2}\n"
    );
}

#[test]
fn enriching_says_whether_there_was_a_span() {
    let capture = Capture::new();
    assert!(!prela::enrich([("k", 1)]));
    capture.tracer().span_default("work").in_scope(|_| assert!(prela::enrich([("k", 1)])));
    assert_eq!(capture.tree(), "work  custom {k: 1}\n");
}
