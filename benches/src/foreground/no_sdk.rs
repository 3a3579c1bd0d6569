//! Spans of a library in a program that installed nothing.

use super::{SPANS, ours, peers};
use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;

pub(crate) const NOT_INSTALLED: Group = Group::costs(
    "not-installed",
    "the same root and 4 nested children, with no SDK installed",
    "span",
    || {
        let ours = |name, run: fn()| {
            Variant::new(name, SPANS, run)
                .goal(Measure::Instructions, Goal::at_most(40.0).stretch(10.0))
                .goal(Measure::Allocations, Goal::at_most(0.0))
        };
        vec![
            Variant::new("opentelemetry, attributes at the builder", SPANS, || {
                peers::nested_at_builder(&opentelemetry::global::tracer("bench"));
            }),
            Variant::new("opentelemetry, attributes set later", SPANS, || {
                peers::nested_later(&opentelemetry::global::tracer("bench"));
            }),
            ours("prela, in_scope and set_attribute", || ours::nested_later(&prela::tracer())),
            ours("prela, attr at the builder", || ours::nested_at_builder(&prela::tracer())),
            ours("prela, enter and set_attribute", || ours::nested_entered(&prela::tracer())),
        ]
    },
)
.notes(&["Each call through a guard looks whether there is a span: what `enter` has more than `in_scope`."])
.in_both_profiles();
