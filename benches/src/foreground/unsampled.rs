//! Spans of a trace that nobody wants.

use super::peers::{self, four};
use super::{SDK, SDK_LATER, ours};
use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use prela::{SpanType, Tracer};

pub(crate) const UNSAMPLED: Group = Group::costs(
    "unsampled",
    "a child with 4 attributes in a trace that is not sampled, current in the context; its root is of no account",
    "span",
    || {
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(peers::Nowhere)
            .with_sampler(Sampler::AlwaysOff)
            .build();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::unsampled_instance().tracer();
        let attr = tracer.clone();
        let ours = |name, run: Box<dyn Fn()>| {
            Variant::new(name, CHILDREN, run)
                .goal(Measure::Instructions, Goal::at_most(250.0).stretch(200.0))
                // Of the root, once a thousand.
                .goal(Measure::Allocations, Goal::at_most(0.01))
        };
        vec![
            Variant::new(SDK, CHILDREN, move || {
                let _provider = &provider;
                sdk_at_builder(&at_builder);
            }),
            Variant::new(SDK_LATER, CHILDREN, move || sdk_later(&later)),
            ours("prela, in_scope and set_attribute", Box::new(move || later_in_scope(&tracer))),
            ours("prela, attr at the builder", Box::new(move || at_builder_in_scope(&attr))),
        ]
    },
)
.notes(&[
    "Prela finds the parent and what is suppressed in the context, and opens a scope of its own for `baggage::set`: \
     about 200 of the instructions. Attributes of the builder are written to its message, as it may be given another \
     parent yet: more instructions than keeping them as they are, and two thirds of the time.",
])
.in_both_profiles();

const CHILDREN: usize = 1_000;

fn sdk_at_builder(tracer: &SdkTracer) {
    let _root = Context::current_with_span(tracer.start("root")).attach();
    for n in 0..CHILDREN {
        let child = tracer.span_builder("child").with_attributes(four(n)).start(tracer);
        let _child = Context::current_with_span(child).attach();
    }
}

fn sdk_later(tracer: &SdkTracer) {
    tracer.in_span("root", |_| {
        for n in 0..CHILDREN {
            tracer.in_span("child", |cx| peers::set_four(&cx.span(), n));
        }
    });
}

fn later_in_scope(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 0..CHILDREN {
            tracer.span("child", SpanType::Custom).in_scope(|span| ours::set_four(span, n));
        }
    });
}

fn at_builder_in_scope(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 0..CHILDREN {
            let child = tracer.span("child", SpanType::Custom).attr("text", "a short text");
            child.attr("whole", n).attr("part", 0.5).attr("truth", true).in_scope(|_| ());
        }
    });
}
