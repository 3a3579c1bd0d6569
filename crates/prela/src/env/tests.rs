use super::*;
use std::time::Duration;

fn env(pairs: &[(&str, &str)]) -> Environment {
    Environment::of_pairs(pairs.iter().map(|(name, value)| (name.into(), value.into())))
}

fn message<T>(result: Result<T, Error>) -> String {
    let Err(error) = result else { panic!("it is refused") };
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

/// What the documentation of `Builder` lists is what the code can read.
#[test]
fn the_documented_table_is_the_table() {
    let documented: Vec<_> = include_str!("variables.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let known: Vec<_> = VARIABLES.iter().map(|variable| variable.name()).collect();
    assert_eq!(documented, known);
}

#[test]
fn empty_is_not_set() {
    let env = env(&[("OTEL_SERVICE_NAME", " "), ("PRELA_EXPORTER", "")]);
    assert!(env.get(OTEL_SERVICE_NAME).unwrap().is_none());
    assert!(env.first(&[PRELA_EXPORTER, OTEL_SERVICE_NAME]).unwrap().is_none());
}

#[test]
fn the_first_that_is_set_wins() {
    let env =
        env(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "1"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2")]);
    let variables = [OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT];
    let timeout = env.first(&variables).unwrap().expect("two are set");
    assert_eq!(timeout.milliseconds().unwrap(), Duration::from_millis(2));
}

#[test]
fn numbers_are_checked() {
    let variable = OTEL_BSP_SCHEDULE_DELAY;
    for value in ["-1", "1.5", "ten", "99999999999999999999"] {
        let setting = Setting { variable, value };
        let shown = |problem| format!("read OTEL_BSP_SCHEDULE_DELAY: `{value}` is not {problem}");
        assert_eq!(message(setting.milliseconds()), shown("a whole number of milliseconds"));
        assert_eq!(message(setting.number()), shown("a whole number"));
        assert_eq!(message(setting.size()), shown("a whole number above 0"));
    }
    assert!(Setting { variable, value: "0" }.size().is_err());
    for value in ["-0.1", "1.1", "NaN", "inf", "half"] {
        assert!(Setting { variable, value }.share().is_err(), "{value}");
    }
    assert_eq!(Setting { variable, value: "0.25" }.share().unwrap(), 0.25);
}

#[test]
fn choices_are_named() {
    let setting = Setting { variable: PRELA_EXPORTER, value: "otpl" };
    assert_eq!(
        message(setting.choice(&[("console", 1), ("otlp", 2)])),
        "read PRELA_EXPORTER: `otpl` is none of `console`, `otlp`",
    );
    let setting = Setting { variable: PRELA_EXPORTER, value: "Console, OTLP" };
    assert_eq!(setting.choices(&[("console", 1), ("otlp", 2)]).unwrap(), [1, 2]);
}

#[test]
fn entries_are_percent_decoded() {
    let value = "a=1, b = two%20words%2C%3D ,,c=x=y";
    let setting = Setting { variable: OTEL_RESOURCE_ATTRIBUTES, value };
    let pairs = [("a", "1"), ("b", "two words,="), ("c", "x=y")];
    assert_eq!(setting.entries().unwrap(), pairs.map(|(k, v)| (k.to_owned(), v.to_owned())));
}

#[test]
fn bad_entries_are_named_by_position() {
    for (value, problem) in [
        ("a=1,secret", "entry 2 is not `key=value`"),
        ("=secret", "entry 1 has no key"),
        ("a=%zzsecret", "entry 1 is not percent-encoded UTF-8"),
        ("a=%ff", "entry 1 is not percent-encoded UTF-8"),
        ("a=secret%", "entry 1 is not percent-encoded UTF-8"),
    ] {
        let setting = Setting { variable: OTEL_EXPORTER_OTLP_HEADERS, value };
        let text = message(setting.entries());
        assert_eq!(text, format!("read OTEL_EXPORTER_OTLP_HEADERS: {problem}"));
    }
}

#[test]
fn an_error_is_one_line() {
    let setting = Setting { variable: PRELA_SAMPLE_RATE, value: "1\n\u{1b}[31m2" };
    let text = message(setting.share());
    assert!(!text.contains(char::is_control), "{text}");
}

#[test]
#[cfg(unix)]
fn what_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let env = Environment::of_pairs([("OTEL_SERVICE_NAME".into(), value)]);
    assert_eq!(
        message(env.get(OTEL_SERVICE_NAME).map(drop)),
        "read OTEL_SERVICE_NAME: the value is not UTF-8",
    );
}

#[test]
fn debug_shows_no_value() {
    let env = env(&[("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=secret")]);
    assert_eq!(format!("{env:?}"), r#"{"OTEL_EXPORTER_OTLP_HEADERS"}"#);
}
