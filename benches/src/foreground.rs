//! What a span costs the thread that makes it.
//!
//! Every library is set up as its own documentation sets it up: its defaults, and an exporter that takes
//! all and keeps nothing.

mod future;
mod llm;
mod no_sdk;
mod otel_api;
pub(crate) mod ours;
pub(crate) mod peers;
mod threads;
mod tracing_api;
mod unsampled;

pub(crate) use future::FUTURE;
pub(crate) use llm::LLM;
pub(crate) use no_sdk::NOT_INSTALLED;
pub(crate) use otel_api::OTEL_API;
pub(crate) use threads::THREADS;
pub(crate) use tracing_api::TRACING;
pub(crate) use unsampled::UNSAMPLED;

use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use prela::{SpanType, TraceContext};
use std::hint::black_box;

pub(crate) const SAMPLED: Group = Group::costs(
    "sampled",
    "a root and 4 children, each nested in the one before, with 4 attributes (text, i64, f64, bool) each, \
     current in the context",
    "span",
    || {
        let provider = peers::provider();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::instance().tracer();
        let (attr, enter) = (tracer.clone(), tracer.clone());
        let ours = |variant: Variant| {
            variant
                .rest(ours::flush)
                .goal(Measure::TimeOf(SDK), Goal::at_most(0.65).stretch(0.5))
                .goal(Measure::Instructions, Goal::at_most(1_600.0).stretch(1_300.0))
                .goal(Measure::Allocations, Goal::at_most(2.0))
        };
        vec![
            Variant::new(SDK, SPANS, move || peers::nested_at_builder(&at_builder))
                .rest(peers::flush(&provider)),
            Variant::new(SDK_LATER, SPANS, move || peers::nested_later(&later))
                .rest(peers::flush(&provider)),
            ours(Variant::new("prela, in_scope and set_attribute", SPANS, move || {
                ours::nested_later(&tracer);
            }))
            .goal(Measure::TimeOf(FASTRACE), Goal::at_most(1.0)),
            ours(Variant::new("prela, attr at the builder", SPANS, move || {
                ours::nested_at_builder(&attr);
            })),
            ours(Variant::new("prela, enter and set_attribute", SPANS, move || {
                ours::nested_entered(&enter);
            })),
            peers::fastrace(FASTRACE),
        ]
    },
)
.notes(&[
    "fastrace has no OpenTelemetry context, so other libraries do not see its spans, and its attributes are text.",
    "Of Prela's instructions about 520 are OpenTelemetry's context, created, attached and detached, with both \
     allocations; 380 are the attributes; 300 the end and the queue. `README.md` says what was tried.",
    "`enter` attaches an empty context before it leaves its own, to see whether it may: a guard can be dropped where \
     it may not.",
])
.in_both_profiles();

pub(crate) const START: Group = Group::costs(
    "start",
    "a root that is current, and 4 children with 4 attributes each that are started in it and never current",
    "span",
    || {
        let provider = peers::provider();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::instance().tracer();
        let attr = tracer.clone();
        vec![
            Variant::new(SDK, SPANS, move || peers::started_at_builder(&at_builder))
                .rest(peers::flush(&provider)),
            Variant::new(SDK_LATER, SPANS, move || peers::started_later(&later))
                .rest(peers::flush(&provider)),
            Variant::new("prela, start and set_attribute", SPANS, move || {
                ours::started_later(&tracer);
            })
            .rest(ours::flush),
            Variant::new("prela, start with attr at the builder", SPANS, move || {
                ours::started_at_builder(&attr);
            })
            .rest(ours::flush),
        ]
    },
)
.in_both_profiles();

pub(crate) const CONTEXT: Group = Group::costs(
    "context",
    "a snapshot of the current context, attached and detached",
    "operation",
    || {
        let cx = ours::instance().tracer().span("root", SpanType::Custom).start().context();
        let outer = cx.clone();
        let run = move || {
            cx.run(|| {
                for _ in 0..OPERATIONS {
                    drop(TraceContext::current().attach());
                }
            });
        };
        let run_in = move || {
            outer.run(|| {
                for _ in 0..OPERATIONS {
                    TraceContext::current().run(|| black_box(()));
                }
            });
        };
        vec![
            peers::context(OPERATIONS),
            Variant::new("prela, snapshot", OPERATIONS, run)
                .goal(Measure::Instructions, Goal::at_most(210.0).stretch(150.0))
                .goal(Measure::Allocations, Goal::at_most(0.0)),
            Variant::new("prela, snapshot and run", OPERATIONS, run_in),
        ]
    },
)
.notes(&[
    "Beside OpenTelemetry's context Prela keeps the scope that `baggage::set` is bounded by.",
    "About 120 of Prela's instructions ask whether the context can be popped, by attaching an empty one: \
     OpenTelemetry's guard would be lost where it cannot, and its context current for ever. `TraceContext::run` need \
     not ask.",
])
.in_both_profiles();

const OPERATIONS: usize = 1_000;

const SDK: &str = "opentelemetry_sdk, attributes at the builder";
const SDK_LATER: &str = "opentelemetry_sdk, attributes set later";
const FASTRACE: &str = "fastrace, local spans";

const CHILDREN: usize = 4;
/// With their root.
const SPANS: usize = CHILDREN + 1;
/// So many that what they are in is of no account.
const MANY: usize = 100;
