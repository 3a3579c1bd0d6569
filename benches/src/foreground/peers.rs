//! The same work, done by others.
//!
//! logfire is not among them: its newest, 0.13, is on opentelemetry 0.32, and this workspace has 0.33 alone.

use super::{CHILDREN, OPERATIONS, SPANS, UNSAMPLED_CHILDREN};
use crate::measure::Variant;
use fastrace::local::LocalSpan;
use opentelemetry::trace::{
    Span as _, SpanBuilder, TraceContextExt as _, Tracer, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing_subscriber::layer::SubscriberExt as _;

pub(super) fn sdk(name: &'static str, is_sampled: bool) -> Variant {
    let provider = provider(is_sampled);
    let tracer = provider.tracer("bench");
    let rest = move || provider.force_flush().expect("nowhere takes every span");
    Variant::new(name, SPANS, move || agent(&tracer)).rest(rest)
}

pub(super) fn unsampled_sdk() -> Variant {
    let provider = provider(false);
    let tracer = provider.tracer("bench");
    let run = move || {
        let _root =
            Context::current().with_span(tracer.build(SpanBuilder::from_name("root"))).attach();
        (0..UNSAMPLED_CHILDREN).for_each(|n| child(&tracer, n));
    };
    Variant::new("opentelemetry_sdk, unsampled", UNSAMPLED_CHILDREN, run)
        .rest(move || _ = &provider)
}

pub(super) fn no_sdk() -> Variant {
    Variant::new("opentelemetry, no SDK", SPANS, || agent(&opentelemetry::global::tracer("bench")))
}

pub(super) fn context() -> Variant {
    let provider = provider(true);
    let span = provider.tracer("bench").build(SpanBuilder::from_name("root"));
    let cx = Context::current().with_span(span);
    let run = move || {
        let _attached = cx.clone().attach();
        for _ in 0..OPERATIONS {
            drop(Context::current().attach());
        }
    };
    Variant::new("opentelemetry::Context", OPERATIONS, run).rest(move || _ = &provider)
}

pub(super) fn tracing() -> Variant {
    let provider = provider(true);
    // As lean as it can be: by default it also records threads, places and busy times.
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("bench"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_level(false)
        .with_target(false);
    let subscriber = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let run = move || {
        tracing::dispatcher::with_default(&subscriber, || {
            let _root = tracing::info_span!("root").entered();
            for n in 0..CHILDREN {
                let _child = tracing::info_span!(
                    "child",
                    text = "a short text",
                    whole = i64::try_from(n).unwrap_or_default(),
                    part = 0.5,
                    truth = true
                )
                .entered();
            }
        });
    };
    let rest = move || provider.force_flush().expect("nowhere takes every span");
    Variant::new("tracing-opentelemetry, lean", SPANS, run).rest(rest)
}

/// Without OpenTelemetry's context: no other library sees these spans. Numbers become text.
pub(super) fn fastrace(name: &'static str) -> Variant {
    let config = fastrace::collector::Config::default();
    fastrace::set_reporter(NowhereFastrace, config);
    let run = || {
        let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
        let _root = root.set_local_parent();
        for n in 0..CHILDREN {
            let _child = LocalSpan::enter_with_local_parent("child").with_properties(|| {
                [
                    ("text", "a short text".into()),
                    ("whole", n.to_string().into()),
                    ("part", 0.5.to_string().into()),
                    ("truth", true.to_string().into()),
                ] as [(&str, std::borrow::Cow<'static, str>); 4]
            });
        }
    };
    Variant::new(name, SPANS, run).rest(fastrace::flush)
}

fn agent<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T) {
    let root = Context::current().with_span(tracer.build(SpanBuilder::from_name("root")));
    let _root = root.attach();
    (0..CHILDREN).for_each(|n| child(tracer, n));
}

fn child<T: Tracer<Span: Send + Sync + 'static>>(tracer: &T, n: usize) {
    let mut span = tracer.build(SpanBuilder::from_name("child"));
    span.set_attribute(KeyValue::new("text", "a short text"));
    span.set_attribute(KeyValue::new("whole", i64::try_from(n).unwrap_or_default()));
    span.set_attribute(KeyValue::new("part", 0.5));
    span.set_attribute(KeyValue::new("truth", true));
    let _child = Context::current_with_span(span).attach();
}

fn provider(is_sampled: bool) -> SdkTracerProvider {
    let config = BatchConfigBuilder::default().with_max_queue_size(65_536).build();
    let processor = BatchSpanProcessor::builder(Nowhere).with_batch_config(config).build();
    let sampler = if is_sampled { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
    SdkTracerProvider::builder().with_span_processor(processor).with_sampler(sampler).build()
}

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

struct NowhereFastrace;

impl fastrace::collector::Reporter for NowhereFastrace {
    fn report(&mut self, _: Vec<fastrace::collector::SpanRecord>) {}
}
