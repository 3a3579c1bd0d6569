//! The work, done by Prela.

use prela::export::{Batch, ExportFuture, Exported};
use prela::{Prela, Sampler, Span, SpanType, Tracer};
use std::sync::OnceLock;
use std::time::Duration;

pub(super) fn nested_later(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| nest_later(tracer, super::CHILDREN));
}

fn nest_later(tracer: &Tracer, depth: usize) {
    if depth > 0 {
        tracer.span("child", SpanType::Custom).in_scope(|span| {
            set_four(span, depth);
            nest_later(tracer, depth - 1);
        });
    }
}

pub(super) fn nested_at_builder(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| nest_at_builder(tracer, super::CHILDREN));
}

fn nest_at_builder(tracer: &Tracer, depth: usize) {
    if depth > 0 {
        let child = tracer
            .span("child", SpanType::Custom)
            .attr("text", "a short text")
            .attr("whole", depth)
            .attr("part", 0.5)
            .attr("truth", true);
        child.in_scope(|_| nest_at_builder(tracer, depth - 1));
    }
}

pub(super) fn nested_entered(tracer: &Tracer) {
    let _root = tracer.span("root", SpanType::Custom).enter();
    nest_entered(tracer, super::CHILDREN);
}

fn nest_entered(tracer: &Tracer, depth: usize) {
    if depth > 0 {
        let span = tracer.span("child", SpanType::Custom).enter();
        set_four(&span, depth);
        nest_entered(tracer, depth - 1);
    }
}

pub(super) fn started_later(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 0..super::CHILDREN {
            set_four(&tracer.span("child", SpanType::Custom).start(), n);
        }
    });
}

pub(super) fn started_at_builder(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 0..super::CHILDREN {
            let child = tracer.span("child", SpanType::Custom).attr("text", "a short text");
            drop(child.attr("whole", n).attr("part", 0.5).attr("truth", true).start());
        }
    });
}

pub(super) fn set_four(span: &Span, n: usize) {
    span.set_attribute("text", "a short text")
        .set_attribute("whole", n)
        .set_attribute("part", 0.5)
        .set_attribute("truth", true);
}

/// The one instance of the process: several would each say in every context whose span is in it.
pub(crate) fn instance() -> &'static Prela {
    static INSTANCE: OnceLock<Prela> = OnceLock::new();
    INSTANCE.get_or_init(|| build(Sampler::always_on()))
}

/// The instance of a process whose traces are not sampled.
pub(super) fn unsampled_instance() -> &'static Prela {
    static INSTANCE: OnceLock<Prela> = OnceLock::new();
    INSTANCE.get_or_init(|| build(Sampler::always_off()))
}

fn build(sampler: Sampler) -> Prela {
    let builder = prela::builder().service_name("bench").exporter(Nowhere);
    let builder = builder.env([] as [(&str, &str); 0]).sampler(sampler);
    builder.build().expect("the settings are valid")
}

pub(crate) fn flush() {
    instance().flush(Duration::from_secs(10)).expect("nowhere takes every span");
    assert_eq!(instance().stats().dropped, 0, "a span that is dropped is cheaper");
}

struct Nowhere;

impl prela::export::SpanExporter for Nowhere {
    fn name(&self) -> String {
        "nowhere".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async { Ok(Exported::all()) })
    }
}
