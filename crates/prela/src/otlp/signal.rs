//! What requests carry. The frames of all signals have the same field numbers, so one encoder and one splitter
//! serve all of them; what differs is here.

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signal {
    #[default]
    Traces,
    #[cfg(feature = "tracing")]
    Logs,
    #[cfg(feature = "metrics")]
    Metrics,
}

impl Signal {
    /// The path of its requests over HTTP, below that of the collector.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            #[cfg(feature = "tracing")]
            Self::Logs => "/v1/logs",
            #[cfg(feature = "metrics")]
            Self::Metrics => "/v1/metrics",
        }
    }

    /// The variable that has the whole address of its requests.
    pub(crate) fn endpoint_variable(self) -> &'static str {
        match self {
            Self::Traces => "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            #[cfg(feature = "tracing")]
            Self::Logs => "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            #[cfg(feature = "metrics")]
            Self::Metrics => "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        }
    }

    /// What follows a collector's address in the name of an exporter; nothing for spans.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Traces => "",
            #[cfg(feature = "tracing")]
            Self::Logs => " for logs",
            #[cfg(feature = "metrics")]
            Self::Metrics => " for metrics",
        }
    }

    /// The path of its gRPC method.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            #[cfg(feature = "tracing")]
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            #[cfg(feature = "metrics")]
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }
}
