//! `err` and `retry`: what caused an error is seen of every type.

use super::global::{block_on, capture};
use crate::causes::{Link, chain, event};
use prela::retry::RetryPolicy;
use prela::span::SpanData;
use prela::{SpanType, Status};
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::ready;
use std::io;
use std::sync::Arc;

type Outcome<E> = Result<(), E>;

#[prela::trace(err)]
fn custom() -> Result<(), Link> {
    Err(chain(&["call model", "connection reset"]))
}

#[prela::trace(err)]
fn aliased() -> Outcome<Link> {
    Err(chain(&["call model", "connection reset"]))
}

#[prela::trace(err)]
fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(custom()?)
}

#[prela::trace(err)]
fn boxed_here() -> Result<(), Box<dyn Error>> {
    Ok(custom()?)
}

#[prela::trace(err)]
fn boxed_to_send() -> Result<(), Box<dyn Error + Send>> {
    custom().map_err(|error| Box::new(error) as _)
}

#[prela::trace(err)]
fn shared() -> Result<(), Arc<dyn Error + Send + Sync>> {
    custom().map_err(|error| Arc::new(error) as _)
}

#[prela::trace(err)]
fn by_anyhow() -> anyhow::Result<()> {
    anyhow::Context::context(Err(io::Error::other("connection reset")), "call model")
}

#[prela::trace(err)]
async fn by_anyhow_later() -> anyhow::Result<()> {
    tokio::task::yield_now().await;
    by_anyhow()
}

#[prela::trace(err)]
fn by_anyhow_in_a_future() -> impl Future<Output = anyhow::Result<()>> {
    async { by_anyhow() }
}

/// A function whose signature alone says the type of the error.
#[prela::trace(err)]
fn converted_in_a_future(fails: bool) -> impl Future<Output = Result<(), Box<dyn Error>>> {
    async move {
        if fails {
            custom()?;
        }
        Ok(())
    }
}

#[prela::trace(err)]
fn known_by_the_signature() -> impl Future<Output = Outcome<Box<dyn Error>>> {
    ready(Err(chain(&["call model", "connection reset"]).into()))
}

#[prela::trace(err)]
fn borrowed<'a>(cause: &'a Link) -> Result<(), Box<dyn Error + 'a>> {
    Err(Box::new(Borrowed(cause)))
}

#[prela::trace(err)]
async fn borrowed_later(cause: &Link) -> Result<(), Box<dyn Error + Send + Sync + '_>> {
    Err(Box::new(Borrowed(cause)))
}

/// An error that cannot outlive what it is about.
#[derive(Debug)]
struct Borrowed<'a>(&'a Link);

impl Display for Borrowed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self.0, f)
    }
}

impl Error for Borrowed<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[prela::trace(err)]
fn by_eyre() -> eyre::Result<()> {
    let error = io::Error::other("connection reset");
    Err(eyre::Report::new(error).wrap_err("call model"))
}

#[prela::trace(err)]
fn generic<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err)]
async fn generic_later<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(retry = RetryPolicy::new(1))]
fn tried() -> Result<(), Link> {
    custom()
}

#[prela::trace(retry = RetryPolicy::new(1))]
async fn tried_later() -> Result<(), Link> {
    custom()
}

/// The last span of this name below a trace of its own.
fn span_of(name: &str, top: &'static str, run: impl FnOnce()) -> Arc<SpanData> {
    capture();
    let trace_id = prela::tracer().span(top, SpanType::Custom).root().in_scope(|span| {
        run();
        span.trace_id()
    });
    let spans = capture().spans();
    let is_it =
        |span: &&Arc<SpanData>| span.name == name && span.span_context.trace_id() == trace_id;
    spans.iter().rfind(is_it).unwrap_or_else(|| panic!("no span `{name}`")).clone()
}

/// dtolnay/anyhow#226 and tokio-rs/tracing#3057: only the outermost text was told.
#[test]
fn the_causes_of_every_type_are_told() {
    let failing = || chain(&["call model", "connection reset"]);
    type Case = (&'static str, Box<dyn FnOnce()>);
    let cases: [Case; 18] = [
        ("custom", Box::new(|| drop(custom()))),
        ("aliased", Box::new(|| drop(aliased()))),
        ("boxed", Box::new(|| drop(boxed()))),
        ("boxed_here", Box::new(|| drop(boxed_here()))),
        ("boxed_to_send", Box::new(|| drop(boxed_to_send()))),
        ("shared", Box::new(|| drop(shared()))),
        ("by_anyhow", Box::new(|| drop(by_anyhow()))),
        ("by_anyhow_later", Box::new(|| drop(block_on(by_anyhow_later())))),
        ("by_anyhow_in_a_future", Box::new(|| drop(block_on(by_anyhow_in_a_future())))),
        ("converted_in_a_future", Box::new(|| drop(block_on(converted_in_a_future(true))))),
        ("known_by_the_signature", Box::new(|| drop(block_on(known_by_the_signature())))),
        ("borrowed", Box::new(move || drop(borrowed(&failing())))),
        ("borrowed_later", Box::new(move || drop(block_on(borrowed_later(&failing()))))),
        ("by_eyre", Box::new(|| drop(by_eyre()))),
        ("generic", Box::new(move || drop(generic(failing())))),
        ("generic_later", Box::new(move || drop(block_on(generic_later(failing()))))),
        ("tried", Box::new(|| drop(tried()))),
        ("tried_later", Box::new(|| drop(block_on(tried_later())))),
    ];
    for (name, run) in cases {
        let span = span_of(name, "causes_of_every_type", run);
        assert_eq!(span.status, Status::error("call model: connection reset"), "{name}");
        let stacktrace = event(&span, "exception.stacktrace");
        let expected = "call model\nCaused by: connection reset";
        assert_eq!(stacktrace.as_deref(), Some(expected), "{name}");
    }
}

#[prela::trace(err(Debug))]
fn report_by_debug() -> anyhow::Result<()> {
    by_anyhow()
}

#[prela::trace(err(Debug))]
fn custom_by_debug() -> Result<(), Link> {
    custom()
}

/// A report with frames, as its `Debug` shows it after `RUST_BACKTRACE=1`.
struct WithFrames;

impl Debug for WithFrames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("call model\n\nStack backtrace:\n   0: main\n")
    }
}

#[prela::trace(err(Debug))]
fn frames_by_debug() -> Result<(), WithFrames> {
    Err(WithFrames)
}

/// Something with a text that is no error.
struct Refusal(u16);

impl Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It would be another text.
        if f.alternate() { f.write_str("{{}}") } else { write!(f, "refused with {}", self.0) }
    }
}

#[prela::trace(err)]
fn refused() -> Result<(), Refusal> {
    Err(Refusal(7))
}

#[prela::trace(err)]
fn any_text<E: Display>(error: E) -> Result<(), E> {
    Err(error)
}

#[test]
fn no_frames_are_in_a_status() {
    let of = |name, run: &dyn Fn()| span_of(name, "no_frames_are_in_a_status", run);
    let span = of("report_by_debug", &|| drop(report_by_debug()));
    assert_eq!(span.status, Status::error("call model: connection reset"));
    let stacktrace = event(&span, "exception.stacktrace").unwrap();
    assert!(stacktrace.starts_with("call model\n\nCaused by:"), "{stacktrace}");

    let span = of("custom_by_debug", &|| drop(custom_by_debug()));
    let Status::Error { description } = &span.status else { panic!("{:?}", span.status) };
    assert!(description.starts_with("Link { text: \"call model\""), "{description}");

    let span = of("frames_by_debug", &|| drop(frames_by_debug()));
    assert_eq!(span.status, Status::error("call model"));
    assert_eq!(event(&span, "exception.message").as_deref(), Some("call model"));
    let stacktrace = event(&span, "exception.stacktrace").unwrap();
    assert!(stacktrace.contains("0: main"), "{stacktrace}");

    for (name, run, text) in [
        ("refused", &(|| drop(refused())) as &dyn Fn(), "refused with 7"),
        ("any_text", &|| assert!(any_text("only text").is_err()), "only text"),
        ("any_text", &|| drop(any_text(Refusal(8))), "refused with 8"),
    ] {
        let span = of(name, run);
        assert_eq!(span.status, Status::error(text));
        assert_eq!(event(&span, "exception.stacktrace"), None);
    }
}
