//! The collector of log records and that of metrics, and how they get there.

use crate::Error;
#[cfg(any(feature = "otlp-http", feature = "metrics"))]
use crate::env;
use crate::env::Environment;
use crate::export::AnyExporter;
use crate::init::Otlp;
use crate::init::pipeline::{self, PipelineOptions};
use crate::pipeline::PipelineSettings;
#[cfg(feature = "metrics")]
use crate::{
    init::pipeline::A_YEAR,
    otel::{Readings, Temporality},
};
#[cfg(feature = "metrics")]
use std::time::Duration;

/// Where log records go and how; none if nobody asks for them. `given` is the code's collector, `spans` how spans
/// are sent.
#[cfg(feature = "tracing")]
pub(in crate::init) fn logs(
    env: &mut Environment,
    given: Option<Otlp>,
    options: &PipelineOptions,
    spans: &PipelineSettings,
) -> Result<Option<(AnyExporter, PipelineSettings)>, Error> {
    let Some(collector) = collector(env, given, super::asks_for_logs)? else { return Ok(None) };
    let settings = env.settle(|env| pipeline::for_logs(env, options, spans))?;
    Ok(collector.for_logs().build(env)?.map(|exporter| (exporter, settings)))
}

/// Where metrics go, the settings of their pipeline, and how they are read.
#[cfg(feature = "metrics")]
pub(in crate::init) fn metrics(
    env: &mut Environment,
    given: Option<Otlp>,
    options: &PipelineOptions,
    spans: &PipelineSettings,
) -> Result<Option<(AnyExporter, PipelineSettings, Readings)>, Error> {
    let Some(collector) = collector(env, given, super::asks_for_metrics)? else { return Ok(None) };
    let settings = env.settle(|env| pipeline::for_metrics(env, options, spans))?;
    let readings = env.settle(readings)?;
    Ok(collector.for_metrics().build(env)?.map(|exporter| (exporter, settings, readings)))
}

/// That of the code, or of the environment if that asks.
fn collector(
    env: &mut Environment,
    given: Option<Otlp>,
    asks: fn(&Environment) -> Result<bool, Error>,
) -> Result<Option<Otlp>, Error> {
    if given.is_some() {
        return Ok(given);
    }
    env.settle(|env| {
        Ok(asks(env)?.then(|| {
            // Where spans go over HTTP by a word that is for nothing else.
            #[cfg(feature = "otlp-http")]
            if let Ok(Some(setting)) = env.get(env::PRELA_EXPORTER)
                && setting.value.eq_ignore_ascii_case("http")
            {
                return Otlp::http_by_environment();
            }
            Otlp::by_environment()
        }))
    })
}

#[cfg(feature = "metrics")]
fn readings(env: &Environment) -> Result<Readings, Error> {
    let interval = match env.get(env::OTEL_METRIC_EXPORT_INTERVAL)? {
        None => Duration::from_secs(60),
        Some(setting) => match setting.milliseconds()? {
            Duration::ZERO => return Err(setting.error("is not above 0")),
            time if time <= A_YEAR => time,
            _ => {
                return Err(setting.replaced("is more than a year", A_YEAR.as_millis().to_string()));
            }
        },
    };
    let choices = [
        ("cumulative", Temporality::Cumulative),
        ("delta", Temporality::Delta),
        ("lowmemory", Temporality::LowMemory),
    ];
    let temporality = env.get(env::OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE)?;
    let temporality =
        temporality.map_or(Ok(Temporality::Cumulative), |setting| setting.choice(&choices))?;
    Ok(Readings { interval, temporality })
}
