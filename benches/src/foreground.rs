//! What a span costs the thread that makes it.

mod peers;

use crate::measure::{Bar, Group, Variant};
use prela::export::{Batch, ExportFuture, Exported};
use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::{Prela, Sampler, SpanType, TraceContext, Tracer};
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) const SAMPLED: Group = Group {
    name: "sampled",
    work: "a root and 4 nested children with 4 attributes (text, i64, f64, bool) each, current in the context",
    unit: "span",
    variants: || {
        vec![
            peers::sdk(SDK, true),
            sampled()
                .bar(Bar::Instructions(1_300.0))
                .bar(Bar::Allocations(2.0))
                .bar(Bar::Ratio(0.5, SDK))
                .bar(Bar::Ratio(1.0, FASTRACE)),
            peers::tracing(),
            peers::fastrace(FASTRACE),
        ]
    },
};

pub(crate) const UNSAMPLED: Group = Group {
    name: "unsampled",
    work: "a child with 4 attributes in a trace that is not sampled",
    unit: "span",
    variants: || {
        vec![
            peers::unsampled_sdk(),
            unsampled().bar(Bar::Instructions(200.0)).bar(Bar::Allocations(0.01)),
        ]
    },
};

pub(crate) const NOT_INSTALLED: Group = Group {
    name: "not-installed",
    work: "the same root and 4 children, with no SDK installed",
    unit: "span",
    variants: || {
        vec![
            peers::no_sdk(),
            Variant::new("prela, no instance", SPANS, || agent(&prela::tracer()))
                .bar(Bar::Instructions(40.0))
                .bar(Bar::Allocations(0.0)),
        ]
    },
};

pub(crate) const CONTEXT: Group = Group {
    name: "context",
    work: "a snapshot of the current context, attached and detached",
    unit: "operation",
    variants: || {
        vec![peers::context(), snapshot().bar(Bar::Instructions(210.0)).bar(Bar::Allocations(0.0))]
    },
};

const SDK: &str = "opentelemetry_sdk, batch processor";
const FASTRACE: &str = "fastrace, local spans";

const CHILDREN: usize = 4;
const SPANS: usize = 1 + CHILDREN;

fn sampled() -> Variant {
    let tracer = instance().tracer();
    Variant::new("prela", SPANS, move || agent(&tracer)).rest(flush).note(
        "about 600 instructions and both allocations are OpenTelemetry's context, which other libraries read; \
         800 are the attributes, each under the lock of its span, checked against its keys and limits, and \
         written as OTLP, which the peers leave to their exporters; 330 are two readings of the clock, an id and \
         the start of the message; 320 put the message into the queue and count it; 250 find the parent, the \
         instance and the decision. In time, the locks, one for each attribute, and the clock, 24 ns a reading, \
         are over a third. 0.7 to 1.05 of opentelemetry_sdk from run to run, less where memory is slower.",
    )
}

fn unsampled() -> Variant {
    let tracer = instance().tracer();
    let run = move || {
        tracer.span(UNSAMPLED_ROOT, SpanType::Custom).in_scope(|_| {
            (0..UNSAMPLED_CHILDREN).for_each(|n| child(&tracer, n));
        });
    };
    Variant::new("prela, unsampled", UNSAMPLED_CHILDREN, run).rest(flush).note(
        "a record is taken from its pool and given back, in case the builder is given another parent; its scope is \
         one of its own, for `baggage::set`, in the context of the span above.",
    )
}

/// So many that their root is of no account.
const UNSAMPLED_CHILDREN: usize = 1_000;

fn snapshot() -> Variant {
    let cx = instance().tracer().span("root", SpanType::Custom).start().context();
    let run = move || {
        cx.run(|| {
            for _ in 0..OPERATIONS {
                drop(TraceContext::current().attach());
            }
        });
    };
    Variant::new("prela, snapshot", OPERATIONS, run).note(
        "beside OpenTelemetry's own 136 it keeps the scope that `baggage::set` is bounded by.",
    )
}

const OPERATIONS: usize = 1_000;

/// The work.
fn agent(tracer: &Tracer) {
    tracer
        .span("root", SpanType::Custom)
        .in_scope(|_| (0..CHILDREN).for_each(|n| child(tracer, n)));
}

fn child(tracer: &Tracer, n: usize) {
    tracer.span("child", SpanType::Custom).in_scope(|span| {
        span.set_attribute("text", "a short text")
            .set_attribute("whole", n)
            .set_attribute("part", 0.5)
            .set_attribute("truth", true);
    });
}

/// The one instance of the process: several would each say in every context whose span is in it.
pub(crate) fn instance() -> &'static Prela {
    static INSTANCE: OnceLock<Prela> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let builder = prela::builder().service_name("bench").exporter(Nowhere);
        let builder = builder.env([] as [(&str, &str); 0]).max_queue_size(65_536);
        builder.sampler(Sampler::custom(ByName)).build().expect("the settings are valid")
    })
}

fn flush() {
    instance().flush(Duration::from_secs(10)).expect("nowhere takes every span");
}

const UNSAMPLED_ROOT: &str = "unsampled";

/// Asked once a trace, as any sampler.
#[derive(Debug)]
struct ByName;

impl ShouldSample for ByName {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        if span.name == UNSAMPLED_ROOT { Sampling::drop() } else { Sampling::record() }
    }
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
