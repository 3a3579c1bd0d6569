//! A meter provider of `opentelemetry_sdk` that gives what it collects to a pipeline.

#[cfg(all(test, feature = "otlp-http"))]
mod tests;

use crate::clock::unix_nano;
use crate::fork::{self, Generation};
use crate::protobuf::fields::{histogram, histogram_point, metric, number_point};
use crate::protobuf::{Field, Guess, Writer};
use crate::span::SpanIntake;
use crate::span::message::attribute;
use crate::span::{EndedSpan, SpanSummary};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
pub(crate) use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Meters whose measurements a pipeline sends, each time they are read.
#[derive(Clone)]
pub(crate) struct Meters {
    provider: SdkMeterProvider,
    /// The process whose thread collects.
    generation: Generation,
}

/// When meters are read, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readings {
    pub(crate) interval: Duration,
    /// What sums count from.
    pub(crate) temporality: Temporality,
}

impl Meters {
    /// Starts the SDK's thread that collects; what it collects goes to `intake`.
    pub(crate) fn start(intake: impl SpanIntake, readings: Readings) -> Self {
        let Readings { interval, temporality } = readings;
        let reader = PeriodicReader::builder(ToPipeline { intake, temporality });
        // Otherwise it would ask the process's environment by itself.
        let reader = reader.with_interval(interval).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self { provider, generation: Generation::current() }
    }

    pub(crate) fn meter(&self, name: &'static str) -> Meter {
        self.provider.meter(name)
    }

    /// Gives what was measured so far to the pipeline.
    pub(crate) fn collect(&self) {
        if self.is_here() {
            // It can fail only after shutdown, when there is nothing more.
            let _ = self.provider.force_flush();
        }
    }

    /// Collects for the last time.
    pub(crate) fn end(&self) {
        if self.is_here() {
            let _ = self.provider.shutdown();
        }
    }

    /// Whether the SDK's thread is here: a forked process does not have it.
    fn is_here(&self) -> bool {
        fork::check();
        self.generation.is_current()
    }
}

impl Drop for Meters {
    fn drop(&mut self) {
        if !self.is_here() {
            // Leaked, since the SDK would wait for that thread.
            mem::forget(self.provider.clone());
        }
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}

/// The exporter that the SDK calls. It hands over to a pipeline and never waits.
struct ToPipeline<I> {
    intake: I,
    temporality: Temporality,
}

impl<I: SpanIntake> PushMetricExporter for ToPipeline<I> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        for of_scope in metrics.scope_metrics() {
            let scope = Arc::new(of_scope.scope().clone());
            for metric in of_scope.metrics() {
                let message = message(metric);
                let summary = SpanSummary { is_sampled: true, ..SpanSummary::default() };
                let item = EndedSpan { message: &message, scope: &scope, summary: &summary };
                self.intake.on_end(&item);
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

/// OTLP's message `Metric`.
///
/// Source: [OTLP `metrics.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto).
fn message(of: &Metric) -> Vec<u8> {
    let mut w = Writer::default();
    w.text(metric::NAME, of.name().as_bytes());
    w.text(metric::DESCRIPTION, of.description().as_bytes());
    w.text(metric::UNIT, of.unit().as_bytes());
    match of.data() {
        AggregatedMetrics::F64(data) => write(&mut w, data),
        AggregatedMetrics::U64(data) => write(&mut w, data),
        AggregatedMetrics::I64(data) => write(&mut w, data),
    }
    w.written().to_vec()
}

fn write<T: Number>(w: &mut Writer, data: &MetricData<T>) {
    match data {
        MetricData::Gauge(gauge) => w.message(metric::GAUGE, Guess::Medium, |w| {
            for point in gauge.data_points() {
                let times = (gauge.start_time(), gauge.time());
                number(w, times, point.attributes(), point.value());
            }
        }),
        MetricData::Sum(sum) => w.message(metric::SUM, Guess::Medium, |w| {
            for point in sum.data_points() {
                let times = (Some(sum.start_time()), sum.time());
                number(w, times, point.attributes(), point.value());
            }
            w.count(histogram::TEMPORALITY, temporality(sum.temporality()));
            w.count(histogram::IS_MONOTONIC, sum.is_monotonic().into());
        }),
        MetricData::Histogram(of) => w.message(metric::HISTOGRAM, Guess::Medium, |w| {
            for point in of.data_points() {
                w.message(histogram::POINTS, Guess::Medium, |w| {
                    fixed(w, histogram_point::START_TIME, unix_nano(of.start_time()));
                    fixed(w, histogram_point::TIME, unix_nano(of.time()));
                    fixed(w, histogram_point::COUNT, point.count());
                    fixed(w, histogram_point::SUM, point.sum().as_f64().to_bits());
                    let counts = point.bucket_counts().flat_map(u64::to_le_bytes);
                    w.bytes(histogram_point::BUCKET_COUNTS, &counts.collect::<Vec<_>>());
                    let bounds = point.bounds().flat_map(f64::to_le_bytes);
                    w.bytes(histogram_point::BOUNDS, &bounds.collect::<Vec<_>>());
                    attributes(w, histogram_point::ATTRIBUTES, point.attributes());
                    if let Some(min) = point.min() {
                        fixed(w, histogram_point::MIN, min.as_f64().to_bits());
                    }
                    if let Some(max) = point.max() {
                        fixed(w, histogram_point::MAX, max.as_f64().to_bits());
                    }
                });
            }
            w.count(histogram::TEMPORALITY, temporality(of.temporality()));
        }),
        // Only a view makes one, and there are none here.
        MetricData::ExponentialHistogram(_) => {}
    }
}

fn number<'a, T: Number>(
    w: &mut Writer,
    (start, time): (Option<SystemTime>, SystemTime),
    pairs: impl Iterator<Item = &'a KeyValue>,
    value: T,
) {
    w.message(histogram::POINTS, Guess::Small, |w| {
        if let Some(start) = start {
            fixed(w, number_point::START_TIME, unix_nano(start));
        }
        fixed(w, number_point::TIME, unix_nano(time));
        let (field, bits) = value.bits();
        fixed(w, field, bits);
        attributes(w, number_point::ATTRIBUTES, pairs);
    });
}

fn attributes<'a>(w: &mut Writer, field: Field, pairs: impl Iterator<Item = &'a KeyValue>) {
    for pair in pairs {
        attribute(w, field, pair.key.as_str(), &pair.value.clone().into());
    }
}

fn fixed(w: &mut Writer, field: Field, bits: u64) {
    w.raw([field.tag()]);
    w.raw(bits.to_le_bytes());
}

/// The number of `AggregationTemporality`.
fn temporality(it: Temporality) -> u32 {
    if it == Temporality::Delta { 1 } else { 2 }
}

/// A number of a measurement.
trait Number: Copy {
    /// Its field in a point, and its eight bytes there.
    fn bits(self) -> (Field, u64);
    fn as_f64(self) -> f64;
}

impl Number for f64 {
    fn bits(self) -> (Field, u64) {
        (number_point::AS_DOUBLE, self.to_bits())
    }

    fn as_f64(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn bits(self) -> (Field, u64) {
        (number_point::AS_INT, self)
    }

    #[expect(clippy::cast_precision_loss, reason = "a sum in OTLP is a double")]
    fn as_f64(self) -> f64 {
        self as f64
    }
}

impl Number for i64 {
    fn bits(self) -> (Field, u64) {
        (number_point::AS_INT, self.cast_unsigned())
    }

    #[expect(clippy::cast_precision_loss, reason = "a sum in OTLP is a double")]
    fn as_f64(self) -> f64 {
        self as f64
    }
}
