//! Variables that a deployment sets for all its programs, and that one of them cannot use.

use crate::program::role;
use crate::receiver::{Receiver, Transport};
use std::process::Output;

/// Runs a program that starts tracing with `?` in `main`, in an environment with these variables.
fn run(part: &str, variables: &[(&str, &str)]) -> Output {
    role("environment").arg(part).envs(variables.iter().copied()).output().unwrap()
}

#[track_caller]
fn runs(variables: &[(&str, &str)]) -> Vec<String> {
    let output = run("span", variables);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{variables:?}: {said}");
    said.lines().filter_map(|line| line.strip_prefix("prela: ")).map(str::to_owned).collect()
}

/// A program starts, says what it left out, and its spans arrive.
///
/// open-telemetry/opentelemetry-python#5594 (an argument out of range), open-telemetry/opentelemetry-java#5108
/// and plengauer/Thoth#4204 (propagators), open-telemetry/opentelemetry-js#5494 (a sampler of another kind).
#[test]
fn no_value_keeps_a_program_from_starting() {
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("PRELA_SAMPLE_RATE", "ten percent"),
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_PROPAGATORS", "tracecontext,ottrace"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "snappy"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no header"),
        ("OTEL_BSP_SCHEDULE_DELAY", "5 s"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "unlimited"),
        ("OTEL_TRACES_EXPORTER", "otlp,zipkin"),
        ("PRELA_OVERFLOW", "wait"),
        ("PRELA_REDACT", "true"),
    ] {
        let receiver = Receiver::start(Transport::Grpc);
        let endpoint = receiver.endpoint();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), (name, value)];
        let lines = runs(&variables);
        let [line] = &lines[..] else { panic!("{name}: {lines:?}") };
        assert!(line.starts_with(&format!("{name}: ")), "{line}");
        assert!(line.contains("; used instead: "), "{line}");
        assert_eq!(receiver.spans().len(), 1, "{name}");

        let strict = run("span", &[&variables[..], &[("PRELA_STRICT", "1")]].concat());
        let said = String::from_utf8_lossy(&strict.stderr).into_owned();
        assert_eq!(strict.status.code(), Some(1), "{said}");
        assert!(said.contains(name), "{said}");
    }
}

/// One entry that is none leaves the others as they are, and a `%` that begins no code stands for
/// itself.
///
/// cline/cline#12260 (headers), launchdarkly/ld-relay#815 (attributes of the resource).
#[test]
fn one_bad_entry_costs_no_other() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let endpoint = receiver.endpoint();
        let protocol = if transport == Transport::Grpc { "grpc" } else { "http/protobuf" };
        let any = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ];
        let literal = [
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-share=100%, x-note=50% off%21,x-code=%zz"),
            ("OTEL_RESOURCE_ATTRIBUTES", "share=100%,note=50% off%21,co%64e=%zz%"),
        ];
        assert_eq!(runs(&[&any[..], &literal].concat()), [""; 0]);
        let bad = [
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-share=1,s3cret,x-note=2,x bad=s3cret"),
            ("OTEL_RESOURCE_ATTRIBUTES", "share=1,,team,note=2"),
        ];
        let lines = runs(&[&any[..], &bad].concat());
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with("; used instead: the other entries")));
        assert!(!lines.concat().contains("s3cret"), "{lines:?}");

        let [first, second] = &receiver.requests()[..] else { panic!("one request a program") };
        let header = |name| (first.header(name).unwrap(), second.header(name).unwrap());
        assert_eq!(header("x-share"), ("100%", "1"));
        assert_eq!(header("x-note"), ("50% off!", "2"));
        assert_eq!(first.header("x-code"), Some("%zz"));
        let resource =
            |name| receiver.spans().iter().map(|it| it.resource(name)).collect::<Vec<_>>();
        let both = |a: &str, b: &str| [Some(a.to_owned()), Some(b.to_owned())];
        assert_eq!(resource("share"), both("100%", "1"));
        assert_eq!(resource("note"), both("50% off!", "2"));
        assert_eq!(resource("code"), [Some("%zz%".to_owned()), None]);
    }
}

/// What is to go to a place that cannot be used goes nowhere, and the program runs all the same.
#[test]
fn an_endpoint_that_cannot_be_used_is_no_reason_to_fail() {
    for endpoint in ["localhost:4317", "://", "http://u:s3cret@host", "https://a..b"] {
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            for (part, prints) in [("span", ""), ("exporter", "otlp without an endpoint\n")] {
                let output = run(part, &[(name, endpoint)]);
                let said = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{said}");
                let lines: Vec<_> = said.lines().filter(|it| it.starts_with("prela: ")).collect();
                assert_eq!(lines.len(), 1, "{said}");
                assert!(lines[0].ends_with("; used instead: no OTLP exporter"), "{said}");
                assert!(!said.contains("s3cret"), "{said}");
                assert_eq!(String::from_utf8(output.stdout).unwrap(), prints);
            }
        }
    }
}
