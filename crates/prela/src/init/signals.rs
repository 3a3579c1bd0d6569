//! The signals beside spans: whether they are sent, where and how.

#[cfg(all(any(feature = "tracing", feature = "metrics"), feature = "__otlp"))]
mod sent;

#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(super) use self::sent::logs;
#[cfg(all(feature = "metrics", feature = "__otlp"))]
pub(super) use self::sent::metrics;

use crate::Error;
use crate::env::{self, Environment, Variable};

/// Whether the environment asks for log records.
pub(super) fn asks_for_logs(env: &Environment) -> Result<bool, Error> {
    asks(env, env::OTEL_LOGS_EXPORTER, env::OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, HAS_LOGS)
}

/// Whether the environment asks for metrics.
pub(super) fn asks_for_metrics(env: &Environment) -> Result<bool, Error> {
    asks(env, env::OTEL_METRICS_EXPORTER, env::OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, HAS_METRICS)
}

/// Whether the environment asks for a signal: by its exporter, or else by an endpoint of its own. One endpoint for all
/// signals does not count, since a collector of traces need not take anything else.
fn asks(
    env: &Environment,
    exporter: Variable,
    endpoint: Variable,
    otlp: Result<bool, &str>,
) -> Result<bool, Error> {
    match env.get(exporter)? {
        Some(setting) => {
            let chosen = setting.choices(&[("otlp", otlp), ("none", Ok(false))])?;
            Ok(chosen.contains(&true))
        }
        None => Ok(otlp.is_ok() && (env.is_set(endpoint) || env.has_left_out(&[endpoint]))),
    }
}

const HAS_OTLP: bool = cfg!(feature = "__otlp");
const HAS_LOGS: Result<bool, &str> = if cfg!(feature = "tracing") && HAS_OTLP {
    Ok(true)
} else {
    Err("log records need the feature `tracing` of prela, and `otlp-grpc` or `otlp-http`")
};
const HAS_METRICS: Result<bool, &str> = if cfg!(feature = "metrics") && HAS_OTLP {
    Ok(true)
} else {
    Err("metrics need the feature `metrics` of prela, and `otlp-grpc` or `otlp-http`")
};
