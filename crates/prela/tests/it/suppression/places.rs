//! Code of the user that runs for the exporters, of which nothing is recorded.

use super::{ACROSS, Instance, every_way};
use opentelemetry::trace::{SpanId, TraceId};
use prela::clock::{Clock, SystemClock};
use prela::export::SpanExporter;
use prela::export::{Batch, ExportFuture, Exported};
use prela::id::{IdGenerator, RandomIds};
use prela::redact::Redactor;
use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::span::{SpanData, SpanProcessor};
use prela::testing::Capture;
use prela::{Builder, Sampler, Span, TraceContext, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

const A_WHILE: Duration = Duration::from_secs(30);

/// What a part of the user's does: it begins spans of the instance that it belongs to.
#[derive(Clone, Debug, Default)]
struct Part {
    instance: Arc<OnceLock<Instance>>,
    calls: Arc<AtomicUsize>,
}

impl Part {
    fn call(&self) {
        if let Some(instance) = self.instance.get() {
            self.calls.fetch_add(1, Ordering::SeqCst);
            every_way(instance);
            ACROSS.iter().for_each(|(_, way)| way(instance));
        }
    }
}

/// Checks that of an instance with such a part only the two spans of the user are recorded, in several cycles of
/// export, although the part was called.
#[track_caller]
fn check(configure: impl FnOnce(Builder, Part) -> Builder) {
    let part = Part::default();
    let capture = Capture::with(|builder| configure(builder, part.clone()));
    part.instance.set(Instance::of(&capture)).unwrap();
    for _ in 0..3 {
        capture.tracer().span_default("outer").in_scope(|_| {
            capture.tracer().span_default("inner").in_scope(|_| ());
        });
        let _ = capture.prela().flush(A_WHILE);
    }
    let report = capture.prela().shutdown(A_WHILE);
    assert!(part.calls.load(Ordering::SeqCst) > 0, "it was called");
    let exporters = report.stats.exporters.len() as u64;
    assert_eq!(report.stats.ended, 6 * exporters);
}

impl SpanExporter for Part {
    fn name(&self) -> String {
        self.call();
        "part".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        self.call();
        Box::pin(async move {
            self.call();
            tokio::task::yield_now().await;
            self.call();
            let part = self.clone();
            tokio::spawn(async move { part.call() }).await.unwrap();
            let part = self.clone();
            tokio::task::spawn_blocking(move || part.call()).await.unwrap();
            Ok(Exported::all())
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        self.call();
        Box::pin(async move {
            self.call();
            Ok(())
        })
    }
}

impl SpanProcessor for Part {
    fn on_start(&self, span: &Span, parent: &TraceContext) {
        self.call();
        parent.run(|| self.call());
        span.context().run(|| self.call());
        span.set_attribute("seen", true);
    }

    fn on_end(&self, span: &SpanData) {
        assert_eq!(span.attribute("seen"), Some(&true.into()));
        self.call();
    }
}

impl ShouldSample for Part {
    fn should_sample(&self, _: &SamplingParameters<'_>) -> Sampling {
        self.call();
        Sampling::record()
    }
}

impl IdGenerator for Part {
    fn new_trace_id(&self) -> TraceId {
        self.call();
        RandomIds::default().new_trace_id()
    }

    fn new_span_id(&self) -> SpanId {
        self.call();
        RandomIds::default().new_span_id()
    }
}

impl Clock for Part {
    fn wall(&self) -> SystemTime {
        self.call();
        SystemClock::default().wall()
    }

    fn monotonic(&self) -> Duration {
        self.call();
        SystemClock::default().monotonic()
    }
}

#[test]
fn spans_of_an_exporter_are_suppressed() {
    check(|builder, part| builder.exporter(part));
}

#[test]
fn spans_of_a_processor_are_suppressed() {
    check(|builder, part| builder.processor(part));
}

#[test]
fn spans_of_a_sampler_are_suppressed() {
    check(|builder, part| builder.sampler(Sampler::custom(part)));
    check(|builder, part| builder.sampler(Sampler::parent_based(Sampler::custom(part))));
    check(|builder, part| builder.sampler(Sampler::any([Sampler::custom(part)])));
}

#[test]
fn spans_of_a_generator_of_ids_are_suppressed() {
    check(|builder, part| builder.id_generator(part));
}

#[test]
fn spans_of_a_clock_are_suppressed() {
    check(|builder, part| builder.clock(part));
}

#[test]
fn spans_of_a_redactors_rule_are_suppressed() {
    check(|builder, part| {
        builder.redact(Redactor::new().rule(move |_: &str, _: &Value| {
            part.call();
            None
        }))
    });
}

/// Refuses every batch.
struct Refuses;

impl SpanExporter for Refuses {
    fn name(&self) -> String {
        "refuses".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async { Err(prela::Error::new(prela::ErrorKind::Rejected, "export: no")) })
    }
}

#[test]
fn spans_of_handlers_of_losses_and_diagnostics_are_suppressed() {
    check(|builder, part| builder.exporter(Refuses).on_drop(move |_| part.call()));
    check(|builder, part| builder.exporter(Refuses).diagnostics(move |_| part.call()));
}

/// Begins spans of another instance.
struct Elsewhere(Arc<OnceLock<Instance>>);

impl SpanProcessor for Elsewhere {
    fn on_start(&self, _: &Span, _: &TraceContext) {
        self.0.get().into_iter().for_each(every_way);
    }

    fn on_end(&self, _: &SpanData) {
        self.0.get().into_iter().for_each(every_way);
    }
}

#[test]
fn two_processors_that_record_in_each_others_instance() {
    let instances = [(); 2].map(|()| Arc::new(OnceLock::new()));
    let captures =
        instances.clone().map(|it| Capture::with(|builder| builder.processor(Elsewhere(it))));
    instances[0].set(Instance::of(&captures[1])).unwrap();
    instances[1].set(Instance::of(&captures[0])).unwrap();
    captures[0].tracer().span_default("user's").in_scope(|_| ());
    // Those of the first one's processor are recorded by the second, and that is the end of it.
    assert_eq!(captures[0].tree(), "user's  custom\n");
    assert!(!captures[1].spans().is_empty());
}
