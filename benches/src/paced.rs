//! The whole pipeline, so slowly that nothing is dropped: from the start of a span to the answer of a
//! collector, by the CPU time of all threads of this process.

use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use crate::transport::batch::{prela_span, sdk_span};
use crate::transport::sink::Sink;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prela::Otlp;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub(crate) const GRPC: Group = Group::costs("pipeline", WORK, "span", || {
    let sink = Rc::new(Sink::start());
    let runtime = runtime();
    let exporter = {
        let _inside = runtime.enter();
        SpanExporter::builder().with_tonic().with_endpoint(sink.grpc()).build()
    };
    let sdk = sdk(SDK_GRPC, &sink, exporter.expect("the settings are valid"), Some(runtime));
    let otlp = prela::Exporter::otlp_grpc(sink.grpc());
    vec![sdk, prela("prela, gRPC", &sink, otlp, SDK_GRPC)]
})
.notes(&[WHERE]);

pub(crate) const HTTP: Group = Group::costs("pipeline-http", WORK, "span", || {
    let sink = Rc::new(Sink::start());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", sink.http()))
        .build();
    let sdk = sdk(SDK_HTTP, &sink, exporter.expect("the settings are valid"), None);
    let otlp = prela::Exporter::otlp_http(sink.http());
    vec![sdk, prela("prela, HTTP", &sink, otlp, SDK_HTTP)]
})
.notes(&[WHERE]);

const WORK: &str = "spans with 8 attributes and an event each, current in the context, made, queued, encoded and sent \
                    to a process on loopback, 1,024 between two flushes; CPU time of all threads";

const WHERE: &str = "Four fifths of Prela's time are the user's thread, which records the spans, each of them a root; \
                     `README.md` says where the rest goes, and what was tried.";

const SDK_GRPC: &str = "opentelemetry_sdk and -otlp, gRPC";
const SDK_HTTP: &str = "opentelemetry_sdk and -otlp, HTTP";
/// Half of the queue of either.
const SPANS: usize = 1_024;

fn prela(name: &'static str, sink: &Rc<Sink>, otlp: Otlp, peer: &'static str) -> Variant {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("bench");
    let prela = builder.exporter(otlp).build().expect("the settings are valid");
    let (tracer, sink) = (prela.tracer(), sink.clone());
    let run = move || {
        let _sink = &sink;
        (0..SPANS).for_each(|n| prela_span(&tracer, n));
        prela.flush(A_WHILE).expect("the sink takes all");
    };
    let goal = Goal::at_most(0.2).stretch(0.15);
    Variant::new(name, SPANS, run).by_process().goal(Measure::TimeOf(peer), goal)
}

fn sdk(
    name: &'static str,
    sink: &Rc<Sink>,
    exporter: SpanExporter,
    runtime: Option<Runtime>,
) -> Variant {
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("bench").build())
        .with_batch_exporter(exporter)
        .build();
    let (tracer, sink) = (provider.tracer("bench"), sink.clone());
    let run = move || {
        let _alive = (&sink, &runtime);
        (0..SPANS).for_each(|n| sdk_span(&tracer, n));
        provider.force_flush().expect("the sink takes all");
    };
    Variant::new(name, SPANS, run).by_process()
}

/// What the peer's gRPC transport needs.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

const A_WHILE: Duration = Duration::from_secs(60);
