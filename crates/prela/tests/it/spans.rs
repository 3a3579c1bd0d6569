//! One span: its scopes, what is written to it, and how it ends.

use expect_test::expect;
use prela::clock::Clock;
use prela::testing::Capture;
use prela::{SpanKind, SpanType, Status, TraceContext};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

#[test]
fn a_span_ends_on_every_exit() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let value = tracer.span("returns", SpanType::Agent).in_scope(|_| 7);
    assert_eq!(value, 7);

    let question_mark = || -> Result<u32, std::num::ParseIntError> {
        tracer.span("question_mark", SpanType::Tool).in_scope_result(|_| {
            let number: u32 = "seven".parse()?;
            Ok(number)
        })
    };
    assert!(question_mark().is_err());

    let what = String::from("luck");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        tracer.span("panics", SpanType::Llm).in_scope(|_| -> u32 { panic!("no {what}") })
    }));
    let payload = panicked.expect_err("the panic goes on");
    assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("no luck"));

    {
        let _guard = tracer.span("entered", SpanType::Custom).enter();
    }
    expect![[r#"
        entered  custom
        panics  llm {error.type: panic} error: no luck
          • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
        question_mark  tool {error.type: core::num::error::ParseIntError} error: invalid digit found in string
          • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
        returns  agent
    "#]]
    .assert_eq(&capture.tree());
    assert_eq!(capture.spans().len(), 4);
}

#[test]
fn a_future_dropped_early_is_an_error() {
    let capture = Capture::new();
    let mut future = Box::pin(capture.tracer().span("fetch", SpanType::Tool).run(async |_| {
        std::future::pending::<()>().await;
    }));
    assert!(futures_util::FutureExt::now_or_never(&mut future).is_none());
    drop(future);
    expect![[r#"
        fetch  tool {error.type: cancelled} error: dropped before it was done
          • cancelled
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn each_type_writes_its_conventions() {
    let capture = Capture::new();
    for span_type in SpanType::ALL {
        capture.tracer().span(span_type.as_str(), span_type).in_scope(|_| ());
    }
    capture.tracer().span_default("default").in_scope(|_| ());
    let rows: String = capture
        .spans()
        .iter()
        .map(|span| {
            let attributes: Vec<_> =
                span.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{}: {:?} {}\n", span.name, span.kind, attributes.join(" "))
        })
        .collect();
    expect![[r"
        agent: Internal prela.span.type=agent gen_ai.operation.name=invoke_agent openinference.span.kind=AGENT
        llm: Client prela.span.type=llm gen_ai.operation.name=chat openinference.span.kind=LLM
        tool: Internal prela.span.type=tool gen_ai.operation.name=execute_tool openinference.span.kind=TOOL
        retrieval: Client prela.span.type=retrieval gen_ai.operation.name=retrieval openinference.span.kind=RETRIEVER
        embedding: Client prela.span.type=embedding gen_ai.operation.name=embeddings openinference.span.kind=EMBEDDING
        custom: Internal prela.span.type=custom
        chain: Internal prela.span.type=chain openinference.span.kind=CHAIN
        workflow: Internal prela.span.type=workflow gen_ai.operation.name=invoke_workflow openinference.span.kind=CHAIN
        reranker: Client prela.span.type=reranker openinference.span.kind=RERANKER
        guardrail: Internal prela.span.type=guardrail openinference.span.kind=GUARDRAIL
        evaluator: Internal prela.span.type=evaluator openinference.span.kind=EVALUATOR
        default: Internal prela.span.type=custom
    "]]
    .assert_eq(&rows);
}

#[test]
fn a_type_has_one_name() {
    for span_type in SpanType::ALL {
        assert_eq!(span_type.as_str().parse(), Ok(span_type));
    }
    assert!("Agent".parse::<SpanType>().is_err());
    assert!("".parse::<SpanType>().is_err());
}

#[test]
fn the_parent_is_written_to_after_its_children() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span("parent", SpanType::Agent).in_scope(|parent| {
        std::thread::scope(|threads| {
            let handle = parent.clone();
            threads.spawn(move || handle.set_attribute("from_thread", true).is_recording());
        });
        tracer.span("child", SpanType::Tool).in_scope(|_| ());
        parent.set_attribute("operations_completed", 3);
    });
    expect![[r"
        parent  agent {from_thread: true, operations_completed: 3}
          child  tool
    "]]
    .assert_eq(&capture.tree());
}

#[test]
fn a_status_follows_the_specification() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let ended_as = |statuses: &[Status]| {
        tracer.span_default("work").in_scope(|span| {
            for status in statuses {
                span.set_status(status.clone());
            }
        });
        capture.spans().last().expect("it ended").status.clone()
    };
    let (a, b) = (Status::error("a"), Status::error("b"));
    assert_eq!(ended_as(&[]), Status::Unset);
    assert_eq!(ended_as(&[a.clone(), Status::Unset]), a);
    assert_eq!(ended_as(&[a.clone(), b.clone()]), b);
    assert_eq!(ended_as(&[a.clone(), Status::Ok]), Status::Ok);
    assert_eq!(ended_as(&[Status::Ok, a]), Status::Ok);
}

#[test]
fn an_error_is_recorded_once_and_keeps_its_type() {
    let capture = Capture::new();
    let error = io::Error::new(io::ErrorKind::NotFound, "no such index");
    capture.tracer().span("load", SpanType::Tool).in_scope(|span| {
        span.record_error(&error);
    });
    expect![[r"
        load  tool {error.type: std::io::error::Error} error: no such index
          • exception {exception.type: std::io::error::Error, exception.message: no such index}
    "]]
    .assert_eq(&capture.tree());
}

#[test]
fn a_display_that_panics_harms_nobody() {
    #[derive(Debug)]
    struct Rude;
    impl std::error::Error for Rude {}
    impl std::fmt::Display for Rude {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no text for you")
        }
    }
    let capture = Capture::new();
    let result =
        capture.tracer().span("work", SpanType::Tool).in_scope_result(|_| Err::<(), _>(Rude));
    assert!(result.is_err());
    assert_eq!(capture.spans()[0].status, Status::error(""));
}

#[test]
fn links_and_events_keep_their_order() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let first = tracer.span_default("first").start();
    let second = tracer.span_default("second").start();
    let (to_first, to_second) = (first.context(), second.context());
    tracer.span_default("consumer").link(&to_first).in_scope(|span| {
        span.add_link(&to_second).add_link(&TraceContext::default());
        span.add_event("a", [("n", 1)]);
        capture.clock().advance(Duration::from_secs(1));
        span.add_event("b", [] as [(&str, i64); 0]);
    });
    let span = &capture.spans()[0];
    let linked: Vec<_> = span.links.iter().map(|link| link.span_context.span_id()).collect();
    assert_eq!(linked, [first.span_id(), second.span_id()], "an empty context is no link");
    assert_eq!(span.events[0].name, "a");
    assert_eq!(span.events[1].time.duration_since(span.events[0].time).unwrap().as_secs(), 1);
}

#[test]
fn times_are_of_the_clock_and_never_run_back() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("outer").in_scope(|_| {
        capture.clock().advance(Duration::from_millis(20));
        capture.clock().step_back(Duration::from_secs(3600));
        tracer
            .span_default("inner")
            .in_scope(|_| capture.clock().advance(Duration::from_millis(5)));
    });
    let spans = capture.spans();
    let (inner, outer) = (&spans[0], &spans[1]);
    assert_eq!(outer.start_time, SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600));
    assert_eq!(inner.start_time.duration_since(outer.start_time).unwrap().as_millis(), 20);
    assert_eq!((inner.duration().as_millis(), outer.duration().as_millis()), (5, 25));
}

#[test]
fn a_clock_that_panics_or_runs_over_harms_nobody() {
    /// Panics, or is at the end of time.
    #[derive(Debug)]
    struct Broken(Option<Duration>);
    impl Clock for Broken {
        fn wall(&self) -> SystemTime {
            SystemTime::now()
        }

        fn monotonic(&self) -> Duration {
            static READINGS: AtomicU32 = AtomicU32::new(0);
            let last = self.0.expect("a clock");
            if READINGS.fetch_add(1, Ordering::Relaxed) == 0 { Duration::ZERO } else { last }
        }
    }
    for clock in [Broken(None), Broken(Some(Duration::MAX))] {
        let capture = Capture::with(|builder| builder.clock(clock));
        let answer = capture.tracer().span("work", SpanType::Tool).in_scope(|_| 42);
        assert_eq!(answer, 42);
        assert_eq!(capture.tree(), "work  tool\n");
    }
}

#[test]
fn a_span_can_have_started_before() {
    let capture = Capture::new();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    capture.tracer().span_default("import").start_time(start).in_scope(|_| ());
    assert_eq!(capture.spans()[0].start_time, start);
    let future = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    capture.tracer().span_default("future").start_time(future).in_scope(|_| ());
    assert_eq!(capture.spans()[1].duration(), Duration::ZERO, "never before its start");
}

#[test]
fn the_kind_and_the_name_can_be_changed() {
    let capture = Capture::new();
    capture.tracer().span("GET", SpanType::Custom).kind(SpanKind::Server).in_scope(|span| {
        span.update_name("GET /trips");
        assert_eq!(span.name(), "GET /trips");
        assert_eq!(span.span_type(), Some(SpanType::Custom));
    });
    let span = &capture.spans()[0];
    assert_eq!((&*span.name, &span.kind), ("GET /trips", &SpanKind::Server));
}

#[test]
fn nothing_changes_a_span_after_its_end() {
    let capture = Capture::new();
    let kept = capture.tracer().span("work", SpanType::Tool).in_scope(|span| {
        span.end();
        span.set_attribute("late", true).add_event("late", [("n", 1)]).update_name("late");
        span.record_error("late").set_status(Status::Ok).end();
        span.clone()
    });
    kept.set_attribute("later", true).end();
    assert!(!kept.is_recording());
    assert_eq!(capture.tree(), "work  tool\n");
    assert_eq!(capture.spans().len(), 1);
}

#[test]
fn a_context_that_outlives_its_span_does_not_delay_its_end() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let escaped = tracer.span_default("parent").in_scope(|_| TraceContext::current());
    assert_eq!(capture.spans().len(), 1);
    escaped.run(|| tracer.span_default("late_child").in_scope(|_| ()));
    assert_eq!(capture.tree(), "parent  custom\n  late_child  custom\n");
}
