//! What caused an error: in the status, in the exception's message and in its stack trace.

use prela::retry::RetryPolicy;
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanType, Status, Value};
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::sync::Arc;

/// One error of a chain.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) text: String,
    pub(crate) cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// A chain of these texts, the outermost first.
pub(crate) fn chain(texts: &[&str]) -> Link {
    let (text, below) = texts.split_first().unwrap();
    let cause = (!below.is_empty()).then(|| Box::new(chain(below)).into());
    Link { text: (*text).to_owned(), cause }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset")
}

fn call_model() -> Link {
    Link { text: "call model".into(), cause: Some(Box::new(reset())) }
}

pub(crate) fn event(span: &SpanData, key: &str) -> Option<String> {
    let event = span.events.iter().find(|event| event.name == "exception")?;
    let (_, value) = event.attributes.iter().find(|(known, _)| known.as_str() == key)?;
    Some(value.to_string())
}

#[derive(Debug)]
struct Borrowed<'a>(&'a str);

impl Display for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Borrowed<'_> {}

fn generic<E: Error>(error: E) -> Arc<SpanData> {
    let capture = Capture::new();
    let span = capture.tracer().span("ask", SpanType::Llm);
    assert!(span.in_scope_result(|_| Err::<(), _>(error)).is_err());
    capture.spans()[0].clone()
}

/// The record of an error whose causes can be seen.
#[track_caller]
fn assert_told(span: &SpanData, message: &str, stacktrace: Option<&str>) {
    assert_eq!(span.status, Status::error(message.to_owned()));
    assert_eq!(event(span, "exception.message").as_deref(), Some(message));
    assert_eq!(event(span, "exception.stacktrace").as_deref(), stacktrace);
}

const MESSAGE: &str = "call model: connection reset";
const TRACE: &str = "call model\nCaused by: connection reset";

/// dtolnay/anyhow#226 and tokio-rs/tracing#3057: only the outermost text was told.
#[test]
fn causes_are_seen_behind_every_box_and_report() {
    macro_rules! assert_in_scope {
        ($error:expr, $message:expr, $stacktrace:expr) => {
            let capture = Capture::new();
            let span = capture.tracer().span("ask", SpanType::Llm);
            assert!(span.in_scope_result(|_| Err::<(), _>($error)).is_err());
            assert_told(&capture.spans()[0], $message, $stacktrace);
        };
    }
    // Errors of the user's own, also those that borrow, and those behind generics.
    assert_in_scope!(call_model(), MESSAGE, Some(TRACE));
    let owned = call_model();
    assert_in_scope!(&owned, MESSAGE, Some(TRACE));
    assert_in_scope!(Box::new(call_model()), MESSAGE, Some(TRACE));
    assert_in_scope!(Arc::new(call_model()), MESSAGE, Some(TRACE));
    let shared: Arc<dyn Error> = Arc::new(call_model());
    assert_in_scope!(shared, MESSAGE, Some(TRACE));
    let text = "call".to_owned();
    assert_in_scope!(Borrowed(&text), "call", None);
    assert_in_scope!(text.as_str(), "call", None);
    assert_told(&generic(call_model()), MESSAGE, Some(TRACE));
    let boxed: Box<dyn Error + Send + Sync> = Box::new(call_model());
    assert_in_scope!(boxed, MESSAGE, Some(TRACE));
    let boxed: Box<dyn Error + Send> = Box::new(call_model());
    assert_in_scope!(boxed, MESSAGE, Some(TRACE));
    let boxed: Box<dyn Error> = Box::new(call_model());
    assert_in_scope!(boxed, MESSAGE, Some(TRACE));
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(call_model());
    assert_in_scope!(shared, MESSAGE, Some(TRACE));
    assert_in_scope!(anyhow::Error::new(reset()).context("call model"), MESSAGE, Some(TRACE));
    assert_in_scope!(anyhow::Error::new(call_model()), MESSAGE, Some(TRACE));
    assert_in_scope!(eyre::Report::new(reset()).wrap_err("call model"), MESSAGE, Some(TRACE));
    // Nothing caused these.
    assert_in_scope!("refused", "refused", None);
    assert_in_scope!("refused".to_owned(), "refused", None);
    let refused = "refused".to_owned();
    assert_in_scope!(&refused, "refused", None);
    assert_in_scope!(std::rc::Rc::<str>::from("refused"), "refused", None);
    assert_in_scope!(http::StatusCode::BAD_GATEWAY, "502 Bad Gateway", None);
    assert_in_scope!(reset(), "connection reset", None);
    assert_in_scope!(anyhow::anyhow!("alone"), "alone", None);
    assert_in_scope!(fmt::Error, &fmt::Error.to_string(), None);
}

#[tokio::test(start_paused = true)]
async fn every_way_to_record_an_error_tells_its_causes() {
    let failing = || Err::<(), anyhow::Error>(anyhow::Error::new(reset()).context("call model"));
    let capture = Capture::new();
    let tracer = capture.tracer();
    let span = || tracer.span("ask", SpanType::Llm);
    assert!(span().in_scope_result(|_| failing()).is_err());
    assert!(span().run_result(async |_| failing()).await.is_err());
    assert!(span().in_scope_result(|_| Err::<(), _>(call_model())).is_err());
    assert!(span().run_result(async |_| Err::<(), _>(call_model())).await.is_err());
    span().in_scope(|span| {
        span.record_error(&failing().unwrap_err());
    });
    span().in_scope(|span| {
        span.record_exception(&call_model());
    });
    span().in_scope(|span| {
        let error: &dyn Error = &call_model();
        span.record_exception(error);
    });
    let policy = RetryPolicy::new(1);
    assert!(span().retry(&policy).in_scope_result(|_| failing()).is_err());
    assert!(span().retry(&policy).run_result(async |_| failing()).await.is_err());
    let policy = RetryPolicy::new(1);
    let failing = || Err::<(), _>(call_model());
    assert!(span().retry(&policy).in_scope_result(|_| failing()).is_err());
    assert!(span().retry(&policy).run_result(async |_| failing()).await.is_err());
    let spans = capture.spans();
    assert_eq!(spans.len(), 15, "with four attempts");
    for span in &spans {
        assert_told(span, MESSAGE, Some(TRACE));
    }
    let tried = spans.iter().filter_map(|span| span.attribute("retry.attempt_1_failed"));
    assert_eq!(tried.collect::<Vec<_>>(), [&Value::from(MESSAGE); 4]);
}

#[test]
fn a_chain_is_told_once_and_in_bounds() {
    fn told(error: &dyn Error) -> (String, String) {
        let capture = Capture::new();
        capture.tracer().span("ask", SpanType::Llm).in_scope(|span| {
            span.record_exception(error);
        });
        let spans = capture.spans();
        let message = event(&spans[0], "exception.message").unwrap();
        assert_eq!(spans[0].status, Status::error(message.clone()));
        (message, event(&spans[0], "exception.stacktrace").unwrap_or_default())
    }
    for (texts, message) in [
        (&["a", "b", "c"] as &[&str], "a: b: c"),
        // Those that show their cause in their own text.
        (&["call: reset", "reset"], "call: reset"),
        (&["reset", "reset", "reset"], "reset"),
        (&["call: connect: reset", "connect: reset", "reset"], "call: connect: reset"),
        // Those that say nothing.
        (&["", "reset"], "reset"),
        (&["call", "", "reset"], "call: reset"),
        // In several lines.
        (&["call\nmodel", "reset"], "call\nmodel: reset"),
        // With frames.
        (&["call", "reset\n\nStack backtrace:\n   0: main"], "call: reset"),
        (&["call { backtrace: Backtrace [{ fn: \"main\" }] }"], "call { backtrace:"),
    ] {
        let (told, trace) = told(&chain(texts));
        assert_eq!(told, message);
        let is_more = texts.iter().filter(|text| !text.is_empty()).count() > 1;
        assert_eq!(trace.contains("\nCaused by: "), is_more, "{trace}");
        let frames = texts.iter().any(|text| text.to_lowercase().contains("backtrace"));
        assert_eq!(trace.to_lowercase().contains("backtrace"), frames, "{trace}");
    }
    let texts: Vec<_> = (0..40).map(|at| format!("[{at}]")).collect();
    let (message, trace) = told(&chain(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(message.ends_with(": [16]: …: [39]"), "{message}");
    assert!(trace.ends_with("\nCaused by: [16]\nCaused by: …\nCaused by: [39]"), "{trace}");
    for (length, end) in [(17, ": [15]: [16]"), (18, ": [16]: [17]"), (19, ": [16]: …: [18]")] {
        let texts: Vec<_> = texts.iter().take(length).map(String::as_str).collect();
        assert!(told(&chain(&texts)).0.ends_with(end), "{length}");
    }
    let long = "é".repeat(200_000);
    let (message, trace) = told(&chain(&["call", &long, &long, "reset"]));
    assert!(message.starts_with("call: éé") && message.contains('…') && message.len() < 70_000);
    assert!(trace.len() < 140_000, "{}", trace.len());
}

#[test]
fn errors_that_panic_or_never_stop_harm_nobody() {
    #[derive(Debug)]
    enum Rude {
        PanicsInText,
        PanicsInSource,
        NeverStops,
        IsItsOwnCause,
    }
    impl Display for Rude {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::PanicsInText => panic!("no text for you"),
                Self::NeverStops => loop {
                    let _ = f.write_str("again and ");
                },
                _ => f.write_str("rude"),
            }
        }
    }
    impl Error for Rude {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            match self {
                Self::PanicsInSource => panic!("no cause for you"),
                Self::IsItsOwnCause => Some(&Self::IsItsOwnCause),
                _ => None,
            }
        }
    }
    for (error, begin) in [
        (Rude::PanicsInText, ""),
        (Rude::PanicsInSource, "rude"),
        (Rude::NeverStops, "again and again and "),
        (Rude::IsItsOwnCause, "rude"),
    ] {
        let capture = Capture::new();
        let boxed: Box<dyn Error> = Box::new(error);
        let span = capture.tracer().span("ask", SpanType::Llm);
        assert!(span.in_scope_result(|_| Err::<(), _>(boxed)).is_err());
        let spans = capture.spans();
        let message = event(&spans[0], "exception.message").unwrap();
        assert!(message.starts_with(begin) && message.len() < 70_000, "{message:.100}");
    }
}
