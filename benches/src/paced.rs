//! The whole pipeline, so slowly that nothing is dropped: from the start of a span to the answer of a
//! collector, by the CPU time of all threads of this process.

use crate::measure::{Bar, Group, Variant};
use crate::transport::batch::{prela_span, sdk_span};
use crate::transport::sink::Sink;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prela::Otlp;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub(crate) const GRPC: Group = group("pipeline", || {
    let sink = Rc::new(Sink::start());
    let otlp = prela::Exporter::otlp_grpc(sink.grpc());
    vec![sdk(&sink), prela("prela, whole pipeline, gRPC", &sink, otlp)]
});

pub(crate) const HTTP: Group = group("pipeline-http", || {
    let sink = Rc::new(Sink::start());
    let otlp = prela::Exporter::otlp_http(sink.http());
    vec![sdk(&sink), prela("prela, whole pipeline, HTTP", &sink, otlp)]
});

const fn group(name: &'static str, variants: fn() -> Vec<Variant>) -> Group {
    Group { name, work: WORK, unit: "span", variants }
}

const WORK: &str = "spans with 8 attributes and an event each, made, queued, encoded and sent to a process \
                    on loopback, 1,024 between two flushes; CPU time of all threads";

const SDK: &str = "opentelemetry_sdk and -otlp, whole pipeline, gRPC";
/// Half of the peer's queue.
const SPANS: usize = 1_024;

fn prela(name: &'static str, sink: &Rc<Sink>, otlp: Otlp) -> Variant {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("bench");
    let prela = builder.exporter(otlp).build().expect("the settings are valid");
    let (tracer, sink) = (prela.tracer(), sink.clone());
    let run = move || {
        let _sink = &sink;
        (0..SPANS).for_each(|n| prela_span(&tracer, n));
        prela.flush(A_WHILE).expect("the sink takes all");
    };
    Variant::new(name, SPANS, run).by_process().bar(Bar::Ratio(0.2, SDK)).note(
        "putting together and sending is what `transport` says; the rest is making spans, with texts copied that \
         the peer borrows, and waking the export thread, whose runtime polls for each batch.",
    )
}

fn sdk(sink: &Rc<Sink>) -> Variant {
    let runtime = runtime();
    let provider = provider(&runtime, sink.grpc());
    let (tracer, sink) = (provider.tracer("bench"), sink.clone());
    let run = move || {
        let _sink = (&sink, &runtime);
        (0..SPANS).for_each(|n| sdk_span(&tracer, n));
        provider.force_flush().expect("the sink takes all");
    };
    Variant::new(SDK, SPANS, run).by_process()
}

/// What the peer's transport needs.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn provider(runtime: &Runtime, endpoint: String) -> SdkTracerProvider {
    let _inside = runtime.enter();
    let exporter =
        opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
    SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("bench").build())
        .with_batch_exporter(exporter.expect("the settings are valid"))
        .build()
}

const A_WHILE: Duration = Duration::from_secs(60);
