//! Spans of `tracing`, through `tracing-opentelemetry`.

use super::otel_api::NOT_ABOVE;
use super::{CHILDREN, SPANS, ours, peers};
use crate::group::Group;
use crate::measure::{Measure, Variant};
use opentelemetry::trace::{Tracer, TracerProvider as _};
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) const TRACING: Group = Group::costs(
    "tracing",
    "the root and 4 nested children of `sampled`, made by `tracing`'s macros, through tracing-opentelemetry: with \
     its defaults, and without places, threads, times, levels and targets",
    "span",
    || {
        let provider = peers::provider();
        let tracer = ours::instance().provider().tracer("bench");
        let sdk = |name, subscriber| variant(name, subscriber).rest(peers::flush(&provider));
        let ours = |name, subscriber, peer| {
            variant(name, subscriber)
                .rest(ours::flush)
                .goal(Measure::TimeOf(peer), NOT_ABOVE)
                .goal(Measure::InstructionsOf(peer), NOT_ABOVE)
        };
        vec![
            sdk(DEFAULTS, defaults(peers::tracer(&provider))),
            sdk(LEAN, lean(peers::tracer(&provider))),
            ours("prela, defaults", defaults(tracer.clone()), DEFAULTS),
            ours("prela, lean", lean(tracer), LEAN),
        ]
    },
)
.notes(&["Prela writes each attribute as OTLP here, and the stock SDK on its export thread: `pipeline` has both sums."])
.in_both_profiles();

const DEFAULTS: &str = "opentelemetry_sdk, defaults";
const LEAN: &str = "opentelemetry_sdk, lean";

fn variant(name: &'static str, subscriber: Dispatch) -> Variant {
    let run = move || {
        tracing::dispatcher::with_default(&subscriber, || {
            let _root = tracing::info_span!("root").entered();
            nest(CHILDREN);
        });
    };
    Variant::new(name, SPANS, run)
}

fn nest(depth: usize) {
    if depth > 0 {
        let _child = tracing::info_span!(
            "child",
            text = "a short text",
            whole = depth as i64,
            part = 0.5,
            truth = true
        )
        .entered();
        nest(depth - 1);
    }
}

fn defaults<T>(tracer: T) -> Dispatch
where
    T: Tracer<Span: Send + Sync> + Send + Sync + 'static,
{
    Dispatch::new(Registry::default().with(tracing_opentelemetry::layer().with_tracer(tracer)))
}

fn lean<T>(tracer: T) -> Dispatch
where
    T: Tracer<Span: Send + Sync> + Send + Sync + 'static,
{
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_level(false)
        .with_target(false);
    Dispatch::new(Registry::default().with(layer))
}
