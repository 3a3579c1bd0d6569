//! The variables that say how to reach a collector: for each setting the signal's own, and then that of all signals.

use crate::env::{self, Variable};
use crate::otlp::Signal;

type Pair = [Variable; 2];

/// The variables of one signal.
pub(super) struct Variables {
    pub(super) endpoint: Pair,
    pub(super) protocol: Pair,
    pub(super) headers: Pair,
    pub(super) timeout: Pair,
    pub(super) compression: Pair,
    pub(super) certificate: Pair,
    pub(super) client_certificate: Pair,
    pub(super) client_key: Pair,
    pub(super) insecure: Pair,
}

impl Variables {
    pub(super) const fn of(signal: Signal) -> &'static Self {
        match signal {
            Signal::Traces => &TRACES,
            #[cfg(feature = "tracing")]
            Signal::Logs => &LOGS,
            #[cfg(feature = "metrics")]
            Signal::Metrics => &METRICS,
        }
    }
}

const TRACES: Variables = Variables {
    endpoint: [env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT],
    protocol: [env::OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL],
    headers: [env::OTEL_EXPORTER_OTLP_TRACES_HEADERS, env::OTEL_EXPORTER_OTLP_HEADERS],
    timeout: [env::OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, env::OTEL_EXPORTER_OTLP_TIMEOUT],
    compression: [env::OTEL_EXPORTER_OTLP_TRACES_COMPRESSION, env::OTEL_EXPORTER_OTLP_COMPRESSION],
    certificate: [env::OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE, env::OTEL_EXPORTER_OTLP_CERTIFICATE],
    client_certificate: [
        env::OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,
        env::OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE,
    ],
    client_key: [env::OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY, env::OTEL_EXPORTER_OTLP_CLIENT_KEY],
    insecure: [env::OTEL_EXPORTER_OTLP_TRACES_INSECURE, env::OTEL_EXPORTER_OTLP_INSECURE],
};

#[cfg(feature = "tracing")]
const LOGS: Variables = Variables {
    endpoint: [env::OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT],
    protocol: [env::OTEL_EXPORTER_OTLP_LOGS_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL],
    headers: [env::OTEL_EXPORTER_OTLP_LOGS_HEADERS, env::OTEL_EXPORTER_OTLP_HEADERS],
    timeout: [env::OTEL_EXPORTER_OTLP_LOGS_TIMEOUT, env::OTEL_EXPORTER_OTLP_TIMEOUT],
    compression: [env::OTEL_EXPORTER_OTLP_LOGS_COMPRESSION, env::OTEL_EXPORTER_OTLP_COMPRESSION],
    certificate: [env::OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE, env::OTEL_EXPORTER_OTLP_CERTIFICATE],
    client_certificate: [
        env::OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE,
        env::OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE,
    ],
    client_key: [env::OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY, env::OTEL_EXPORTER_OTLP_CLIENT_KEY],
    insecure: [env::OTEL_EXPORTER_OTLP_LOGS_INSECURE, env::OTEL_EXPORTER_OTLP_INSECURE],
};

#[cfg(feature = "metrics")]
const METRICS: Variables = Variables {
    endpoint: [env::OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT],
    protocol: [env::OTEL_EXPORTER_OTLP_METRICS_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL],
    headers: [env::OTEL_EXPORTER_OTLP_METRICS_HEADERS, env::OTEL_EXPORTER_OTLP_HEADERS],
    timeout: [env::OTEL_EXPORTER_OTLP_METRICS_TIMEOUT, env::OTEL_EXPORTER_OTLP_TIMEOUT],
    compression: [env::OTEL_EXPORTER_OTLP_METRICS_COMPRESSION, env::OTEL_EXPORTER_OTLP_COMPRESSION],
    certificate: [env::OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE, env::OTEL_EXPORTER_OTLP_CERTIFICATE],
    client_certificate: [
        env::OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE,
        env::OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE,
    ],
    client_key: [env::OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY, env::OTEL_EXPORTER_OTLP_CLIENT_KEY],
    insecure: [env::OTEL_EXPORTER_OTLP_METRICS_INSECURE, env::OTEL_EXPORTER_OTLP_INSECURE],
};
