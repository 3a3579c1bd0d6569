//! Requests that carry something else than spans.

use super::inbox::Inbox;
use hyper::body::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsService;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsService;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prost::Message as _;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// A request of another signal.
#[derive(Clone, Debug)]
pub enum OfSignal {
    Logs(ExportLogsServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

impl OfSignal {
    /// What a body over HTTP is; none if it cannot be read, or nothing is at the path.
    pub fn read(path: &str, body: &[u8]) -> Option<Self> {
        match path {
            "/v1/logs" => ExportLogsServiceRequest::decode(body).ok().map(Self::Logs),
            "/v1/metrics" => ExportMetricsServiceRequest::decode(body).ok().map(Self::Metrics),
            _ => None,
        }
    }

    /// The answer that all was taken.
    pub fn answer(&self) -> Bytes {
        match self {
            Self::Logs(_) => ExportLogsServiceResponse::default().encode_to_vec().into(),
            Self::Metrics(_) => ExportMetricsServiceResponse::default().encode_to_vec().into(),
        }
    }

    /// Log records, each with its scope.
    pub fn log_records(&self) -> Vec<(String, LogRecord)> {
        let Self::Logs(request) = self else { return Vec::new() };
        let scopes = request.resource_logs.iter().flat_map(|it| &it.scope_logs);
        let of_scope = scopes.flat_map(|it| {
            let name = it.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default();
            it.log_records.iter().map(move |record| (name.clone(), record.clone()))
        });
        of_scope.collect()
    }
}

impl OfSignal {
    /// Metrics, each with its scope.
    pub fn metrics(&self) -> Vec<(String, Metric)> {
        let Self::Metrics(request) = self else { return Vec::new() };
        let scopes = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
        let of_scope = scopes.flat_map(|it| {
            let name = it.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default();
            it.metrics.iter().map(move |metric| (name.clone(), metric.clone()))
        });
        of_scope.collect()
    }
}

pub struct LogsCollector(pub Arc<Inbox>);

#[tonic::async_trait]
impl LogsService for LogsCollector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.0.receive_of_signal(OfSignal::Logs(request.into_inner()));
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

pub struct MetricsCollector(pub Arc<Inbox>);

#[tonic::async_trait]
impl MetricsService for MetricsCollector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.0.receive_of_signal(OfSignal::Metrics(request.into_inner()));
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}
