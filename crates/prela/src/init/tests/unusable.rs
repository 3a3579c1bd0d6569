//! Values of the environment that cannot be used: what is said, and what holds.

mod table;

use self::table::{
    ANY_TEXT, CASES, ELSEWHERE, LOGS, METRICS, NUMBER, OTLP, PROXY, Pairs, RATIO, TLS, filled,
};
use super::with_env;
use crate::env::VARIABLES;
use crate::{Builder, ErrorKind, Prela};
use std::ffi::OsString;
use std::time::Duration;

fn exporters(prela: &Prela) -> Vec<String> {
    prela.stats().exporters.iter().map(|exporter| exporter.name.to_string()).collect()
}

#[test]
fn each_is_warned_of_once_and_is_an_error_if_asked_for() {
    for (name, others, value, problem, instead) in CASES {
        let variables = [others, &[(*name, *value)][..]].concat();
        let prela = with_env(&variables).build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let problem = filled(problem);
        let mine = format!("{name}: {problem}; used instead: {instead}");
        assert_eq!(prela.warnings(), [mine.as_str()], "{variables:?}");

        if *name == "PRELA_STRICT" {
            continue;
        }
        let in_code = with_env(&variables).strict(true).build().expect_err("it is refused");
        assert_eq!(in_code.kind(), ErrorKind::Config);
        // The cause is not repeated.
        let problem = problem.split(": No such").next().unwrap();
        assert_eq!(in_code.to_string(), format!("read {name}: {problem}"));
        for word in ["1", "true", "TRUE"] {
            let strict = [&variables[..], &[("PRELA_STRICT", word)]].concat();
            assert_eq!(with_env(&strict).build().unwrap_err().to_string(), in_code.to_string());
            let prela = with_env(&strict).strict(false).build().unwrap();
            assert_eq!(prela.warnings(), [mine.as_str()]);
        }
    }
}

/// What goes with a variable that is left out is left out too, and is warned of; as an error the cause is
/// enough.
#[test]
fn consequences_are_no_errors_of_their_own() {
    for (cause, consequence, instead) in [
        (("OTEL_TRACES_SAMPLER", "xray"), ("OTEL_TRACES_SAMPLER_ARG", "0.5"), "nothing"),
        (
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/no/such"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "Cargo.toml"),
            "none",
        ),
        (
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/no/such"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "Cargo.toml"),
            "none",
        ),
    ] {
        let variables = [TLS[0], cause, consequence];
        let prela = with_env(&variables).build().unwrap();
        let [first, second] = prela.warnings() else { panic!("two: {:?}", prela.warnings()) };
        assert!(first.starts_with(cause.0), "{first}");
        let begin = format!("{}: `{}` is of no use without ", consequence.0, consequence.1);
        assert!(second.starts_with(&begin), "{second}");
        assert!(second.ends_with(&format!("; used instead: {instead}")), "{second}");
        let error = with_env(&variables).strict(true).build().unwrap_err().to_string();
        assert!(error.contains(cause.0) && !error.contains(&begin), "{error}");
    }
}

#[test]
fn every_variable_is_among_them() {
    for variable in VARIABLES {
        let name = variable.name();
        let is_case = CASES.iter().any(|(known, ..)| *known == name);
        assert!(is_case || ANY_TEXT.contains(&name) || ELSEWHERE.contains(&name), "{name}");
    }
}

#[test]
fn what_other_programs_need_is_not_what_prela_reads() {
    let all = [
        ("OTEL_LOG_LEVEL", "?"),
        ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "nonsense"),
        ("PRELA_API_KEY", "%"),
    ];
    let prela = with_env(&all).strict(true).build().unwrap();
    assert_eq!(prela.warnings(), [""; 0]);
}

#[test]
fn protocols_are_left_out_like_all_others() {
    for (name, signal) in [
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", OTLP),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", OTLP),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", LOGS),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", METRICS),
    ] {
        let prela = with_env(&[OTLP[0], signal[0], (name, "thrift")]).build().unwrap();
        let [warning] = prela.warnings() else { panic!("one: {:?}", prela.warnings()) };
        let begin = format!("{name}: `thrift` is none of `grpc`, `http/protobuf`");
        assert!(warning.starts_with(&begin), "{warning}");
        assert!(warning.contains("; used instead: by the endpoint: "), "{warning}");
        assert_eq!(exporters(&prela), ["otlp grpc http://localhost:4317"]);
    }
}

#[test]
fn a_limit_for_several_things_is_warned_of_once() {
    let prela = with_env(&[("OTEL_ATTRIBUTE_COUNT_LIMIT", "-1")]).build().unwrap();
    let warning = format!("OTEL_ATTRIBUTE_COUNT_LIMIT: `-1` {NUMBER}; used instead: 128");
    assert_eq!(prela.warnings(), [warning]);
}

#[test]
fn they_are_as_if_they_were_not_set() {
    let shown = |variables: &[(&str, &str)]| {
        let prela = with_env(variables).build().unwrap();
        let shown = format!("{prela:?}");
        // Each instance has an id of its own.
        let (_, shown) = shown.split_once(", sampler").expect("it is shown");
        (shown.to_owned(), exporters(&prela))
    };
    // Those whose variable holds in part, or that switch an exporter off.
    let holds = |instead: &str| {
        instead.starts_with("the other")
            || instead.starts_with('`')
            || instead == "no OTLP exporter"
    };
    for (name, others, value, _, instead) in CASES {
        if !holds(instead) || *instead == "`console`" || *instead == "`parentbased_always_on`" {
            let variables = [others, &[(*name, *value)][..]].concat();
            assert_eq!(shown(&variables), shown(others), "{variables:?}");
        } else if let Some(other) = instead.strip_prefix('`').and_then(|it| it.strip_suffix('`'))
            && !name.ends_with("EXPORTER")
        {
            let replaced = [others, &[(*name, other)][..]].concat();
            let variables = [others, &[(*name, *value)][..]].concat();
            assert_eq!(shown(&variables), shown(&replaced), "{variables:?}");
        }
    }
}

#[test]
fn nothing_goes_to_where_nobody_asked_for() {
    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    for bad in
        ["localhost:4317", "ftp://c", "http://", "http://c:99999", "not a url", "https://a..b"]
    {
        for (others, names) in [
            (&[][..], &[][..]),
            (&[("OTEL_TRACES_EXPORTER", "otlp")], &[]),
            (&[("PRELA_EXPORTER", "http")], &[]),
            (&[("OTEL_TRACES_EXPORTER", "otlp,console")], &["console"]),
        ] {
            for name in [ENDPOINT, TRACES] {
                let variables = [others, &[(name, bad)]].concat();
                let prela = with_env(&variables).build().unwrap();
                assert_eq!(exporters(&prela), names, "{variables:?}");
                let [warning] = prela.warnings() else { panic!("{:?}", prela.warnings()) };
                assert!(warning.ends_with("; used instead: no OTLP exporter"), "{warning}");
                if names.is_empty() {
                    prela.tracer().span_default("work").in_scope(|_| ());
                    assert_eq!(prela.stats().dropped, 1);
                }
            }
        }
        // A place for all signals that can be used was asked for.
        let both = [(TRACES, bad), (ENDPOINT, "http://c:4317")];
        let prela = with_env(&both).build().unwrap();
        assert_eq!(exporters(&prela), ["otlp grpc http://c:4317"]);
        // And so does an exporter in code that leaves the endpoint to the environment.
        let in_code = with_env(&[(ENDPOINT, bad)]).exporter(crate::Exporter::otlp());
        let prela = in_code.build().unwrap();
        assert_eq!((exporters(&prela).len(), prela.warnings().len()), (0, 1));
    }
}

#[test]
fn a_bad_value_in_code_is_an_error_whatever_the_environment_says() {
    let bad: [fn(Builder) -> Builder; 7] = [
        |it| it.sampler(1.5),
        |it| it.max_queue_size(0),
        |it| it.max_batch_size(0),
        |it| it.exporter(crate::Exporter::otlp_grpc("localhost:4317")),
        |it| it.exporter(crate::Exporter::otlp().header("a b", "1")),
        |it| {
            let it = it.env([("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")]);
            it.exporter(crate::Exporter::otlp().header("a b", "1"))
        },
        |it| it.exporter(crate::Exporter::otlp_grpc("https://c").certificate("none")),
    ];
    for set in bad {
        for strict in [None, Some(false), Some(true)] {
            let builder = set(with_env(&[("OTEL_TRACES_SAMPLER_ARG", "x")]));
            let builder = match strict {
                Some(strict) => builder.strict(strict),
                None => builder,
            };
            let text = builder.build().expect_err("it is refused").to_string();
            assert!(!text.contains("OTEL_"), "{text}");
        }
    }
}

#[test]
fn warnings_are_one_line_each_on_the_diagnostics_channel() {
    use std::sync::{Arc, Mutex};
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = lines.clone();
    let prela = with_env(&[
        ("OTEL_TRACES_SAMPLER", "x\n\u{1b}[31mray"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret\n%0a,b"),
    ])
    .diagnostics(move |line| written.lock().unwrap().push(line.to_owned()))
    .build()
    .unwrap();
    let expected: Vec<_> = prela.warnings().iter().map(|it| format!("prela: {it}")).collect();
    assert_eq!(*lines.lock().unwrap(), expected);
    assert_eq!(expected.len(), 2, "{expected:?}");
    for line in expected {
        assert!(!line.contains(char::is_control) && !line.contains("secret"), "{line}");
    }
}

#[test]
fn a_disabled_program_hears_of_nothing_else() {
    let mut variables: Vec<_> = CASES.iter().map(|(name, _, value, ..)| (*name, *value)).collect();
    variables.retain(|(name, _)| !name.starts_with("OTEL_P") && *name != "OTEL_SDK_DISABLED");
    variables.extend([("OTEL_SDK_DISABLED", "True"), ("PRELA_STRICT", "1")]);
    let prela = with_env(&variables).build().unwrap();
    assert_eq!((prela.warnings().len(), prela.stats().exporters.len()), (0, 0));
}

#[test]
#[cfg(unix)]
fn what_is_not_utf_8_is_left_out() {
    use std::os::unix::ffi::OsStringExt as _;
    let context: &[(&str, Pairs)] = &[
        ("PRELA_TRACE_DIR", &[("PRELA_EXPORTER", "file")]),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", &[]),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", OTLP),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", OTLP),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", LOGS),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", METRICS),
        ("OTEL_TRACES_SAMPLER_ARG", RATIO),
        ("NO_PROXY", PROXY),
        ("no_proxy", PROXY),
        ("REQUEST_METHOD", PROXY),
    ];
    for variable in VARIABLES {
        let name = variable.name();
        let others = CASES.iter().find(|(known, ..)| *known == name).map(|(_, others, ..)| *others);
        let others =
            context.iter().find(|(known, _)| *known == name).map_or(others, |it| Some(it.1));
        let secret = OsString::from_vec(b"secret\xff".to_vec());
        let pairs =
            others.unwrap_or_default().iter().map(|(name, value)| ((*name).into(), value.into()));
        let pairs: Vec<(OsString, OsString)> = pairs.chain([(name.into(), secret)]).collect();
        let prela = crate::builder().env(pairs.clone()).diagnostics(|_| ()).build().unwrap();
        if name == "NO_COLOR" {
            assert_eq!(prela.warnings(), [""; 0]);
            continue;
        }
        let about =
            |warning: &&String| warning.starts_with(&format!("{name}: the value is not UTF-8"));
        assert_eq!(
            prela.warnings().iter().filter(about).count(),
            1,
            "{name}: {:?}",
            prela.warnings()
        );
        if name != "PRELA_STRICT" {
            assert!(crate::builder().env(pairs).strict(true).build().is_err(), "{name}");
        }
    }
}

/// Whatever is in the environment, a program starts, records and ends.
#[test]
fn any_value_of_any_variable_lets_a_program_run() {
    let long = "x,".repeat(50_000);
    let values = [
        "%",
        ",",
        "=",
        ":",
        "-1",
        "0",
        "1",
        "1.5",
        "true",
        "none",
        "NaN",
        "18446744073709551615",
        "2147483647",
        "9223372036854775807",
        "http://",
        "unix:",
        "/",
        "\u{0}",
        "é",
        "`",
        &long,
    ];
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    for value in values {
        let mut variables: Vec<_> = VARIABLES.iter().map(|it| (it.name(), value)).collect();
        variables.retain(|(name, _)| !name.ends_with("_DIR") && !name.ends_with("_STRICT"));
        variables.extend([("PRELA_SPOOL_DIR", dir), ("PRELA_TRACE_DIR", dir)]);
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        for (exporter, place) in
            [("none", None), ("file", None), ("otlp", None), ("otlp", Some(endpoint))]
        {
            let mut variables = variables.clone();
            if let Some(place) = place {
                variables.retain(|(name, _)| !name.ends_with("_ENDPOINT"));
                variables.push(place);
            }
            variables.push(("PRELA_EXPORTER", exporter));
            let prela = with_env(&variables).build().unwrap_or_else(|it| panic!("{value}: {it}"));
            prela.tracer().span_default("work").in_scope(|span| {
                span.set_attribute("a", "b").add_event("e", [("k", 1)]);
            });
            let _ = prela.shutdown(Duration::from_millis(100));
        }
    }
}
