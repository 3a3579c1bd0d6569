use super::*;
use crate::Resource;
use crate::otlp::{Signal, encode, json};
use crate::span::{Blocks, EncodedSpan};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value as Point};
use prost::Message as _;
use std::sync::{Mutex, PoisonError};

const fn readings(temporality: Temporality) -> Readings {
    Readings { interval: Duration::from_secs(3600), temporality }
}

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Blocks>>);

impl SpanIntake for Kept {
    fn on_end(&self, span: &EndedSpan<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn on_unsampled(&self) {}

    fn on_late(&self, _: bool) {}

    fn remark(&self, _: &str) {}
}

impl Kept {
    fn request(&self) -> (ExportMetricsServiceRequest, Vec<u8>) {
        let spans: Vec<EncodedSpan> =
            self.0.lock().expect("no panic").drain().all().spans().collect();
        let bytes = encode::request(&Resource::default(), &spans);
        let read = ExportMetricsServiceRequest::decode(&*bytes).expect("a request");
        (read, bytes.to_vec())
    }
}

/// What was counted before the first and before the second reading.
#[test]
fn sums_count_from_the_start_or_from_the_last_time() {
    for (temporality, number, sums) in [
        (Temporality::Cumulative, 2, [3, 7]),
        (Temporality::Delta, 1, [3, 4]),
        (Temporality::LowMemory, 1, [3, 4]),
    ] {
        let kept = Kept::default();
        let meters = Meters::start(kept.clone(), readings(temporality));
        let counter = meters.meter("app").u64_counter("u").build();
        for (added, expected) in [3, 4].into_iter().zip(sums) {
            counter.add(added, &[]);
            meters.collect();
            let (read, _) = kept.request();
            let metric = &read.resource_metrics[0].scope_metrics[0].metrics[0];
            let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
            assert_eq!(sum.aggregation_temporality, number);
            assert_eq!(sum.data_points[0].value, Some(Point::AsInt(expected)));
        }
        meters.end();
    }
}

#[test]
fn the_message_is_what_opentelemetry_proto_reads_in_both_forms() {
    let kept = Kept::default();
    let meters = Meters::start(kept.clone(), readings(Temporality::Cumulative));
    let meter = meters.meter("app");
    let pairs = [KeyValue::new("k", "v"), KeyValue::new("n", 1)];
    meter.u64_counter("u").with_unit("{request}").build().add(7, &pairs);
    meter.i64_up_down_counter("i").build().add(-7, &[]);
    meter.f64_counter("f").with_description("d").build().add(0.5, &[]);
    meter.i64_gauge("g").build().record(-1, &pairs);
    meter.f64_gauge("small").build().record(1e-300, &[]);
    let histogram = meter.f64_histogram("h").with_boundaries(vec![1.0, 1e9]).build();
    histogram.record(0.25, &pairs);
    histogram.record(1e300, &pairs);
    meter.u64_histogram("empty").with_boundaries(vec![]).build().record(3, &[]);
    meters.end();

    let (read, bytes) = kept.request();
    let metrics = &read.resource_metrics[0].scope_metrics[0].metrics;
    let names: Vec<_> = metrics.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), 7, "{names:?}");
    let text = json::request_of(Signal::Metrics, &bytes);
    let again: ExportMetricsServiceRequest = serde_json::from_str(&text).unwrap();
    assert_eq!(again, read, "{text}");
}
