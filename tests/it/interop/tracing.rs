//! Spans of the crate `tracing`, through `tracing-opentelemetry`.

use expect_test::expect;
use opentelemetry::trace::TracerProvider as _;
use prela::testing::Capture;
use prela::{SpanType, Tracer};
use tracing::instrument::WithSubscriber as _;
use tracing::{Dispatch, Instrument as _, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

fn dispatch(capture: &Capture) -> Dispatch {
    let layer = tracing_opentelemetry::layer()
        .with_tracer(capture.prela().provider().tracer("tracing"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false);
    Dispatch::new(registry().with(layer))
}

#[test]
fn spans_of_both_nest_both_ways() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracing::dispatcher::with_default(&dispatch(&capture), || {
        tracer.span("agent", SpanType::Agent).in_scope(|_| {
            info_span!("handler", user = 1).in_scope(|| {
                info!(rows = 2, "found");
                tracer.span("search", SpanType::Tool).in_scope(|_| {
                    info_span!("query").in_scope(|| ());
                });
            });
        });
        info_span!("request").in_scope(|| {
            tracer.span("answer", SpanType::Agent).in_scope(|_| ());
        });
    });
    expect![[r#"
        agent  agent
          handler  custom {user: 1}
            • found {level: INFO, target: it::interop::tracing, rows: 2}
            search  tool
              query  custom
        request  custom
          answer  agent
    "#]]
    .assert_eq(&capture.tree());
    let handler = capture.spans().into_iter().find(|span| span.name == "handler").unwrap();
    assert_eq!(handler.events[0].name, "found");
    assert_eq!(handler.scope.name(), "tracing");
}

#[test]
fn a_parent_that_was_set_by_hand_holds() {
    let capture = Capture::new();
    tracing::dispatcher::with_default(&dispatch(&capture), || {
        let cx = capture.tracer().span("agent", SpanType::Agent).in_scope(|agent| agent.context());
        let later = info_span!("later");
        later.set_parent(cx.into()).unwrap();
        later.in_scope(|| capture.tracer().span_default("inner").in_scope(|_| ()));
        drop(later);
        let outer = info_span!("outer");
        let cx = outer.context().into();
        capture.tracer().span_default("elsewhere").parent(&cx).in_scope(|_| ());
    });
    expect![[r#"
        agent  agent
          later  custom
            inner  custom
        outer  custom
          elsewhere  custom
    "#]]
    .assert_eq(&capture.tree());
}

async fn step(tracer: Tracer) {
    tokio::task::yield_now().await;
    let search = tracer.span("search", SpanType::Tool);
    let work = search.run(async |_| {
        tokio::task::yield_now().await;
        async { tokio::task::yield_now().await }.instrument(info_span!("query")).await;
    });
    work.await;
}

/// Many at once: `tracing` enters and leaves its spans at each poll, and so does Prela.
#[test]
fn spans_of_both_keep_their_parents_across_awaits() {
    let capture = Capture::new();
    let dispatch = dispatch(&capture);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tracer = capture.tracer();
    let tasks: Vec<_> = (0..3)
        .map(|n| {
            let steps = {
                let tracer = tracer.clone();
                async move { step(tracer).instrument(info_span!("handler")).await }
            };
            let agent = tracer.span(format!("agent_{n}"), SpanType::Agent);
            runtime.spawn(agent.run(async move |_| steps.await).with_subscriber(dispatch.clone()))
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    // The ids are given out in any order, so the trees are looked at one by one.
    let tree = capture.tree();
    for n in 0..3 {
        let one =
            format!("agent_{n}  agent\n  handler  custom\n    search  tool\n      query  custom\n");
        assert!(tree.contains(&one), "{tree}");
    }
}
