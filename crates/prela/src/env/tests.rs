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
    let choices =
        [("console", Ok(1)), ("otlp", Ok(2)), ("none", Ok(0)), ("file", Err("needs more"))];
    let chosen = |value| Setting { variable: PRELA_EXPORTER, value }.choices(&choices);
    assert_eq!(chosen("Console, OTLP").unwrap(), [1, 2]);
    assert_eq!(chosen(",otlp,,").unwrap(), [2]);
    assert_eq!(chosen("None").unwrap(), [0]);
    for (value, problem) in [
        ("otlp,file", "needs more"),
        ("otlp,none", "`otlp,none` has `none` beside others"),
        (",", "`,` names nothing"),
    ] {
        assert_eq!(message(chosen(value)), format!("read PRELA_EXPORTER: {problem}"));
    }
}

#[test]
fn a_flag_is_true_or_false() {
    let flag = |value| Setting { variable: OTEL_SDK_DISABLED, value }.flag();
    for (value, expected) in [("true", true), ("TRUE", true), ("False", false)] {
        assert_eq!(flag(value).unwrap(), expected);
    }
    for value in ["1", "yes", "on", "0", "truee", "\u{130}"] {
        let problem = format!("`{value}` is none of `true`, `false`");
        assert_eq!(message(flag(value)), format!("read OTEL_SDK_DISABLED: {problem}"));
    }
}

fn pairs(value: &str) -> Result<Vec<(String, String)>, Error> {
    let setting = Setting { variable: OTEL_EXPORTER_OTLP_HEADERS, value };
    setting.pairs(|key, value| Ok((key.to_owned(), value.to_owned())))
}

#[test]
fn values_of_pairs_are_percent_decoded_and_keys_are_not() {
    let value = "a=1, b%2D = two%20words%2C%3D ,,c=x=y";
    let expected = [("a", "1"), ("b%2D", "two words,="), ("c", "x=y")];
    assert_eq!(pairs(value).unwrap(), expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
}

#[test]
fn a_percent_sign_that_begins_no_code_stands_for_itself() {
    for (value, read) in [
        ("%", "%"),
        ("100%", "100%"),
        ("50% off", "50% off"),
        ("%zz", "%zz"),
        ("%e", "%e"),
        ("%%41", "%A"),
        ("%4", "%4"),
        ("a%2", "a%2"),
        ("%25", "%"),
        ("%2525", "%25"),
        ("%\u{e9}", "%\u{e9}"),
    ] {
        let read = vec![("k".to_owned(), read.to_owned())];
        assert_eq!(pairs(&format!("k={value}")).unwrap(), read, "{value}");
    }
}

#[test]
fn bad_entries_are_named_by_position() {
    for (value, problem) in [
        ("a=1,secret", "entry 2 is not `key=value`"),
        ("=secret", "entry 1 has no key"),
        ("a=%ff", "entry 1 is not percent-encoded UTF-8"),
        ("a=1,,=secret,b=%C3%28", "entry 3 has no key; entry 4 is not percent-encoded UTF-8"),
        (
            "a,b,c,d,e,f,g",
            "entry 1 is not `key=value`; entry 2 is not `key=value`; entry 3 is not \
          `key=value`; entry 4 is not `key=value`; entry 5 is not `key=value`; and 2 more",
        ),
    ] {
        let text = message(pairs(value));
        assert_eq!(text, format!("read OTEL_EXPORTER_OTLP_HEADERS: {problem}"));
    }
}

/// What is read in the end, and the warnings.
fn settled<T>(
    pairs: &[(&str, &str)],
    read: impl FnMut(&Environment) -> Result<T, Error>,
) -> (T, Vec<String>) {
    let mut env = env(pairs);
    let read = env.settle(read).expect("the environment is no reason to fail");
    (read, env.warnings(false).expect("they are none"))
}

#[test]
fn what_cannot_be_used_is_as_if_it_were_not_set() {
    let timeout = |env: &Environment| {
        let variables = [OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT];
        env.first(&variables)?.map(|setting| setting.number()).transpose()
    };
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT";
    const ANY: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
    let problem = "is not a whole number; used instead:";
    for (pairs, read, warnings) in [
        (&[(TRACES, "x"), (ANY, "2")][..], Some(2), vec![format!("{TRACES}: `x` {problem} {ANY}")]),
        (&[(TRACES, "x")], None, vec![format!("{TRACES}: `x` {problem} 10000")]),
        (&[(TRACES, "1"), (ANY, "x")], Some(1), vec![]),
        (
            &[(TRACES, "x"), (ANY, "y")],
            None,
            vec![format!("{TRACES}: `x` {problem} {ANY}"), format!("{ANY}: `y` {problem} 10000")],
        ),
    ] {
        assert_eq!(settled(pairs, timeout), (read, warnings), "{pairs:?}");
    }
    // One that is left out of one reading is left out of all.
    let mut env = env(&[(ANY, "x")]);
    assert_eq!(env.settle(timeout).unwrap(), None);
    assert_eq!(env.settle(timeout).unwrap(), None);
    assert!(env.has_left_out(&[OTEL_EXPORTER_OTLP_TIMEOUT]));
    assert_eq!(env.warnings(false).unwrap().len(), 1);
}

#[test]
fn one_bad_entry_costs_no_other() {
    let read = |env: &Environment| match env.get(OTEL_EXPORTER_OTLP_HEADERS)? {
        Some(setting) => setting.pairs(|key, _| Ok(key.to_owned())),
        None => Ok(Vec::new()),
    };
    for (value, keys, instead) in [
        ("a=1,secret,b=2", &["a", "b"][..], "the other entries"),
        ("secret,secret,c=3", &["c"], "the other entries"),
        ("secret", &[], "none"),
        ("=secret, ,secret", &[], "none"),
    ] {
        let (read, warnings) = settled(&[("OTEL_EXPORTER_OTLP_HEADERS", value)], read);
        assert_eq!(read, keys);
        let [warning] = &warnings[..] else { panic!("one warning: {warnings:?}") };
        assert!(warning.ends_with(&format!("; used instead: {instead}")), "{warning}");
        assert!(!warning.contains("secret"), "{warning}");
    }
}

#[test]
fn what_is_no_fault_of_the_environment_is_an_error() {
    let mut env = env(&[("OTEL_SERVICE_NAME", "shop")]);
    let code = |_: &Environment| Err::<(), _>(Error::new(ErrorKind::Config, "set x: too small"));
    assert_eq!(message(env.settle(code)), "set x: too small");
    // A value that would stay as it is: asking again would not end.
    let same = |env: &Environment| match env.get(OTEL_SERVICE_NAME)? {
        Some(setting) => Err::<(), _>(setting.replaced("is bad", setting.value)),
        None => Ok(()),
    };
    assert_eq!(message(env.settle(same)), "read OTEL_SERVICE_NAME: `shop` is bad");
}

#[test]
fn all_of_them_are_in_one_error() {
    let read = |env: &Environment| {
        for variable in [OTEL_SPAN_LINK_COUNT_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT] {
            env.get(variable)?.map(|setting| setting.number()).transpose()?;
        }
        Ok(())
    };
    let mut env = env(&[("OTEL_SPAN_EVENT_COUNT_LIMIT", "b"), ("OTEL_SPAN_LINK_COUNT_LIMIT", "a")]);
    env.settle(read).unwrap();
    assert_eq!(
        message(env.warnings(true)),
        "read OTEL_SPAN_LINK_COUNT_LIMIT: `a` is not a whole number; \
         read OTEL_SPAN_EVENT_COUNT_LIMIT: `b` is not a whole number",
    );
}

#[test]
fn an_error_is_one_line() {
    let setting = Setting { variable: PRELA_SAMPLE_RATE, value: "1\n\u{1b}[31m2" };
    let text = message(setting.share());
    assert!(!text.contains(char::is_control), "{text}");
    let long = "x".repeat(100_000);
    let text = message(Setting { variable: PRELA_SAMPLE_RATE, value: &long }.share());
    assert!(text.len() < 400 && text.contains('…'), "{text}");
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
