//! What it costs to encode a batch and send it to a collector, beside `opentelemetry-otlp`.
//!
//! The collector is a process of its own that reads and answers, nothing more. Each exporter runs on
//! the thread that is measured, by its CPU time: waiting costs nothing. The peer's HTTP client is its
//! hyper one, which alone can run there, and its gzip has the same zlib as ours, at its own level.

pub(crate) mod batch;
pub(crate) mod sink;

use self::sink::Sink;
use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{
    Compression, Protocol, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::trace::SpanExporter as _;
use prela::Otlp;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub(crate) const SEND: Group = Group::costs(
    "transport",
    "batches of 512 spans with 8 attributes and an event each, encoded and sent to a process on loopback; CPU time",
    "span",
    || {
        let sink = Rc::new(Sink::start());
        vec![
            otlp(OTLP_GRPC, &sink, grpc(&sink, None)),
            prela("prela, gRPC", &sink, prela::Exporter::otlp_grpc(sink.grpc()), OTLP_GRPC),
            otlp(OTLP_GRPC_GZIP, &sink, grpc(&sink, Some(Compression::Gzip))),
            prela(
                "prela, gRPC, gzip",
                &sink,
                prela::Exporter::otlp_grpc(sink.grpc()).gzip(true),
                OTLP_GRPC_GZIP,
            ),
            otlp(OTLP_HTTP, &sink, http(&sink, None)),
            prela("prela, HTTP", &sink, prela::Exporter::otlp_http(sink.http()), OTLP_HTTP),
            otlp(OTLP_HTTP_GZIP, &sink, http(&sink, Some(Compression::Gzip))),
            prela(
                "prela, HTTP, gzip",
                &sink,
                prela::Exporter::otlp_http(sink.http()).gzip(true),
                OTLP_HTTP_GZIP,
            ),
        ]
    },
)
.notes(&["Of Prela's gRPC nearly all is HTTP/2 and the kernel: frames of 16 KiB, and windows that the receiver opens."]);

const OTLP_GRPC: &str = "opentelemetry-otlp, gRPC";
const OTLP_GRPC_GZIP: &str = "opentelemetry-otlp, gRPC, gzip";
const OTLP_HTTP: &str = "opentelemetry-otlp, HTTP";
const OTLP_HTTP_GZIP: &str = "opentelemetry-otlp, HTTP, gzip";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn prela(name: &'static str, sink: &Rc<Sink>, otlp: Otlp, peer: &'static str) -> Variant {
    let (runtime, sink) = (runtime(), sink.clone());
    let exporter = RefCell::new(otlp.into_exporter().expect("the settings are valid"));
    let batch = batch::prela();
    let run = move || {
        let _sink = &sink;
        let exported = runtime.block_on(exporter.borrow_mut().export(&batch));
        assert_eq!(exported.expect("the sink takes it").rejected, 0);
    };
    Variant::new(name, batch::SPANS, run).by_cpu().goal(Measure::TimeOf(peer), Goal::at_most(0.167))
}

type Make = Box<dyn FnOnce() -> opentelemetry_otlp::SpanExporter>;

fn otlp(name: &'static str, sink: &Rc<Sink>, make: Make) -> Variant {
    let (runtime, sink) = (runtime(), sink.clone());
    let exporter = {
        let _inside = runtime.enter();
        make()
    };
    // An exporter consumes its batch, so that copying it is not part of the work.
    let batch = batch::sdk();
    let next = Rc::new(RefCell::new(Some(batch.clone())));
    let refill = next.clone();
    let run = move || {
        let _sink = &sink;
        let batch = next.borrow_mut().take().expect("refilled while at rest");
        runtime.block_on(exporter.export(batch)).expect("the sink takes it");
    };
    let rest = move || *refill.borrow_mut() = Some(batch.clone());
    Variant::new(name, batch::SPANS, run).rest(rest).by_cpu()
}

fn grpc(sink: &Sink, compression: Option<Compression>) -> Make {
    let endpoint = sink.grpc();
    Box::new(move || {
        let builder =
            opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint);
        let builder = match compression {
            Some(compression) => builder.with_compression(compression),
            None => builder,
        };
        builder.build().expect("the settings are valid")
    })
}

fn http(sink: &Sink, compression: Option<Compression>) -> Make {
    let endpoint = format!("{}/v1/traces", sink.http());
    Box::new(move || {
        let builder = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(HyperClient::with_default_connector(TIMEOUT, None))
            .with_endpoint(endpoint)
            .with_protocol(Protocol::HttpBinary);
        let builder = match compression {
            Some(compression) => builder.with_compression(compression),
            None => builder,
        };
        builder.build().expect("the settings are valid")
    })
}

/// As by default.
const TIMEOUT: Duration = Duration::from_secs(10);
