//! Values of the environment that cannot be used: what is said, and what holds.

use super::with_env;
use crate::env::VARIABLES;
use crate::{Builder, ErrorKind, Prela};
use std::ffi::OsString;
use std::time::Duration;

type Pairs = &'static [(&'static str, &'static str)];

/// A variable, those that it needs to be read, a value that cannot be used, what is wrong with that, and
/// what is used instead.
type Case = (&'static str, Pairs, &'static str, &'static str, &'static str);

const OTLP: Pairs = &[("OTEL_TRACES_EXPORTER", "otlp")];
const TLS: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1")];
const FAR: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c.invalid:1")];
const FAR_TLS: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.invalid:1")];
/// Where `NO_PROXY` is looked at.
const PROXY: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c.invalid:1"), ("ALL_PROXY", "p:1")];
const BARE: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:1")];
const RATIO: Pairs = &[("OTEL_TRACES_SAMPLER", "traceidratio")];
const SPOOL: Pairs = &[("PRELA_SPOOL_DIR", "/no/such/spool")];

const EXPORTERS: &str = "is none of `console`, `file`, `otlp`, `http`, `none`";
const CONVENTIONS: &str =
    "is none of `genai`, `openinference`, `traceloop`, `langfuse`, `honeyhive`";
const CONTENT: &str = "is none of `NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, `true`, `false`, \
                       `1`, `0`";
const FORMATS: &str = "is none of `tracecontext`, `baggage`, `b3`, `b3multi`, `legacy_ids`, `none`";
const SAMPLERS: &str = "is none of `always_on`, `always_off`, `traceidratio`, \
                        `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`";
const FLAG: &str = "is none of `true`, `false`";
const SHARE: &str = "is not a number between 0 and 1";
const NUMBER: &str = "is not a whole number";
const SIZE: &str = "is not a whole number above 0";
const TIME: &str = "is not a whole number of milliseconds";
const COMPRESSIONS: &str = "is none of `gzip`, `zstd`, `none`";
const NO_FILE: &str = "cannot be read: No such file or directory (os error 2)";
const NO_PATH: &str = "it is to be the path of a file, not what is in the file";
const NO_URL: &str = "is not a URL that begins with `http://` or `https://`";
const NO_PROXY: &str = "it is not the URL of a proxy, such as `http://proxy.example:3128`";
const OVERFLOWS: &str = "is none of `drop_newest`, `drop_oldest`, `block:1000`, `spool`";
const CONDITIONS: &str = "is none of `errors`, `longer_than:` and milliseconds";
const WORDS: &str = "which is none of `all`, `api_keys`, `bearer_tokens`, `emails`, \
                     `card_numbers`, `key:` and a key, `keys_with:` and a part of keys";
const SYSTEM: &str = "the system's certificates";

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("PRELA_STRICT", &[], "yes", "`yes` is none of `1`, `true`, `0`, `false`", "`false`"),
    ("OTEL_SDK_DISABLED", &[], "1", "`1` {FLAG}", "`false`"),
    ("OTEL_SDK_DISABLED", &[], "yes", "`yes` {FLAG}", "`false`"),
    ("OTEL_RESOURCE_ATTRIBUTES", &[], "team", "entry 1 is not `key=value`", "none"),
    ("OTEL_RESOURCE_ATTRIBUTES", &[], "a=1,=x,%ff=1", "entry 2 has no key; entry 3 is not percent-encoded UTF-8", "the other entries"),
    ("PRELA_EXPORTER", &[], "jaeger", "`jaeger` {EXPORTERS}", "`console`"),
    ("PRELA_EXPORTER", &[("OTEL_TRACES_EXPORTER", "none")], "a,b", "`a,b` {EXPORTERS}", "OTEL_TRACES_EXPORTER"),
    ("PRELA_EXPORTER", TLS, "jaeger", "`jaeger` {EXPORTERS}", "`otlp`"),
    ("OTEL_TRACES_EXPORTER", &[], "zipkin", "`zipkin` is none of `otlp`, `console`, `file`, `none`", "`console`"),
    ("OTEL_TRACES_EXPORTER", TLS, "zipkin", "`zipkin` is none of `otlp`, `console`, `file`, `none`", "`otlp`"),
    ("OTEL_TRACES_EXPORTER", &[], "file,zipkin, console", "`zipkin` is none of `otlp`, `console`, `file`, `none`", "`file,console`"),
    ("OTEL_TRACES_EXPORTER", &[], "none,console", "`none,console` has `none` beside others", "`console`"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &[], "htp://c", "`htp://c` {NO_URL}: write `http://c`, or `https://c` for TLS", "no OTLP exporter"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", TLS, "not a url", "`not a url` is not a URL", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", &[], "ftp://c?key=secret", "`ftp://c?…` {NO_URL}: write `http://c`, or `https://c` for TLS", "no OTLP exporter"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP, "http://u:secret@c", "the URL has a user or a password: send a header instead", "no OTLP exporter"),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", OTLP, "a b=secret,c=1", "entry 1 has a name that no header can have", "the other entries"),
    ("OTEL_EXPORTER_OTLP_HEADERS", OTLP, "secret", "entry 1 is not `key=value`", "none"),
    ("OTEL_EXPORTER_OTLP_HEADERS", OTLP, "a=%0Asecret", "entry 1 has a value that no header can have", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", OTLP, "10s", "`10s` {TIME}", "10000"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", OTLP, "-1", "`-1` {TIME}", "10000"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", OTLP, "1.5", "`1.5` {TIME}", "10000"),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", OTLP, "zip", "`zip` {COMPRESSIONS}", "`none`"),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", OTLP, "true", "`true` {COMPRESSIONS}", "`none`"),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", TLS, "/no/such", "`/no/such` {NO_FILE}", SYSTEM),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", TLS, "/no/such", "`/no/such` {NO_FILE}", SYSTEM),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", TLS, "/", "`/` is not a file", SYSTEM),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", TLS, "/dev/zero", "`/dev/zero` is not a file", SYSTEM),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", TLS, "/dev/zero", "`/dev/zero` is not a file", "none"),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS, "/dev/tty", "`/dev/tty` is not a file", "none"),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", TLS, "-----BEGIN CERTIFICATE-----\nMIIsecret", "{NO_PATH}", SYSTEM),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS, "-----BEGIN PRIVATE KEY-----\nMIIsecret", "{NO_PATH}", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS, "MIIEvsecret", "{NO_PATH}", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS, "LS0tLS1CRUdJTisecret", "{NO_PATH}", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", BARE, "yes", "`yes` {FLAG}", "`false`"),
    ("OTEL_EXPORTER_OTLP_INSECURE", BARE, "1", "`1` {FLAG}", "`false`"),
    ("HTTPS_PROXY", FAR_TLS, "http://u:secret@", "{NO_PROXY}", "none"),
    ("https_proxy", FAR_TLS, "u:secret@p:port", "{NO_PROXY}", "none"),
    ("HTTP_PROXY", FAR, "ftp://u:secret@p", "{NO_PROXY}", "none"),
    ("http_proxy", FAR, "socks5://u:secret@p", "it is the URL of a `socks5` proxy, and only those of `http://` and `https://` can be used", "none"),
    ("ALL_PROXY", FAR, ":3128", "{NO_PROXY}", "none"),
    ("all_proxy", FAR_TLS, "http://", "{NO_PROXY}", "none"),
    ("PRELA_SAMPLE_RATE", &[], "1.5", "`1.5` {SHARE}", "`parentbased_always_on`"),
    ("PRELA_SAMPLE_RATE", RATIO, "10%", "`10%` {SHARE}", "OTEL_TRACES_SAMPLER"),
    ("OTEL_TRACES_SAMPLER", &[], "xray", "`xray` {SAMPLERS}", "`parentbased_always_on`"),
    ("OTEL_TRACES_SAMPLER", &[], "jaeger_remote", "`jaeger_remote` {SAMPLERS}", "`parentbased_always_on`"),
    ("OTEL_TRACES_SAMPLER_ARG", RATIO, "1.5", "`1.5` {SHARE}", "1"),
    ("OTEL_TRACES_SAMPLER_ARG", RATIO, "abc", "`abc` {SHARE}", "1"),
    ("OTEL_TRACES_SAMPLER_ARG", RATIO, "-0.1", "`-0.1` {SHARE}", "1"),
    ("OTEL_TRACES_SAMPLER_ARG", RATIO, "NaN", "`NaN` {SHARE}", "1"),
    ("OTEL_TRACES_SAMPLER_ARG", &[], "0.5", "`0.5` is of no use without OTEL_TRACES_SAMPLER", "nothing"),
    ("OTEL_TRACES_SAMPLER_ARG", &[("OTEL_TRACES_SAMPLER", "always_on")], "0.5", "`0.5` goes with `traceidratio` and `parentbased_traceidratio` only", "nothing"),
    ("OTEL_PROPAGATORS", &[], "xray", "`xray` {FORMATS}", "`tracecontext,baggage`"),
    ("OTEL_PROPAGATORS", &[], "xray,b3, jaeger,tracecontext", "`xray` {FORMATS}; `jaeger` {FORMATS}", "`b3,tracecontext`"),
    ("OTEL_PROPAGATORS", &[], "none,b3", "`none,b3` has `none` beside others", "`b3`"),
    ("PRELA_BAGGAGE_TO_ATTRIBUTES", &[], "user id,tenant", "`user id` is a key that no baggage can have", "`tenant`"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", &[], "0", "`0` {SIZE}", "65536"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", &[], "99999999999999999999", "`99999999999999999999` {SIZE}", "65536"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &[], "-1", "`-1` {SIZE}", "512"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &[], "100000", "`100000` is more than the queue holds", "`65536`"),
    ("OTEL_BSP_SCHEDULE_DELAY", &[], "1s", "`1s` {TIME}", "1000"),
    ("OTEL_BSP_SCHEDULE_DELAY", &[], "99999999999", "`99999999999` is more than a year", "`31536000000`"),
    ("OTEL_BSP_EXPORT_TIMEOUT", &[], "1e3", "`1e3` {TIME}", "30000"),
    ("PRELA_MAX_QUEUE_BYTES", &[], "64MiB", "`64MiB` {SIZE}", "67108864"),
    ("PRELA_OVERFLOW", &[], "drop", "`drop` {OVERFLOWS}", "`drop_newest`"),
    ("PRELA_OVERFLOW", &[], "block", "`block` {OVERFLOWS}", "`drop_newest`"),
    ("PRELA_OVERFLOW", &[], "block:1s", "`block:1s` has no whole number of milliseconds after `block:`", "`drop_newest`"),
    ("PRELA_OVERFLOW", &[], "spool", "`spool` is of no use without PRELA_SPOOL_DIR", "`drop_newest`"),
    ("PRELA_SPOOL_MAX_BYTES", SPOOL, "0", "`0` {SIZE}", "268435456"),
    ("PRELA_SPOOL_MAX_BYTES", &[], "1", "`1` is of no use without PRELA_SPOOL_DIR", "nothing"),
    ("PRELA_SPOOL_MAX_AGE", SPOOL, "7d", "`7d` {TIME}", "604800000"),
    ("PRELA_SPOOL_MAX_AGE", SPOOL, "999", "`999` is less than 1000 milliseconds", "604800000"),
    ("PRELA_SHUTDOWN_TIMEOUT", &[], "1.5", "`1.5` {TIME}", "1500"),
    ("PRELA_CONVENTIONS", &[], "datadog", "`datadog` {CONVENTIONS}", "`genai`"),
    ("PRELA_CONVENTIONS", &[], "langfuse,datadog", "`datadog` {CONVENTIONS}", "`langfuse`"),
    ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", &[], "all", "`all` {CONTENT}", "`NO_CONTENT`"),
    ("PRELA_REDACT", &[], "on", "`on` has `on`, {WORDS}", "`all,key:on`"),
    ("PRELA_REDACT", &[], "emails,user.name,key:", "`emails,user.name,key:` has `user.name`, `key:`, {WORDS}", "`emails,all,key:user.name`"),
    ("PRELA_PAYLOAD_LIMIT", &[], "16k", "`16k` {NUMBER}", "no limit"),
    ("PRELA_KEEP_TRACES", &[], "slow", "`slow` {CONDITIONS}", "none"),
    ("PRELA_KEEP_TRACES", &[], "errors,longer_than:1s", "`longer_than:1s` {CONDITIONS}", "`errors`"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", &[], "many", "`many` {NUMBER}", "128"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7")], "-1", "`-1` {NUMBER}", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", &[], "-1", "`-1` {NUMBER}", "no limit"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", &[], "1.0", "`1.0` {NUMBER}", "128"),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", &[], "0x10", "`0x10` {NUMBER}", "128"),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", &[], "1,000", "`1,000` {NUMBER}", "128"),
    ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", &[], "∞", "`∞` {NUMBER}", "128"),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", &[], "none", "`none` {NUMBER}", "no limit"),
];

/// The same problem whatever is read: what these take can be any text.
const ANY_TEXT: [&str; 10] = [
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "PRELA_SERVICE_NAME",
    "OTEL_SERVICE_NAME",
    "PRELA_TRACE_DIR",
    "NO_COLOR",
    "PRELA_SPOOL_DIR",
    "PRELA_CONSOLE",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
];

/// Tested on their own: the protocols differ by what is built, and one limit is read for three things.
const ELSEWHERE: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
];

fn filled(problem: &str) -> String {
    let words = [
        ("{EXPORTERS}", EXPORTERS),
        ("{FORMATS}", FORMATS),
        ("{CONVENTIONS}", CONVENTIONS),
        ("{CONTENT}", CONTENT),
        ("{SAMPLERS}", SAMPLERS),
        ("{FLAG}", FLAG),
        ("{SHARE}", SHARE),
        ("{NUMBER}", NUMBER),
        ("{SIZE}", SIZE),
        ("{TIME}", TIME),
        ("{COMPRESSIONS}", COMPRESSIONS),
        ("{NO_FILE}", NO_FILE),
        ("{NO_PATH}", NO_PATH),
        ("{NO_URL}", NO_URL),
        ("{NO_PROXY}", NO_PROXY),
        ("{OVERFLOWS}", OVERFLOWS),
        ("{CONDITIONS}", CONDITIONS),
        ("{WORDS}", WORDS),
    ];
    words.iter().fold(problem.to_owned(), |text, (word, meant)| text.replace(word, meant))
}

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
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_LOGS_EXPORTER", "x"),
        ("OTEL_LOG_LEVEL", "?"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "nonsense"),
        ("PRELA_API_KEY", "%"),
    ];
    let prela = with_env(&all).strict(true).build().unwrap();
    assert_eq!(prela.warnings(), [""; 0]);
}

#[test]
fn protocols_are_left_out_like_all_others() {
    for (name, instead) in [
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "by the endpoint: "),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "by the endpoint: "),
    ] {
        let prela = with_env(&[OTLP[0], (name, "thrift")]).build().unwrap();
        let [warning] = prela.warnings() else { panic!("one: {:?}", prela.warnings()) };
        let begin = format!("{name}: `thrift` is none of `grpc`, `http/protobuf`");
        assert!(warning.starts_with(&begin), "{warning}");
        assert!(warning.contains(&format!("; used instead: {instead}")), "{warning}");
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

mod new_ones {
    //! Variables for what only the code could set.

    use super::super::with_env;
    use crate::baggage;
    use crate::export::MemoryExporter;
    use crate::span::SpanData;
    use std::sync::Arc;
    use std::time::Duration;

    /// What arrives of a span with an e-mail address, a password and a long text, and of one that fails.
    fn recorded(variables: &[(&str, &str)]) -> Vec<Arc<SpanData>> {
        let memory = MemoryExporter::new();
        let prela = with_env(variables).exporter(memory.clone()).build().unwrap();
        assert_eq!(prela.warnings(), [""; 0]);
        let tracer = prela.tracer();
        tracer.span_default("outer").in_scope(|span| {
            span.set_attribute("mail", "anna@example.com");
            span.set_attribute("user.password", "hunter2");
            span.set_attribute("text", "x".repeat(100));
            assert!(baggage::set("tenant", "t1") && baggage::set("secret", "s"));
            tracer.span_default("inner").in_scope(|_| ());
        });
        let _ = tracer.span_default("failed").in_scope_result(|_| Err::<(), _>(std::fmt::Error));
        prela.flush(Duration::from_secs(10)).unwrap();
        memory.spans()
    }

    fn attribute(spans: &[Arc<SpanData>], span: &str, key: &str) -> Option<String> {
        let span = spans.iter().find(|it| it.name == span)?;
        span.attribute(key).map(ToString::to_string)
    }

    #[test]
    fn baggage_becomes_attributes() {
        assert_eq!(attribute(&recorded(&[]), "inner", "tenant"), None);
        let spans = recorded(&[("PRELA_BAGGAGE_TO_ATTRIBUTES", "other, tenant,")]);
        assert_eq!(attribute(&spans, "inner", "tenant").as_deref(), Some("t1"));
        assert_eq!(attribute(&spans, "inner", "secret"), None);
    }

    #[test]
    fn what_must_not_leave_is_taken_out() {
        for (words, mail, password) in [
            ("none", "anna@example.com", "hunter2"),
            ("all", "[redacted email]", "hunter2"),
            ("Emails,key:user.password", "[redacted email]", "[redacted]"),
            ("keys_with:PASS", "anna@example.com", "[redacted]"),
            ("api_keys,bearer_tokens,card_numbers", "anna@example.com", "hunter2"),
        ] {
            let spans = recorded(&[("PRELA_REDACT", words)]);
            assert_eq!(attribute(&spans, "outer", "mail").as_deref(), Some(mail), "{words}");
            assert_eq!(attribute(&spans, "outer", "user.password").as_deref(), Some(password));
        }
        let memory = MemoryExporter::new();
        let builder = with_env(&[("PRELA_REDACT", "all")]).redact(crate::pipeline::Redactor::new());
        let prela = builder.exporter(memory.clone()).build().unwrap();
        prela.tracer().span_default("a@example.com").in_scope(|_| ());
        prela.flush(Duration::from_secs(10)).unwrap();
        assert_eq!(memory.spans()[0].name, "a@example.com", "the code wins");
    }

    #[test]
    fn long_values_are_cut() {
        let spans = recorded(&[("PRELA_PAYLOAD_LIMIT", "40")]);
        let text = attribute(&spans, "outer", "text").unwrap();
        assert_eq!(text, format!("{}… [cut]", "x".repeat(40)));
    }

    #[test]
    fn traces_that_end_badly_are_kept() {
        let sampler = ("OTEL_TRACES_SAMPLER", "always_off");
        assert_eq!(recorded(&[sampler]).len(), 0);
        let kept = recorded(&[sampler, ("PRELA_KEEP_TRACES", "errors")]);
        assert_eq!(attribute(&kept, "failed", "prela.kept_by").as_deref(), Some("error"));
        assert_eq!(kept.len(), 1);
        let kept = recorded(&[sampler, ("PRELA_KEEP_TRACES", "errors, longer_than:0")]);
        assert_eq!(kept.len(), 3);
        assert_eq!(recorded(&[sampler, ("PRELA_KEEP_TRACES", "longer_than:100000")]).len(), 0);
    }

    #[test]
    fn queues_spools_and_endings_have_variables() {
        use crate::init::pipeline::{PipelineOptions, settings, shutdown_timeout};
        use crate::pipeline::{Overflow, Spool};
        let env = |pairs: &[(&str, &str)]| {
            crate::env::Environment::of_pairs(pairs.iter().map(|(k, v)| (k.into(), v.into())))
        };
        let spool = [
            ("PRELA_SPOOL_DIR", "/var/spool/x"),
            ("PRELA_SPOOL_MAX_BYTES", "1000"),
            ("PRELA_SPOOL_MAX_AGE", "60000"),
        ];
        for (word, overflow) in [
            ("drop_newest", Overflow::DropNewest),
            ("Drop_Oldest", Overflow::DropOldest),
            ("block:1500", Overflow::Block(Duration::from_millis(1500))),
            ("BLOCK: 0", Overflow::Block(Duration::ZERO)),
            ("spool", Overflow::Spool),
        ] {
            let pairs = [&spool[..], &[("PRELA_OVERFLOW", word)]].concat();
            let read = settings(&env(&pairs), &PipelineOptions::default()).unwrap();
            assert_eq!(read.overflow, overflow);
            let expected =
                Spool::new("/var/spool/x").max_bytes(1000).max_age(Duration::from_secs(60));
            assert_eq!(format!("{:?}", read.spool), format!("{:?}", Some(expected)));
            let given = PipelineOptions {
                overflow: Some(Overflow::DropNewest),
                ..PipelineOptions::default()
            };
            assert_eq!(settings(&env(&pairs), &given).unwrap().overflow, Overflow::DropNewest);
        }
        let read = settings(&env(&[("PRELA_MAX_QUEUE_BYTES", "77")]), &PipelineOptions::default())
            .unwrap();
        assert_eq!((read.max_queue_bytes, read.spool.is_none()), (77, true));
        let timeout = |pairs: &[(&str, &str)]| shutdown_timeout(&env(pairs)).unwrap();
        assert_eq!(timeout(&[]), Duration::from_millis(1500));
        assert_eq!(timeout(&[("PRELA_SHUTDOWN_TIMEOUT", "20")]), Duration::from_millis(20));
    }
}
