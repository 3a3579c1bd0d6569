//! Events on spans.

use super::run;
use expect_test::expect;
use prela::span::SpanLimits;
use prela::testing::Capture;
use prela::{SpanType, Status};
use std::error::Error;
use std::fmt;
use tracing::{debug, error, info, info_span, instrument, warn};

#[test]
fn they_are_bounded() {
    let limits = SpanLimits { events: 3, ..SpanLimits::default() };
    let capture = Capture::with(|it| it.span_limits(limits));
    run(&capture, || {
        prela::tracer().span_default("work").in_scope(|_| {
            for n in 0..10 {
                info!(n, "step");
            }
        });
    });
    let span = &capture.spans()[0];
    assert_eq!((span.events.len(), span.dropped_events_count), (3, 7));
}

#[derive(Debug)]
struct Failed(std::io::Error);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("call model")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[instrument(err)]
fn fails() -> Result<(), Failed> {
    Err(Failed(std::io::Error::other("reset")))
}

#[test]
fn an_error_fails_a_span_of_tracings_and_none_of_prelas() {
    let capture = Capture::new();
    run(&capture, || {
        prela::tracer().span("agent", SpanType::Agent).in_scope(|_| {
            error!("retried");
            fails().unwrap_err();
            info_span!("causes").in_scope(|| {
                let error = Failed(std::io::Error::other("reset"));
                error!(error = &error as &dyn Error, "gave up");
            });
            info_span!("fine").in_scope(|| warn!("careful"));
        });
    });
    let spans = capture.spans();
    let of = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
    assert_eq!(of("agent").status, Status::Unset);
    assert_eq!(of("fails").status, Status::error("call model"));
    assert_eq!(of("fails").events[0].name, "exception");
    assert_eq!(of("causes").status, Status::error("gave up: call model: reset"));
    let event = &of("causes").events[0];
    let message = event.attributes.iter().find(|(key, _)| key.as_str() == "exception.message");
    assert_eq!(message.unwrap().1, "call model: reset".into());
    assert_eq!(of("fine").status, Status::Unset);
}

#[test]
fn names_are_what_is_said_or_else_where() {
    let capture = Capture::new();
    run(&capture, || {
        prela::tracer().span_default("work").in_scope(|_| {
            info!("said {}", 1);
            info!(name: "named", n = 1);
            info!(n = 1);
            let other = info_span!("other");
            info!(parent: &other, "elsewhere");
        });
    });
    expect![[r#"
        work  custom
          • said 1 {level: INFO, target: it::bridge::events}
          • named {level: INFO, target: it::bridge::events, n: 1}
          • it::bridge::events {level: INFO, target: it::bridge::events, n: 1}
          other  custom
            • elsewhere {level: INFO, target: it::bridge::events}
    "#]]
    .assert_eq(&capture.tree());
}

struct Bad;

impl fmt::Debug for Bad {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in Debug")
    }
}

#[test]
fn a_value_that_panics_harms_nobody() {
    let capture = Capture::new();
    run(&capture, || {
        info_span!("work", bad = ?Bad).in_scope(|| debug!(bad = ?Bad, "event"));
    });
    expect![[r#"
        work  custom {bad: a value whose `Debug` panics}
          • event {level: DEBUG, target: it::bridge::events, bad: a value whose `Debug` panics}
    "#]]
    .assert_eq(&capture.tree());
}

/// Events also land on a current span of another OpenTelemetry library.
#[test]
fn they_land_on_spans_of_the_opentelemetry_api() {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    let capture = Capture::new();
    let otel = capture.prela().provider().tracer("library");
    run(&capture, || {
        otel.in_span("GET /", |_| info!("sent"));
    });
    expect![[r#"
        GET /  custom
          • sent {level: INFO, target: it::bridge::events}
    "#]]
    .assert_eq(&capture.tree());
}
