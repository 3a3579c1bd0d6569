//! Sampling counts as OpenTelemetry metrics.

use super::{request, sampled_by};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prela::Sampler;
use prela::opentelemetry::metrics::MeterProvider as _;
use prela::sampling::Rule;

#[test]
fn decisions_are_counters() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();

    let rules = [Rule::keep("requests").name("request"), Rule::drop("rest")];
    let capture = sampled_by(Sampler::rules(rules, Sampler::always_on()));
    capture.prela().observe(&meters.meter("prela"));
    request(&capture);
    request(&capture);
    capture.tracer().span_default("other").in_scope(|_| ());
    meters.force_flush().unwrap();

    let mut lines = Vec::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else { panic!() };
            for point in sum.data_points() {
                let mut attributes: Vec<_> =
                    point.attributes().map(|it| format!("{}={}", it.key, it.value)).collect();
                attributes.sort();
                lines.push(format!("{} {} {}", metric.name(), attributes.join(" "), point.value()));
            }
        }
    }
    lines.sort();
    assert_eq!(
        lines.join("\n"),
        "prela.sampler.decisions prela.sampler.decision=drop 1\n\
         prela.sampler.decisions prela.sampler.decision=record 2\n\
         prela.sampler.rule.decisions prela.sampler.decision=drop prela.sampler.rule=requests 0\n\
         prela.sampler.rule.decisions prela.sampler.decision=drop prela.sampler.rule=rest 1\n\
         prela.sampler.rule.decisions prela.sampler.decision=record prela.sampler.rule=requests 2\n\
         prela.sampler.rule.decisions prela.sampler.decision=record prela.sampler.rule=rest 0"
    );
}
