//! Spans and events of the crate `tracing`, through `prela::tracing::layer()`.

mod events;
mod genai;
mod libraries;

use expect_test::expect;
use prela::testing::Capture;
use prela::tracing::{Bridge, layer};
use prela::{FutureExt as _, SpanKind, SpanType, Status, TraceContext, baggage};
use std::time::Duration;
use tracing::field::Empty;
use tracing::instrument::WithSubscriber as _;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Instrument as _, Span, debug, debug_span, info, info_span, instrument};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, registry};

/// Runs code whose spans of either kind are this capture's.
fn run_with<R>(capture: &Capture, bridge: Bridge, f: impl FnOnce() -> R) -> R {
    let dispatch = Dispatch::new(registry().with(bridge));
    capture.run(|| tracing::dispatcher::with_default(&dispatch, f))
}

fn run<R>(capture: &Capture, f: impl FnOnce() -> R) -> R {
    run_with(capture, layer(), f)
}

#[test]
fn spans_nest_both_ways_and_events_land_on_the_current_one() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    run(&capture, || {
        tracer.span("agent", SpanType::Agent).in_scope(|_| {
            info!("under Prela's");
            info_span!("handler", user = 1).in_scope(|| {
                info!("under tracing's");
                tracer.span("search", SpanType::Tool).in_scope(|_| {
                    info!(rows = 2, "under Prela's below tracing's");
                    info_span!("query").in_scope(|| ());
                });
            });
        });
        info_span!("request").in_scope(|| {
            tracer.span("answer", SpanType::Agent).in_scope(|_| ());
        });
        info!("under nothing");
    });
    expect![[r#"
        agent  agent
          • under Prela's {level: INFO, target: it::bridge}
          handler  custom {user: 1}
            • under tracing's {level: INFO, target: it::bridge}
            search  tool
              • under Prela's below tracing's {level: INFO, target: it::bridge, rows: 2}
              query  custom
        request  custom
          answer  agent
    "#]]
    .assert_eq(&capture.tree());
}

#[instrument(skip_all)]
async fn step(n: i32) {
    tokio::task::yield_now().await;
    let search = prela::tracer().span("search", SpanType::Tool);
    let query = async {
        tokio::task::yield_now().await;
        info!(n, "asked");
    };
    search.run(async |_| query.instrument(info_span!("query")).await).await;
    tokio::task::yield_now().await;
}

/// `tracing` enters and leaves its spans at each poll, on whichever thread, and so does Prela.
#[test]
fn futures_keep_their_parents() {
    let capture = Capture::new();
    let dispatch = Dispatch::new(registry().with(layer()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tracer = capture.tracer();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let agent = tracer.span(format!("agent_{n}"), SpanType::Agent);
            let work = capture.bind(agent.run(async move |_| {
                futures_util::join!(step(n), step(n));
            }));
            runtime.spawn(work.with_subscriber(dispatch.clone()))
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let tree = capture.tree();
    for n in 0..50 {
        let event = format!("        • asked {{level: INFO, target: it::bridge, n: {n}}}\n");
        let steps =
            format!("  step  custom\n    search  tool\n      query  custom\n{event}").repeat(2);
        let one = format!("agent_{n}  agent\n{steps}");
        assert!(tree.contains(&one), "{one}{tree}");
    }
}

#[test]
fn a_span_of_tracings_is_the_parent_on_another_thread() {
    let capture = Capture::new();
    run(&capture, || {
        let outer = info_span!("outer");
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let job = {
            let outer = outer.clone();
            move || {
                let in_thread = || outer.in_scope(|| info_span!("inner").in_scope(|| ()));
                tracing::dispatcher::with_default(&dispatch, in_thread);
            }
        };
        std::thread::spawn(TraceContext::current().wrap(job)).join().unwrap();
        outer.in_scope(|| prela::tracer().span_default("here").in_scope(|_| ()));
    });
    expect![[r#"
        outer  custom
          here  custom
          inner  custom
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn parents_that_are_named() {
    let capture = Capture::new();
    run(&capture, || {
        let first = info_span!("first");
        prela::tracer().span("agent", SpanType::Agent).in_scope(|_| {
            // There is no current span of tracing's, so this says nothing.
            info_span!(parent: Span::current(), "library").in_scope(|| {
                info_span!(parent: &first, "elsewhere").in_scope(|| ());
                prela::tracer().span("tool", SpanType::Tool).in_scope(|_| {
                    info_span!(parent: &Span::current(), "innermost").in_scope(|| ());
                });
                info_span!(parent: None, "detached").in_scope(|| ());
            });
        });
    });
    expect![[r#"
        agent  agent
          library  custom
            tool  tool
              innermost  custom
        detached  custom
        first  custom
          elsewhere  custom
    "#]]
    .assert_eq(&capture.tree());
}

/// A context that is current may be that of another process.
#[test]
fn a_context_that_is_current_is_the_parent() {
    let capture = Capture::new();
    let headers = [("traceparent", "00-0000000000000000000000000000feed-000000000000beef-01")];
    let caller = prela::extract(&headers.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec());
    run(&capture, || {
        let request = caller.run(|| info_span!("request", otel.kind = "server"));
        request.in_scope(|| ());
        let late = info_span!("late");
        drop(request);
        late.follows_from(&info_span!("followed"));
    });
    let spans = capture.spans();
    let request = spans.iter().find(|it| it.name == "request").unwrap();
    assert_eq!(request.span_context.trace_id().to_string(), "0000000000000000000000000000feed");
    assert!(request.parent_is_remote);
    assert_eq!(request.kind, SpanKind::Server);
    let late = spans.iter().find(|it| it.name == "late").unwrap();
    let followed = spans.iter().find(|it| it.name == "followed").unwrap();
    assert_eq!(late.links[0].span_context.span_id(), followed.span_context.span_id());
}

#[test]
fn baggage_that_was_set_after_the_start_is_seen_inside() {
    let capture = Capture::new();
    run(&capture, || {
        prela::tracer().span_default("outer").in_scope(|_| {
            let inner = info_span!("inner");
            baggage::set("user", "u1");
            inner.in_scope(|| assert_eq!(baggage::get("user").as_deref(), Some("u1")));
        });
        let bound = {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            prela::tracer().span_default("other").in_scope(|_| {
                baggage::set("user", "u2");
                let span = info_span!("elsewhere");
                async { baggage::get("user") }.instrument(span).with_subscriber(dispatch)
            })
        };
        let thread = std::thread::spawn(|| futures_util::FutureExt::now_or_never(bound));
        assert_eq!(thread.join().unwrap().flatten().as_deref(), Some("u2"));
    });
}

#[test]
fn a_span_ends_when_something_happened_to_it_last() {
    let capture = Capture::new();
    let second = Duration::from_secs(1);
    run(&capture, || {
        let (left, recorded, never) =
            (info_span!("left"), info_span!("recorded", n = 0), info_span!("never"));
        for span in [&left, &recorded] {
            span.in_scope(|| capture.clock().advance(second));
        }
        recorded.record("n", 1);
        capture.clock().advance(second);
        drop((left, recorded));
        capture.clock().advance(second);
        drop(never);
    });
    let spans = capture.spans();
    let duration = |name| spans.iter().find(|it| it.name == name).unwrap().duration();
    assert_eq!(duration("left"), second);
    assert_eq!(duration("recorded"), 2 * second);
    assert_eq!(duration("never"), 4 * second);
}

#[test]
fn a_task_that_is_dropped_ends_its_span() {
    let capture = Capture::new();
    run(&capture, || {
        let mut task = Box::pin(std::future::pending::<()>().instrument(info_span!("waits")));
        assert!(futures_util::FutureExt::now_or_never(task.as_mut()).is_none());
        drop(task);
        assert!(prela::current_span().is_none());
    });
    assert_eq!(capture.tree(), "waits  custom\n");
}

#[test]
fn spans_may_be_left_in_any_order_and_entered_again() {
    let capture = Capture::new();
    run(&capture, || {
        let (a, b) = (info_span!("a"), info_span!("b"));
        let (in_a, in_b) = (a.enter(), b.enter());
        drop(in_a);
        prela::tracer().span_default("in b").in_scope(|_| ());
        drop(in_b);
        assert!(prela::current_span().is_none());
        a.in_scope(|| a.in_scope(|| prela::tracer().span_default("in a").in_scope(|_| ())));
        let kept = a.clone().entered();
        std::mem::forget(kept);
    });
    expect![[r#"
        b  custom
          in b  custom
        in a  custom (parent missing)
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn fields_that_shape_the_span() {
    let capture = Capture::new();
    run(&capture, || {
        let span = info_span!(
            "static",
            otel.name = "GET /",
            otel.kind = "Client",
            otel.status_code = "ERROR",
            otel.status_description = "refused",
            prela.span.type = "tool",
        );
        drop(span);
        let later = info_span!("later", otel.name = Empty, otel.status_code = Empty);
        later.record("otel.name", "renamed");
        later.record("otel.status_code", "ok");
    });
    let spans = capture.spans();
    assert_eq!((spans[0].name.as_ref(), spans[1].name.as_ref()), ("GET /", "renamed"));
    assert_eq!((&spans[0].kind, spans[0].span_type), (&SpanKind::Client, SpanType::Tool));
    assert_eq!((&spans[0].status, &spans[1].status), (&Status::error("refused"), &Status::Ok));
    assert_eq!(spans[1].attributes.len(), 1, "{:?}", spans[1].attributes);
}

#[test]
fn values_keep_their_kinds_and_keys_are_unique() {
    let capture = Capture::new();
    run(&capture, || {
        let error = std::io::Error::other("no route");
        let span = info_span!(
            "work",
            u = 7_u64,
            most = u64::MAX,
            i = -1,
            wide = i128::MAX,
            f = 0.5,
            b = true,
            s = "text",
            d = ?Some(1),
            e = &error as &dyn std::error::Error,
            r#type = "raw",
            absent = None::<i64>,
            empty = Empty,
        );
        span.record("u", 8_u64);
        span.record("u", 9_u64);
        span.record("empty", 1);
    });
    expect![[r#"
        work  custom {u: 9, most: 18446744073709551615, i: -1, wide: 170141183460469231731687303715884105727, f: 0.5, b: true, s: text, d: Some(1), e: no route, type: raw, empty: 1}
    "#]]
    .assert_eq(&capture.tree());
    let keys = capture.spans()[0].attributes.iter().filter(|(key, _)| key.as_str() == "u").count();
    assert_eq!(keys, 1);
}

#[test]
fn what_describes_the_place_is_left_out_unless_asked_for() {
    for (bridge, expected) in [
        (layer(), &[][..]),
        (layer().with_location(true), &["code.file.path", "code.line.number", "code.namespace"]),
        (layer().with_threads(true), &["thread.id", "thread.name"]),
        (layer().with_busy_time(true), &["busy_ns", "idle_ns"]),
    ] {
        let capture = Capture::new();
        run_with(&capture, bridge, || {
            let span = info_span!("work");
            span.in_scope(|| capture.clock().advance(Duration::from_nanos(5)));
            capture.clock().advance(Duration::from_nanos(7));
            span.in_scope(|| ());
        });
        let span = &capture.spans()[0];
        let keys: Vec<_> = span.attributes.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys[1..], *expected, "{bridge:?}");
        if expected.contains(&"busy_ns") {
            assert_eq!(span.attribute("busy_ns"), Some(&5.into()));
            assert_eq!(span.attribute("idle_ns"), Some(&7.into()));
        }
    }
}

#[test]
fn filters_are_those_of_tracing_subscriber() {
    let write = || {
        info_span!(target: "app", "wanted").in_scope(|| {
            debug!(target: "app", "detail");
            debug_span!(target: "app", "detailed").in_scope(|| {
                info!(target: "other", "from elsewhere");
                info_span!(target: "other", "elsewhere").in_scope(|| {
                    prela::tracer().span_default("inner").in_scope(|_| ());
                });
            });
        });
    };
    let trees = [
        registry().with(layer().with_filter(LevelFilter::INFO)).into(),
        registry()
            .with(layer().with_filter(Targets::new().with_target("app", LevelFilter::TRACE)))
            .into(),
        Dispatch::new(
            registry()
                .with(LevelFilter::INFO)
                .with(layer().with_filter(filter_fn(|it| it.is_span()))),
        ),
    ]
    .map(|dispatch: Dispatch| {
        let capture = Capture::new();
        capture.run(|| tracing::dispatcher::with_default(&dispatch, write));
        capture.tree()
    });
    expect![[r#"
        wanted  custom
          • from elsewhere {level: INFO, target: other}
          elsewhere  custom
            inner  custom

        wanted  custom
          • detail {level: DEBUG, target: app}
          detailed  custom
            inner  custom

        wanted  custom
          elsewhere  custom
            inner  custom
    "#]]
    .assert_eq(&trees.join("\n"));
}

#[test]
fn nothing_comes_of_what_is_suppressed_or_the_exports_own() {
    let capture = Capture::new();
    run(&capture, || {
        prela::tracer().span_default("work").in_scope(|_| {
            prela::suppress(|| {
                info_span!("hidden").in_scope(|| info!("hidden"));
            });
            let kept = prela::suppress(|| info_span!("made there"));
            kept.in_scope(|| info_span!("below").in_scope(|| ()));
            info!(target: "opentelemetry_sdk", "BatchSpanProcessor");
            info!(target: "opentelemetry", "Context");
            debug_span!(target: "h2::codec", "poll")
                .in_scope(|| debug!(target: "h2::codec", "frame"));
            info!(target: "hyper_util::client", "heard");
        });
        let future = async { info_span!("hidden").in_scope(|| info!("hidden")) }.suppressed();
        assert!(futures_util::FutureExt::now_or_never(future).is_some());
    });
    expect![[r#"
        work  custom
          • heard {level: INFO, target: hyper_util::client}
    "#]]
    .assert_eq(&capture.tree());
}

/// An instance is missing before `init` and after shutdown.
#[test]
fn without_an_instance_nothing_is_recorded_and_nothing_fails() {
    let dispatch = Dispatch::new(registry().with(layer()));
    let early = tracing::dispatcher::with_default(&dispatch, || info_span!("early", n = 1));
    let capture = Capture::new();
    capture.run(|| {
        tracing::dispatcher::with_default(&dispatch, || {
            early.in_scope(|| info!("inside"));
            let open = info_span!("open");
            let in_open = open.enter();
            let _ = capture.prela().shutdown(Duration::from_secs(10));
            info_span!("late", n = 2).in_scope(|| info!("inside"));
            drop(in_open);
        });
    });
    drop(early);
    let stats = capture.prela().stats();
    assert_eq!((stats.ended, stats.dropped_by.shut_down), (1, 1));
}

#[test]
fn a_trace_that_is_left_out_is_left_out_altogether() {
    let capture = Capture::with(|it| it.sampler(prela::Sampler::always_off()));
    run(&capture, || {
        info_span!("outer").in_scope(|| {
            info!("event");
            info_span!("inner", n = 1)
                .in_scope(|| prela::tracer().span_default("in").in_scope(|_| ()));
        });
    });
    assert_eq!(capture.tree(), "");
    assert_eq!(capture.prela().stats().unsampled, 3);
}
