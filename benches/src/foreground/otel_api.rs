//! Spans of a library that knows OpenTelemetry's API alone.

use super::{SDK, SDK_LATER, SPANS, ours, peers};
use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use opentelemetry::trace::TracerProvider as _;

pub(crate) const OTEL_API: Group = Group::costs(
    "opentelemetry-api",
    "the root and 4 nested children of `sampled`, made through OpenTelemetry's API",
    "span",
    || {
        let provider = peers::provider();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::instance().provider().tracer("bench");
        let ours_later = tracer.clone();
        let ours = |variant: Variant, peer| {
            variant
                .rest(ours::flush)
                .goal(Measure::TimeOf(peer), NOT_ABOVE)
                .goal(Measure::InstructionsOf(peer), NOT_ABOVE)
        };
        vec![
            Variant::new(SDK, SPANS, move || peers::nested_at_builder(&at_builder))
                .rest(peers::flush(&provider)),
            Variant::new(SDK_LATER, SPANS, move || peers::nested_later(&later))
                .rest(peers::flush(&provider)),
            ours(
                Variant::new("prela, attributes at the builder", SPANS, move || {
                    peers::nested_at_builder(&tracer);
                }),
                SDK,
            ),
            ours(
                Variant::new("prela, attributes set later", SPANS, move || {
                    peers::nested_later(&ours_later);
                }),
                SDK_LATER,
            ),
        ]
    },
)
.notes(&[
    "Prela's span has its message, its handle and its ids beside what the API's context needs, and writes each attribute \
     as OTLP at once: up to 250 instructions more than the stock SDK's, in less time.",
])
.in_both_profiles();

/// The stock SDK's own cost, in the same idiom.
pub(super) const NOT_ABOVE: Goal = Goal::at_most(1.0).stretch(0.8);
