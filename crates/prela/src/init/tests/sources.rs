//! Which source wins, and what is refused.

use super::{refused, with_env};
use crate::export::MemoryExporter;
use crate::propagation::{Format, Propagator};
use crate::{Exporter, Prela, Sampler, builder};

fn service_name(prela: &Prela) -> String {
    prela.resource().get("service.name").expect("there is always a name").to_string()
}

fn exporters(variables: &[(&str, &str)]) -> Vec<String> {
    let prela = with_env(variables).build().expect("valid");
    let stats = prela.stats();
    stats.exporters.iter().map(|exporter| exporter.name.to_string()).collect()
}

#[test]
fn the_service_name_comes_from_the_most_particular_source() {
    let sources = [
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes,team=search"),
        ("OTEL_SERVICE_NAME", "from-otel"),
        ("PRELA_SERVICE_NAME", "from-prela"),
    ];
    let names = ["from-attributes", "from-otel", "from-prela"];
    for (count, name) in names.iter().enumerate() {
        let prela = with_env(&sources[..=count]).exporter(&Quiet).build().unwrap();
        assert_eq!(service_name(&prela), *name);
        assert_eq!(prela.resource().get("team"), Some(&"search".into()));
    }
    let twice = [("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,team=a,service.name=b,team=b")];
    let prela = with_env(&twice).exporter(&Quiet).build().unwrap();
    assert_eq!(
        (service_name(&prela), prela.resource().get("team")),
        ("b".into(), Some(&"b".into()))
    );
    let in_resource =
        with_env(&sources).exporter(&Quiet).resource([("service.name", "in-resource")]);
    assert_eq!(service_name(&in_resource.build().unwrap()), "in-resource");
    let in_code = with_env(&sources).exporter(&Quiet).service_name("in-code");
    assert_eq!(service_name(&in_code.build().unwrap()), "in-code");
    let empty = with_env(&sources).exporter(&Quiet).service_name("");
    assert_eq!(service_name(&empty.build().unwrap()), "from-prela");
}

#[test]
fn a_service_without_a_name_has_the_programs() {
    let prela = with_env(&[]).exporter(&Quiet).build().unwrap();
    let name = service_name(&prela);
    assert!(name.strip_prefix("unknown_service:prela-").is_some(), "{name}");
    for blank in ["service.name=", "service.name=%20,team=search", "service.name= ,team"] {
        let prela = with_env(&[("OTEL_RESOURCE_ATTRIBUTES", blank)]).exporter(&Quiet).build();
        assert_eq!(service_name(&prela.unwrap()), name, "{blank}");
    }
    let keys: Vec<_> = prela.resource().attributes().iter().map(|(key, _)| key.as_str()).collect();
    let sdk = ["telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"];
    assert_eq!(keys, [&["service.name"][..], &sdk].concat());
}

#[test]
fn the_environment_names_the_exporters() {
    assert_eq!(exporters(&[]), ["console"]);
    assert_eq!(exporters(&[("OTEL_TRACES_EXPORTER", "none")]), [""; 0]);
    assert_eq!(exporters(&[("PRELA_EXPORTER", "none"), ("OTEL_TRACES_EXPORTER", "otlp")]), [""; 0]);
    assert_eq!(
        exporters(&[("OTEL_TRACES_EXPORTER", "console,file")]),
        ["console", "file ./traces"]
    );
    let file = [("PRELA_EXPORTER", "file"), ("PRELA_TRACE_DIR", "/var/traces")];
    assert_eq!(exporters(&file), ["file /var/traces"]);
}

#[test]
fn exporters_in_code_replace_those_of_the_environment() {
    let memory = MemoryExporter::new();
    let builder = with_env(&[("OTEL_TRACES_EXPORTER", "otlp,console")]);
    let prela = builder.exporter(memory).build().unwrap();
    assert_eq!(prela.stats().exporters.len(), 1);
}

#[test]
fn samplers_by_name() {
    let sampler = |variables: &[(&str, &str)]| {
        let prela = with_env(variables).exporter(&Quiet).build().unwrap();
        let text = format!("{prela:?}");
        let text = text.split("sampler: ").nth(1).expect("it is shown");
        text.split(", limits").next().unwrap_or_default().to_owned()
    };
    assert_eq!(sampler(&[]), "ParentBased(AlwaysOn)");
    for (name, shown) in [
        ("always_on", "AlwaysOn"),
        ("always_off", "AlwaysOff"),
        ("traceidratio", "Ratio(0.25)"),
        ("parentbased_always_on", "ParentBased(AlwaysOn)"),
        ("parentbased_always_off", "ParentBased(AlwaysOff)"),
        ("parentbased_traceidratio", "ParentBased(Ratio(0.25))"),
    ] {
        let variables = [("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
        assert_eq!(sampler(&variables), shown);
        let over = [&variables[..], &[("PRELA_SAMPLE_RATE", "0.5")]].concat();
        assert_eq!(sampler(&over), "ParentBased(Ratio(0.5))");
    }
    assert_eq!(sampler(&[("OTEL_TRACES_SAMPLER", "traceidratio")]), "Ratio(1)");
    let in_code = with_env(&[("PRELA_SAMPLE_RATE", "0.5")]).sampler(Sampler::always_on());
    assert!(
        format!("{:?}", in_code.exporter(&Quiet).build().unwrap()).contains("sampler: AlwaysOn")
    );
}

#[test]
fn propagators_by_name() {
    let shown = |variables: &[(&str, &str)]| {
        format!("{:?}", with_env(variables).exporter(&Quiet).build().unwrap().propagator())
    };
    assert_eq!(shown(&[]), "Propagator{TraceContext, Baggage}");
    for (names, expected) in [
        ("tracecontext", "{TraceContext}"),
        ("baggage", "{Baggage}"),
        ("b3", "{B3}"),
        ("b3multi", "{B3Multi}"),
        ("legacy_ids", "{LegacyIds}"),
        ("B3, tracecontext, b3 ,Baggage", "{TraceContext, Baggage, B3}"),
        ("none", "{}"),
    ] {
        assert_eq!(shown(&[("OTEL_PROPAGATORS", names)]), format!("Propagator{expected}"));
        // What is not recorded here is still passed on.
        let disabled = [("OTEL_PROPAGATORS", names), ("OTEL_SDK_DISABLED", "true")];
        assert_eq!(shown(&disabled), format!("Propagator{expected}"));
    }
    let in_code = with_env(&[("OTEL_PROPAGATORS", "xray")]).exporter(&Quiet);
    let in_code = in_code.propagator(Propagator::none().with(Format::B3)).build().unwrap();
    assert_eq!(format!("{:?}", in_code.propagator()), "Propagator{B3}");
}

#[test]
fn limits_have_a_common_and_a_particular_variable() {
    let prela = with_env(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "8"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "9"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "11"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "0"),
    ]);
    let shown = format!("{:?}", prela.exporter(&Quiet).build().unwrap());
    let limits = "SpanLimits { attributes: 8, attribute_value_length: Some(10), events: 11, links: 0, \
                  attributes_per_event: 9, attributes_per_link: 7 }";
    assert!(shown.contains(limits), "{shown}");
}

#[test]
fn disabled_is_silent_and_starts_nothing() {
    let memory = MemoryExporter::new();
    let variables = [("OTEL_SDK_DISABLED", "TRUE"), ("PRELA_SAMPLE_RATE", "nonsense")];
    let prela = with_env(&variables).exporter(memory.clone()).build().unwrap();
    let recording = prela.tracer().span_default("work").in_scope(|span| span.is_recording());
    assert!(!recording);
    let stats = prela.stats();
    assert_eq!((stats.ended, stats.exporters.len()), (0, 0));
    prela.flush(std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(memory.spans().len(), 0);
}

#[test]
fn what_is_refused_is_named_with_its_value() {
    for (name, value, problem) in [
        ("OTEL_SDK_DISABLED", "yes", "`yes` is none of `true`, `false`"),
        (
            "PRELA_EXPORTER",
            "jaeger",
            "`jaeger` is none of `console`, `file`, `otlp`, `http`, `none`",
        ),
        ("OTEL_TRACES_EXPORTER", "zipkin", "`zipkin` is none of `otlp`, `console`, `file`, `none`"),
        ("OTEL_TRACES_EXPORTER", "otlp,none", "`otlp,none` has `none` beside others"),
        (
            "OTEL_PROPAGATORS",
            "tracecontext,xray",
            "`xray` is none of `tracecontext`, `baggage`, `b3`, `b3multi`, `legacy_ids`, `none`",
        ),
        ("OTEL_PROPAGATORS", "none,b3", "`none,b3` has `none` beside others"),
        ("PRELA_SAMPLE_RATE", "1.5", "`1.5` is not a number between 0 and 1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "`0` is not a whole number above 0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1", "`-1` is not a whole number above 0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1s", "`1s` is not a whole number of milliseconds"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "1s", "`1s` is not a whole number of milliseconds"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many", "`many` is not a whole number"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-1", "`-1` is not a whole number"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "entry 1 is not `key=value`"),
    ] {
        assert_eq!(refused(&[(name, value)]), format!("read {name}: {problem}"));
    }
    let sampler = refused(&[("OTEL_TRACES_SAMPLER", "xray")]);
    assert!(
        sampler.starts_with("read OTEL_TRACES_SAMPLER: `xray` is none of `always_on`"),
        "{sampler}"
    );
    let console = [("PRELA_EXPORTER", "console"), ("PRELA_CONSOLE", "whole")];
    assert_eq!(refused(&console), "read PRELA_CONSOLE: `whole` is none of `full`, `fit`");
    let error =
        builder().env([("", ""); 0]).exporter(&Quiet).max_queue_size(0).build().unwrap_err();
    assert_eq!(error.to_string(), "set max_queue_size: `0` is not above 0");
}

/// An exporter that prints nothing.
struct Quiet;

impl From<&Quiet> for Exporter {
    fn from(_: &Quiet) -> Self {
        MemoryExporter::new().into()
    }
}
