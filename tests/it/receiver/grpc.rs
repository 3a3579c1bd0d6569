//! OTLP/gRPC, by the generated server.

use super::inbox::{Inbox, Refused};
use super::signals::{LogsCollector, MetricsCollector};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsServiceServer;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsServiceServer;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use std::sync::Arc;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codegen::Service as _;
use tonic::{Request, Response, Status};

/// Serves one connection to its end.
pub async fn serve(stream: impl Read + Write + Send + Unpin + 'static, inbox: Arc<Inbox>) {
    let server = TraceServiceServer::new(Collector { inbox: inbox.clone() })
        .accept_compressed(Gzip)
        .accept_compressed(Zstd)
        .max_decoding_message_size(LARGEST_MESSAGE);
    let logs = LogsServiceServer::new(LogsCollector(inbox.clone())).accept_compressed(Gzip);
    let metrics = MetricsServiceServer::new(MetricsCollector(inbox)).accept_compressed(Gzip);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        match request.uri().path() {
            path if path.contains(".logs.") => logs.clone().call(request),
            path if path.contains(".metrics.") => metrics.clone().call(request),
            _ => server.clone().call(request),
        }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    // A connection that breaks is the client's business.
    let _ = connection.serve_connection(stream, service).await;
}

struct Collector {
    inbox: Arc<Inbox>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let answer = self.inbox.receive(metadata.into_headers(), message).await;
        answer.response().map(Response::new).map_err(|refused| match refused {
            Refused::Unavailable => Status::unavailable("come back later"),
            Refused::Invalid => Status::invalid_argument("cannot read this"),
        })
    }
}

/// The limit of the OpenTelemetry Collector.
const LARGEST_MESSAGE: usize = 4 << 20;
