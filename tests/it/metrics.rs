//! Metrics over real sockets.

use crate::receiver::{Receiver, Transport};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prela::testing::Capture;
use prela::{Exporter, Otlp, SpanType};
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(30);

fn measured_by(collector: Otlp) -> Capture {
    Capture::with(|builder| builder.metrics(collector).diagnostics(|_| ()))
}

#[test]
fn calls_of_models_and_the_programs_own() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let capture = measured_by(receiver.exporter());
        let call = capture.tracer().span("chat", SpanType::Llm);
        call.attr("gen_ai.usage.input_tokens", 12).in_scope(|_| {
            capture.clock().advance(Duration::from_millis(250));
        });
        let own = capture.prela().meter("app").unwrap();
        own.u64_counter("requests").build().add(3, &[]);
        own.f64_gauge("load").build().record(0.5, &[]);
        own.i64_up_down_counter("open").build().add(-2, &[]);
        capture.prela().flush(A_WHILE).unwrap();

        let metrics = receiver.metrics();
        let of = |name: &str| &metrics.iter().find(|(_, it)| it.name == name).unwrap().1;
        let Some(Data::Histogram(tokens)) = &of("gen_ai.client.token.usage").data else { panic!() };
        assert_eq!(tokens.aggregation_temporality, 2);
        let point = &tokens.data_points[0];
        assert_eq!((point.count, point.sum), (1, Some(12.0)));
        assert_eq!((point.min, point.max), (Some(12.0), Some(12.0)));
        assert_eq!((point.explicit_bounds.len(), point.bucket_counts.len()), (14, 15));
        assert_eq!(point.bucket_counts[2], 1, "between 4 and 16");
        assert_eq!(point.attributes.len(), 2, "{point:?}");
        assert!(
            point.time_unix_nano >= point.start_time_unix_nano && point.start_time_unix_nano > 0
        );
        let Some(Data::Histogram(duration)) = &of("gen_ai.client.operation.duration").data else {
            panic!()
        };
        assert_eq!(duration.data_points[0].sum, Some(0.25));
        let shown = |name| format!("{:?}", of(name).data);
        assert!(
            shown("requests").contains("AsInt(3)")
                && shown("requests").contains("is_monotonic: true")
        );
        assert!(
            shown("open").contains("AsInt(-2)") && shown("open").contains("is_monotonic: false")
        );
        assert!(shown("load").contains("AsDouble(0.5)"));
        assert!(shown("prela.sampler.decisions").contains("AsInt(1)"));
        let scopes: Vec<_> = metrics.iter().map(|(scope, _)| scope.as_str()).collect();
        assert!(scopes.contains(&"prela") && scopes.contains(&"app"));
        let stats = capture.prela().metric_stats().unwrap();
        assert_eq!((stats.ended, stats.exported), (metrics.len() as u64, metrics.len() as u64));
    }
}

#[test]
fn shutdown_sends_what_was_measured() {
    let receiver = Receiver::start(Transport::Http);
    let capture = measured_by(receiver.exporter());
    capture.tracer().span("chat", SpanType::Llm).in_scope(|_| ());
    let report = capture.prela().shutdown(A_WHILE);
    let metrics = report.metrics.unwrap();
    assert!(metrics.exported > 0 && metrics.exported == metrics.ended, "{metrics:?}");
    assert!(receiver.metrics().iter().any(|(_, it)| it.name == "gen_ai.client.operation.duration"));
}

#[test]
fn all_three_by_one_collector_and_on_any_runtime() {
    let receiver = Receiver::start(Transport::Grpc);
    let collector = receiver.exporter();
    let capture = Capture::with(|builder| {
        builder.exporter(collector.clone()).logs(collector.clone()).metrics(collector)
    });
    capture.tracer().span("chat", SpanType::Llm).in_scope(|_| ());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(capture.prela().flush_async(A_WHILE)).unwrap();
    assert_eq!(receiver.spans().len(), 1);
    assert!(!receiver.metrics().is_empty());
    let report = runtime.block_on(capture.prela().shutdown_async(A_WHILE));
    assert!(!report.timed_out && report.logs.is_some() && report.metrics.is_some());
}

#[test]
fn there_are_none_unless_they_are_asked_for() {
    let capture = Capture::new();
    assert_eq!(capture.prela().metric_stats(), None);
    assert!(capture.prela().meter("app").is_none());
    let builder = prela::builder().env([("OTEL_SDK_DISABLED", "true")]).metrics(Exporter::otlp());
    assert!(builder.build().unwrap().meter("app").is_none());
}
