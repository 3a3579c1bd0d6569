//! Which signals the environment asks for, where they go, and how they wait.

use super::with_env;
use crate::env::Environment;
use crate::init::pipeline::{self, PipelineOptions};
use crate::pipeline::PipelineSettings;
use crate::{Exporter, Prela};
use std::time::Duration;

type Pairs = &'static [(&'static str, &'static str)];

/// Where log records and metrics go.
fn others(prela: &Prela) -> [Option<String>; 2] {
    [prela.log_stats(), prela.metric_stats()]
        .map(|stats| Some(stats?.exporters.first()?.name.to_string()))
}

#[test]
fn a_collector_gets_what_it_is_asked_to_take() {
    const BOTH: Pairs = &[("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_METRICS_EXPORTER", "otlp")];
    const GRPC: Option<&str> = Some("otlp grpc http://localhost:4317");
    const HTTP: [Option<&str>; 2] = [
        Some("otlp http http://localhost:4318/v1/logs"),
        Some("otlp http http://localhost:4318/v1/metrics"),
    ];
    for (variables, expected) in [
        (&[][..], [None, None]),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c")], [None, None]),
        (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c")], [None, None]),
        (BOTH, [GRPC, GRPC]),
        (&[BOTH[0]], [GRPC, None]),
        (&[BOTH[1]], [None, GRPC]),
        (&[BOTH[1], ("OTEL_TRACES_EXPORTER", "none")], [None, GRPC]),
        (&[BOTH[0], BOTH[1], ("OTEL_SDK_DISABLED", "true")], [None, None]),
        (&[BOTH[0], BOTH[1], ("PRELA_EXPORTER", "http")], HTTP),
        (&[BOTH[0], BOTH[1], ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")], HTTP),
        (&[BOTH[0], BOTH[1], ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/")], HTTP),
        (
            &[BOTH[0], BOTH[1], ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf")],
            [HTTP[0], GRPC],
        ),
        // Used as it is, and by whoever it is for.
        (
            &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l:4318/x")],
            [Some("otlp http http://l:4318/x"), None],
        ),
        (
            &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:4317"), BOTH[0]],
            [GRPC, Some("otlp grpc http://m:4317")],
        ),
        (
            &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l"), ("OTEL_LOGS_EXPORTER", "none")],
            [None, None],
        ),
        (&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "nonsense")], [None, None]),
    ] {
        let prela = with_env(variables).build().unwrap();
        let names = others(&prela);
        let shown = names.each_ref().map(|name| {
            let name = name.as_deref()?;
            Some(
                name.strip_suffix(" for logs")
                    .or(name.strip_suffix(" for metrics"))
                    .unwrap_or(name),
            )
        });
        assert_eq!(shown, expected, "{variables:?}");
    }
}

#[test]
fn the_code_wins() {
    let variables = [
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "x"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l"),
    ];
    let collector = Exporter::otlp_grpc("http://c:4317");
    let builder = with_env(&variables).logs(collector.clone()).metrics(collector);
    let prela = builder.build().unwrap();
    assert_eq!(prela.warnings(), [""; 0]);
    for name in others(&prela) {
        assert!(name.unwrap().starts_with("otlp grpc http://c:4317"));
    }
}

#[test]
fn log_records_wait_as_spans_do_unless_they_have_settings_of_their_own() {
    let sizes = |settings: &PipelineSettings| {
        let PipelineSettings {
            max_queue_size, max_batch_size, schedule_delay, export_timeout, ..
        } = settings;
        (*max_queue_size, *max_batch_size, *schedule_delay, *export_timeout)
    };
    let (ms, secs) = (Duration::from_millis, Duration::from_secs);
    const SPANS: Pairs = &[("OTEL_BSP_MAX_QUEUE_SIZE", "70"), ("OTEL_BSP_SCHEDULE_DELAY", "7")];
    for (variables, expected) in [
        (&[][..], (65_536, 512, secs(1), secs(30))),
        (SPANS, (70, 70, ms(7), secs(30))),
        (&[("OTEL_BLRP_MAX_QUEUE_SIZE", "9")], (9, 9, secs(1), secs(30))),
        (&[SPANS[0], SPANS[1], ("OTEL_BLRP_MAX_QUEUE_SIZE", "90")], (90, 70, ms(7), secs(30))),
        (
            &[
                ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "5"),
                ("OTEL_BLRP_SCHEDULE_DELAY", "6"),
                ("OTEL_BLRP_EXPORT_TIMEOUT", "0"),
            ],
            (65_536, 5, ms(6), Duration::MAX),
        ),
    ] {
        let pairs = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let (env, none) = (Environment::of_pairs(pairs), PipelineOptions::default());
        let spans = pipeline::settings(&env, &none).unwrap();
        let logs = pipeline::for_logs(&env, &none, &spans).unwrap();
        assert_eq!(sizes(&logs), expected, "{variables:?}");
        // What the code says of the one it says of the other.
        let given = PipelineOptions {
            max_queue_size: Some(11),
            max_batch_size: Some(3),
            schedule_delay: Some(ms(2)),
            export_timeout: Some(secs(1)),
            ..none
        };
        let spans = pipeline::settings(&env, &given).unwrap();
        let logs = pipeline::for_logs(&env, &given, &spans).unwrap();
        assert_eq!(sizes(&logs), (11, 3, ms(2), secs(1)), "{variables:?}");
    }
}
