//! The traits of OpenTelemetry, futures, tokio and tracing beside Prela's: each method is what it is without the
//! others.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use opentelemetry::Context;
use opentelemetry::trace::{
    FutureExt as _, Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use prela::pool::{Job, SpawnTraced};
use prela::thread::ScopeExt as _;
use prela::{FutureExt as _, SpanType, TraceContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

fn main() {
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .exporter(prela::export::MemoryExporter::new())
        .build()
        .unwrap();
    let tracer = prela.tracer();
    let span = || tracer.span("work", SpanType::Custom);

    // tokio's.
    let (mut text, mut from, mut to) = (String::new(), &b"text"[..], Vec::new());
    drop(from.read_to_string(&mut text).in_span(span()));
    drop(to.write_all(b"text").in_current_context());

    // OpenTelemetry's.
    let otel = prela.provider().tracer("library");
    let n: u32 = otel.in_span("query", |cx| {
        cx.span().add_event("found", vec![]);
        1
    });
    otel.start("started").end();
    let boxed = opentelemetry::global::tracer("library");
    boxed.in_span("boxed", |cx| assert!(!cx.span().is_recording()));
    assert_eq!(async { 2 }.with_context(Context::new()).now_or_never(), Some(2));
    assert_eq!(async { 3 }.with_current_context().now_or_never(), Some(3));

    // tracing's.
    let traced = async { 4 }.instrument(tracing::info_span!("other")).in_current_span();
    assert_eq!(traced.now_or_never(), Some(4));
    tracing::Span::current().set_attribute("k", 1);

    // Prela's, on futures, streams, references and boxes, and on what the others made of them.
    assert_eq!(async { n }.in_span(span()).now_or_never(), Some(1));
    assert_eq!(async { n }.in_context(TraceContext::default()).now_or_never(), Some(1));
    assert_eq!(async { n }.in_current_context().suppressed().now_or_never(), Some(1));
    let mut by_reference = std::pin::pin!(async { 5 });
    assert_eq!(by_reference.as_mut().in_span(span()).now_or_never(), Some(5));
    assert_eq!(async { 6 }.boxed().in_span(span()).now_or_never(), Some(6));
    assert_eq!(async { 7 }.map(|it| it + 1).in_span(span()).boxed().now_or_never(), Some(8));
    assert_eq!(async { 9 }.with_current_context().in_span(span()).now_or_never(), Some(9));
    let items = stream::iter([1, 2]).in_span(span()).map(|it| it + 1);
    assert_eq!(items.boxed().in_context(TraceContext::default()).count().now_or_never(), Some(2));
    assert_eq!(generic(async { 10 }, span()).now_or_never(), Some(10));
    assert_eq!(stream_of(stream::iter([1]), span()).count().now_or_never(), Some(1));
    assert_eq!(TraceContext::current().bind(async { 11 }).now_or_never(), Some(11));
    let _ = TraceContext::current().suppressed();

    assert_eq!(Here.spawn_traced(|| 12).join().unwrap(), 12);
    std::thread::scope(|threads| drop(threads.spawn_traced(|| ())));
}

struct Here;

impl SpawnTraced for Here {
    fn execute(&self, job: Job) {
        job();
    }
}

fn generic<F: Future>(future: F, span: prela::SpanBuilder) -> impl Future<Output = F::Output> {
    future.in_span(span)
}

fn stream_of<S: stream::Stream>(
    stream: S,
    span: prela::SpanBuilder,
) -> impl stream::Stream<Item = S::Item> {
    stream.in_span(span)
}
