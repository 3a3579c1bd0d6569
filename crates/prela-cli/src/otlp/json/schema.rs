//! The fields of OTLP's messages: their names in JSON, their numbers, their types.

/// The fields of a message in the order of their numbers, in which encoders write them.
pub type Schema = &'static [Field];

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) is_repeated: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    Message(fn() -> Schema),
    Text,
    Base64,
    /// Ids.
    Hex,
    Bool,
    /// `int64`.
    Signed,
    /// `uint32`, and enumerations with the names of their values.
    Unsigned(&'static [&'static str]),
    /// Times, which are texts in JSON.
    Fixed64,
    Fixed32,
    Double,
}

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, is_repeated: false }
}

const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, is_repeated: true }
}

/// The names of a signal's three outer layers, and the message within.
#[derive(Debug, Clone, Copy)]
pub struct Signal {
    pub(super) resources: &'static str,
    pub(super) scopes: &'static str,
    pub(super) records: &'static str,
    pub(super) record: Schema,
}

impl Signal {
    /// Spans.
    pub const TRACES: Self =
        Self { resources: "resourceSpans", scopes: "scopeSpans", records: "spans", record: SPAN };
    /// Log records.
    pub const LOGS: Self = Self {
        resources: "resourceLogs",
        scopes: "scopeLogs",
        records: "logRecords",
        record: LOG_RECORD,
    };
    /// Metrics, which are only counted.
    pub const METRICS: Self = Self {
        resources: "resourceMetrics",
        scopes: "scopeMetrics",
        records: "metrics",
        record: METRIC,
    };
}

/// `Resource`.
pub static RESOURCE: Schema = &[
    many("attributes", 1, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 2, Kind::Unsigned(&[])),
    many("entityRefs", 3, Kind::Message(|| ENTITY_REF)),
];

static ENTITY_REF: Schema = &[
    one("schemaUrl", 1, Kind::Text),
    one("type", 2, Kind::Text),
    many("idKeys", 3, Kind::Text),
    many("descriptionKeys", 4, Kind::Text),
];

/// `InstrumentationScope`.
pub static SCOPE: Schema = &[
    one("name", 1, Kind::Text),
    one("version", 2, Kind::Text),
    many("attributes", 3, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 4, Kind::Unsigned(&[])),
];

/// `Span`.
pub static SPAN: Schema = &[
    one("traceId", 1, Kind::Hex),
    one("spanId", 2, Kind::Hex),
    one("traceState", 3, Kind::Text),
    one("parentSpanId", 4, Kind::Hex),
    one("name", 5, Kind::Text),
    one("kind", 6, Kind::Unsigned(KINDS)),
    one("startTimeUnixNano", 7, Kind::Fixed64),
    one("endTimeUnixNano", 8, Kind::Fixed64),
    many("attributes", 9, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 10, Kind::Unsigned(&[])),
    many("events", 11, Kind::Message(|| EVENT)),
    one("droppedEventsCount", 12, Kind::Unsigned(&[])),
    many("links", 13, Kind::Message(|| LINK)),
    one("droppedLinksCount", 14, Kind::Unsigned(&[])),
    one("status", 15, Kind::Message(|| STATUS)),
    one("flags", 16, Kind::Fixed32),
];

const KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

static EVENT: Schema = &[
    one("timeUnixNano", 1, Kind::Fixed64),
    one("name", 2, Kind::Text),
    many("attributes", 3, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 4, Kind::Unsigned(&[])),
];

static LINK: Schema = &[
    one("traceId", 1, Kind::Hex),
    one("spanId", 2, Kind::Hex),
    one("traceState", 3, Kind::Text),
    many("attributes", 4, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 5, Kind::Unsigned(&[])),
    one("flags", 6, Kind::Fixed32),
];

static STATUS: Schema = &[
    one("message", 2, Kind::Text),
    one("code", 3, Kind::Unsigned(&["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"])),
];

static KEY_VALUE: Schema =
    &[one("key", 1, Kind::Text), one("value", 2, Kind::Message(|| ANY_VALUE))];

/// `AnyValue`. Its fields are a choice: one that is there is written, even if it is zero.
pub(super) static ANY_VALUE: Schema = &[
    one("stringValue", 1, Kind::Text),
    one("boolValue", 2, Kind::Bool),
    one("intValue", 3, Kind::Signed),
    one("doubleValue", 4, Kind::Double),
    one("arrayValue", 5, Kind::Message(|| ARRAY)),
    one("kvlistValue", 6, Kind::Message(|| MAP)),
    one("bytesValue", 7, Kind::Base64),
];

static ARRAY: Schema = &[many("values", 1, Kind::Message(|| ANY_VALUE))];
static MAP: Schema = &[many("values", 1, Kind::Message(|| KEY_VALUE))];

/// `LogRecord`.
pub static LOG_RECORD: Schema = &[
    one("timeUnixNano", 1, Kind::Fixed64),
    one("severityNumber", 2, Kind::Unsigned(&[])),
    one("severityText", 3, Kind::Text),
    one("body", 5, Kind::Message(|| ANY_VALUE)),
    many("attributes", 6, Kind::Message(|| KEY_VALUE)),
    one("droppedAttributesCount", 7, Kind::Unsigned(&[])),
    one("flags", 8, Kind::Fixed32),
    one("traceId", 9, Kind::Hex),
    one("spanId", 10, Kind::Hex),
    one("observedTimeUnixNano", 11, Kind::Fixed64),
    one("eventName", 12, Kind::Text),
];

/// `Metric`, of which no field is read.
pub static METRIC: Schema = &[];
