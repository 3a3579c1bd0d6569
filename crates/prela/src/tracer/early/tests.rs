use super::*;

type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

#[test]
fn an_exporter_is_asked_for_as_an_instance_would_read_it() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317");
    let of_traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4317");
    let cases: &[Case<'_>] = &[
        (&[], None),
        (&[("OTEL_SERVICE_NAME", "shop"), ("OTEL_TRACES_SAMPLER", "always_on")], None),
        (&[("PRELA_TRACE_DIR", "traces")], None),
        (&[endpoint], Some(endpoint.0)),
        (&[endpoint, of_traces], Some(of_traces.0)),
        (&[("PRELA_EXPORTER", "console")], Some("PRELA_EXPORTER")),
        (&[("PRELA_EXPORTER", "a typo")], Some("PRELA_EXPORTER")),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], Some("OTEL_TRACES_EXPORTER")),
        (&[("PRELA_EXPORTER", "none"), endpoint], None),
        (&[("PRELA_EXPORTER", "none"), ("OTEL_TRACES_EXPORTER", "otlp")], None),
        (&[("OTEL_TRACES_EXPORTER", " None "), endpoint], None),
        (&[("PRELA_EXPORTER", " "), endpoint], Some(endpoint.0)),
        (&[("PRELA_EXPORTER", "file"), ("OTEL_TRACES_EXPORTER", "none")], Some("PRELA_EXPORTER")),
        (&[("OTEL_SDK_DISABLED", "TRUE"), endpoint], None),
        (&[("OTEL_SDK_DISABLED", "false"), endpoint], Some(endpoint.0)),
    ];
    for (variables, expected) in cases {
        let pairs = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let asked = asked_by(&Environment::of_pairs(pairs));
        assert_eq!(asked.map(Variable::name), *expected, "{variables:?}");
    }
}
