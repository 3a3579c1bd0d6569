//! The work of `ours.rs`, done by other SDKs.
//!
//! logfire is not among them: its newest, 0.13, is on opentelemetry 0.32, and this workspace has 0.33 alone.

use super::{CHILDREN, SPANS};
use crate::measure::Variant;
use fastrace::local::LocalSpan;
use opentelemetry::trace::{Span as _, SpanRef, TraceContextExt as _, Tracer, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use std::borrow::Cow;

/// As `with_batch_exporter` sets it up: a queue of 2,048 spans, batches of 512, every 5 seconds.
pub(crate) fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_batch_exporter(Nowhere).build()
}

pub(crate) fn tracer(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer("bench")
}

pub(crate) fn flush(provider: &SdkTracerProvider) -> impl Fn() + 'static {
    let provider = provider.clone();
    move || provider.force_flush().expect("nowhere takes every span")
}

pub(super) fn nested_at_builder<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T) {
    let root = tracer.start("root");
    let _root = Context::current_with_span(root).attach();
    nest_at_builder(tracer, CHILDREN);
}

fn nest_at_builder<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T, depth: usize) {
    if depth > 0 {
        let child = tracer.span_builder("child").with_attributes(four(depth)).start(tracer);
        let _child = Context::current_with_span(child).attach();
        nest_at_builder(tracer, depth - 1);
    }
}

pub(super) fn nested_later<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T) {
    tracer.in_span("root", |_| nest_later(tracer, CHILDREN));
}

fn nest_later<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T, depth: usize) {
    if depth > 0 {
        tracer.in_span("child", |cx| {
            set_four(&cx.span(), depth);
            nest_later(tracer, depth - 1);
        });
    }
}

pub(super) fn started_at_builder(tracer: &SdkTracer) {
    tracer.in_span("root", |_| {
        for n in 0..CHILDREN {
            drop(tracer.span_builder("child").with_attributes(four(n)).start(tracer));
        }
    });
}

pub(super) fn started_later(tracer: &SdkTracer) {
    tracer.in_span("root", |_| {
        for n in 0..CHILDREN {
            let mut child = tracer.start("child");
            child.set_attribute(KeyValue::new("text", "a short text"));
            child.set_attribute(KeyValue::new("whole", n as i64));
            child.set_attribute(KeyValue::new("part", 0.5));
            child.set_attribute(KeyValue::new("truth", true));
        }
    });
}

pub(super) fn four(n: usize) -> [KeyValue; 4] {
    [
        KeyValue::new("text", "a short text"),
        KeyValue::new("whole", n as i64),
        KeyValue::new("part", 0.5),
        KeyValue::new("truth", true),
    ]
}

pub(super) fn set_four(span: &SpanRef<'_>, n: usize) {
    span.set_attribute(KeyValue::new("text", "a short text"));
    span.set_attribute(KeyValue::new("whole", n as i64));
    span.set_attribute(KeyValue::new("part", 0.5));
    span.set_attribute(KeyValue::new("truth", true));
}

pub(super) fn context(operations: usize) -> Variant {
    let provider = provider();
    let cx = Context::current_with_span(tracer(&provider).start("root"));
    let run = move || {
        let _attached = (cx.clone().attach(), &provider);
        for _ in 0..operations {
            drop(Context::current().attach());
        }
    };
    Variant::new("opentelemetry::Context", operations, run)
}

pub(super) fn fastrace(name: &'static str) -> Variant {
    fastrace_reporter();
    Variant::new(name, SPANS, nested_fastrace).rest(fastrace::flush)
}

pub(super) fn nested_fastrace() {
    let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
    let _root = root.set_local_parent();
    nest_fastrace(CHILDREN);
}

fn nest_fastrace(depth: usize) {
    if depth > 0 {
        let _child =
            LocalSpan::enter_with_local_parent("child").with_properties(|| four_texts(depth));
        nest_fastrace(depth - 1);
    }
}

/// Its attributes are text: numbers are written as such.
pub(super) fn four_texts(n: usize) -> [(&'static str, Cow<'static, str>); 4] {
    [
        ("text", "a short text".into()),
        ("whole", n.to_string().into()),
        ("part", 0.5.to_string().into()),
        ("truth", "true".into()),
    ]
}

/// Its defaults, and a reporter that keeps nothing.
pub(super) fn fastrace_reporter() {
    fastrace::set_reporter(NowhereFastrace, fastrace::collector::Config::default());
}

#[derive(Debug)]
pub(super) struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

struct NowhereFastrace;

impl fastrace::collector::Reporter for NowhereFastrace {
    fn report(&mut self, _: Vec<fastrace::collector::SpanRecord>) {}
}
