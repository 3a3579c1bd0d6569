//! Where log records and metrics are sent, and with which settings.

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

/// The exporter of log records and the settings of their pipeline; none if nobody asks for them. `given` is the
/// collector that the code names, `spans` the settings of the pipeline for spans.
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

/// The exporter of metrics, the settings of their pipeline, and how they are read; none if nobody asks for them.
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

/// The collector of a signal: the one that the code names, or that of the environment if it asks for the signal.
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
            // `PRELA_EXPORTER=http` sends spans over HTTP, and then the other signals as well.
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
