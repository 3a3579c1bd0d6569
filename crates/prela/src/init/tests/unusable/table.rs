//! The table of values that cannot be used.

pub(super) type Pairs = &'static [(&'static str, &'static str)];

/// A variable, those that it needs to be read, a value that cannot be used, what is wrong with that, and
/// what is used instead.
pub(super) type Case = (&'static str, Pairs, &'static str, &'static str, &'static str);

pub(super) const OTLP: Pairs = &[("OTEL_TRACES_EXPORTER", "otlp")];
pub(super) const TLS: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1")];
pub(super) const FAR: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c.invalid:1")];
pub(super) const FAR_TLS: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.invalid:1")];
/// Where `NO_PROXY` is looked at.
pub(super) const PROXY: Pairs =
    &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c.invalid:1"), ("ALL_PROXY", "p:1")];
pub(super) const BARE: Pairs = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:1")];
pub(super) const RATIO: Pairs = &[("OTEL_TRACES_SAMPLER", "traceidratio")];
pub(super) const SPOOL: Pairs = &[("PRELA_SPOOL_DIR", "/no/such/spool")];

pub(super) const LOGS: Pairs = &[("OTEL_LOGS_EXPORTER", "otlp")];
pub(super) const METRICS: Pairs = &[("OTEL_METRICS_EXPORTER", "otlp")];
const LOGS_AT: Pairs = &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://localhost:1")];
const LOGS_AT_TLS: Pairs = &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://localhost:1")];
const METRICS_AT_TLS: Pairs = &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://localhost:1")];
const BARE_LOGS: Pairs = &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "localhost:1")];
const BARE_METRICS: Pairs = &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:1")];
const ANY_TIMEOUT_LOGS: Pairs =
    &[("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1")];
const ANY_TIMEOUT_METRICS: Pairs =
    &[("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1")];
const QUEUE_LOGS: Pairs = &[("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_BSP_MAX_QUEUE_SIZE", "7")];

pub(super) const EXPORTERS: &str = "is none of `console`, `file`, `otlp`, `http`, `none`";
const CONVENTIONS: &str =
    "is none of `genai`, `openinference`, `traceloop`, `langfuse`, `honeyhive`";
const CONTENT: &str = "is none of `NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, `true`, `false`, \
                       `1`, `0`";
pub(super) const FORMATS: &str =
    "is none of `tracecontext`, `baggage`, `b3`, `b3multi`, `legacy_ids`, `none`";
pub(super) const SAMPLERS: &str = "is none of `always_on`, `always_off`, `traceidratio`, \
                        `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`";
pub(super) const FLAG: &str = "is none of `true`, `false`";
pub(super) const SHARE: &str = "is not a number between 0 and 1";
pub(super) const NUMBER: &str = "is not a whole number";
pub(super) const SIZE: &str = "is not a whole number above 0";
pub(super) const TIME: &str = "is not a whole number of milliseconds";
pub(super) const COMPRESSIONS: &str = "is none of `gzip`, `zstd`, `none`";
pub(super) const NO_FILE: &str = "cannot be read: No such file or directory (os error 2)";
pub(super) const NO_PATH: &str = "it must be the path of a file, not its content";
pub(super) const NO_URL: &str = "is not a URL that begins with `http://` or `https://`";
pub(super) const NO_PROXY: &str =
    "it is not the URL of a proxy, such as `http://proxy.example:3128`";
pub(super) const OVERFLOWS: &str = "is none of `drop_newest`, `drop_oldest`, `block:1000`, `spool`";
pub(super) const CONDITIONS: &str = "is none of `errors`, `longer_than:` and milliseconds";
pub(super) const WORDS: &str = "which is none of `all`, `api_keys`, `bearer_tokens`, `emails`, \
                     `card_numbers`, `key:` and a key, `keys_with:` and a part of keys";
pub(super) const SYSTEM: &str = "the system's certificates";

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
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
    ("OTEL_LOGS_EXPORTER", &[], "console", "`console` is none of `otlp`, `none`", "`none`"),
    ("OTEL_LOGS_EXPORTER", LOGS_AT, "file", "`file` is none of `otlp`, `none`", "`otlp`"),
    ("OTEL_METRICS_EXPORTER", &[], "prometheus", "`prometheus` is none of `otlp`, `none`", "`none`"),
    ("OTEL_METRICS_EXPORTER", &[], "otlp,prometheus", "`prometheus` is none of `otlp`, `none`", "`otlp`"),
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
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &[], "htp://c", "`htp://c` {NO_URL}: write `http://c`, or `https://c` for TLS", "no OTLP exporter"),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", LOGS, "secret", "entry 1 is not `key=value`", "none"),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", LOGS, "10s", "`10s` {TIME}", "10000"),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", ANY_TIMEOUT_LOGS, "10s", "`10s` {TIME}", "OTEL_EXPORTER_OTLP_TIMEOUT"),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", LOGS, "zip", "`zip` {COMPRESSIONS}", "`none`"),
    ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", LOGS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", SYSTEM),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", LOGS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", LOGS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_LOGS_INSECURE", BARE_LOGS, "yes", "`yes` {FLAG}", "`false`"),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &[], "htp://c", "`htp://c` {NO_URL}: write `http://c`, or `https://c` for TLS", "no OTLP exporter"),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", METRICS, "secret", "entry 1 is not `key=value`", "none"),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", METRICS, "10s", "`10s` {TIME}", "10000"),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", ANY_TIMEOUT_METRICS, "10s", "`10s` {TIME}", "OTEL_EXPORTER_OTLP_TIMEOUT"),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", METRICS, "zip", "`zip` {COMPRESSIONS}", "`none`"),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", METRICS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", SYSTEM),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", METRICS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", METRICS_AT_TLS, "/no/such", "`/no/such` {NO_FILE}", "none"),
    ("OTEL_EXPORTER_OTLP_METRICS_INSECURE", BARE_METRICS, "yes", "`yes` {FLAG}", "`false`"),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", METRICS, "sum", "`sum` is none of `cumulative`, `delta`, `lowmemory`", "`cumulative`"),
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
    ("OTEL_BLRP_MAX_QUEUE_SIZE", LOGS, "0", "`0` {SIZE}", "65536"),
    ("OTEL_BLRP_MAX_QUEUE_SIZE", QUEUE_LOGS, "0", "`0` {SIZE}", "OTEL_BSP_MAX_QUEUE_SIZE"),
    ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", LOGS, "100000", "`100000` is more than the queue holds", "`65536`"),
    ("OTEL_BLRP_SCHEDULE_DELAY", LOGS, "1s", "`1s` {TIME}", "1000"),
    ("OTEL_BLRP_EXPORT_TIMEOUT", LOGS, "-1", "`-1` {TIME}", "30000"),
    ("OTEL_METRIC_EXPORT_INTERVAL", METRICS, "0", "`0` is not above 0", "60000"),
    ("OTEL_METRIC_EXPORT_INTERVAL", METRICS, "1m", "`1m` {TIME}", "60000"),
    ("OTEL_METRIC_EXPORT_INTERVAL", METRICS, "99999999999", "`99999999999` is more than a year", "`31536000000`"),
    ("OTEL_METRIC_EXPORT_TIMEOUT", METRICS, "x", "`x` {TIME}", "30000"),
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
    ("PRELA_RECORD_THREADS", &[], "yes", "`yes` is none of `1`, `true`, `0`, `false`", "`false`"),
    ("PRELA_PENDING", &[], "on", "`on` is none of `1`, `true`, `0`, `false`", "`false`"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", &[], "many", "`many` {NUMBER}", "128"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7")], "-1", "`-1` {NUMBER}", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", &[], "-1", "`-1` {NUMBER}", "no limit"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", &[], "1.0", "`1.0` {NUMBER}", "128"),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", &[], "0x10", "`0x10` {NUMBER}", "128"),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", &[], "1,000", "`1,000` {NUMBER}", "128"),
    ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", &[], "∞", "`∞` {NUMBER}", "128"),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", &[], "none", "`none` {NUMBER}", "no limit"),
];

/// The variables that take any text, and so have no value that cannot be used, unless it is not UTF-8.
pub(super) const ANY_TEXT: [&str; 10] = [
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
pub(super) const ELSEWHERE: [&str; 5] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
];

pub(super) fn filled(problem: &str) -> String {
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
