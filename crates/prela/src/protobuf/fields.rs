//! The fields of OTLP's messages, a table for each message.
//!
//! Source: [OTLP's `.proto` files](https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto).

macro_rules! messages {
    ($($(#[$attribute:meta])* $message:ident { $($(#[$of_field:meta])* $name:ident: $encoding:ident $number:literal,)* })*) => {$(
        $(#[$attribute])*
        pub(crate) mod $message {
            use crate::protobuf::Field;

            $($(#[$of_field])* pub(crate) const $name: Field = Field::$encoding($number);)*
        }
    )*};
}

messages! {
    /// `ExportTraceServiceRequest`.
    request {
        RESOURCE_SPANS: bytes 1,
    }

    /// `ResourceSpans`.
    resource_spans {
        RESOURCE: bytes 1,
        SCOPE_SPANS: bytes 2,
    }

    /// `Resource`.
    resource {
        ATTRIBUTES: bytes 1,
    }

    /// `ScopeSpans`.
    scope_spans {
        SCOPE: bytes 1,
        SPANS: bytes 2,
        SCHEMA_URL: bytes 3,
    }

    /// `InstrumentationScope`.
    scope {
        NAME: bytes 1,
        VERSION: bytes 2,
        ATTRIBUTES: bytes 3,
    }

    /// `Span`.
    span {
        TRACE_ID: bytes 1,
        SPAN_ID: bytes 2,
        TRACE_STATE: bytes 3,
        PARENT_SPAN_ID: bytes 4,
        NAME: bytes 5,
        KIND: varint 6,
        START_TIME: fixed64 7,
        END_TIME: fixed64 8,
        ATTRIBUTES: bytes 9,
        DROPPED_ATTRIBUTES: varint 10,
        EVENTS: bytes 11,
        DROPPED_EVENTS: varint 12,
        LINKS: bytes 13,
        DROPPED_LINKS: varint 14,
        STATUS: bytes 15,
        FLAGS: fixed32 16,
    }

    /// `Span.Event`.
    event {
        TIME: fixed64 1,
        NAME: bytes 2,
        ATTRIBUTES: bytes 3,
        DROPPED_ATTRIBUTES: varint 4,
    }

    /// `Span.Link`. Its ids and its trace state have the numbers of a span's.
    link {
        ATTRIBUTES: bytes 4,
        DROPPED_ATTRIBUTES: varint 5,
        FLAGS: fixed32 6,
    }

    /// `LogRecord`. The messages around it have the numbers of those around a span.
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    log_record {
        TIME: fixed64 1,
        SEVERITY_NUMBER: varint 2,
        SEVERITY_TEXT: bytes 3,
        BODY: bytes 5,
        ATTRIBUTES: bytes 6,
        DROPPED_ATTRIBUTES: varint 7,
        FLAGS: fixed32 8,
        TRACE_ID: bytes 9,
        SPAN_ID: bytes 10,
        OBSERVED_TIME: fixed64 11,
        EVENT_NAME: bytes 12,
    }

    /// `Metric`. The messages around it have the numbers of those around a span.
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    metric {
        NAME: bytes 1,
        DESCRIPTION: bytes 2,
        UNIT: bytes 3,
        GAUGE: bytes 5,
        SUM: bytes 7,
        HISTOGRAM: bytes 9,
    }

    /// `Histogram`; also `Sum` and `Gauge`, as far as they have these fields.
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    histogram {
        POINTS: bytes 1,
        TEMPORALITY: varint 2,
        IS_MONOTONIC: varint 3,
    }

    /// `NumberDataPoint`.
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    number_point {
        START_TIME: fixed64 2,
        TIME: fixed64 3,
        AS_DOUBLE: fixed64 4,
        AS_INT: fixed64 6,
        ATTRIBUTES: bytes 7,
    }

    /// `HistogramDataPoint`. Bounds and counts are packed.
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    histogram_point {
        START_TIME: fixed64 2,
        TIME: fixed64 3,
        COUNT: fixed64 4,
        SUM: fixed64 5,
        BUCKET_COUNTS: bytes 6,
        BOUNDS: bytes 7,
        ATTRIBUTES: bytes 9,
        MIN: fixed64 11,
        MAX: fixed64 12,
    }

    /// `Status`.
    status {
        MESSAGE: bytes 2,
        CODE: varint 3,
    }

    /// `KeyValue`.
    key_value {
        KEY: bytes 1,
        VALUE: bytes 2,
    }

    /// `AnyValue`.
    any_value {
        STRING: bytes 1,
        BOOL: varint 2,
        INT: varint 3,
        DOUBLE: fixed64 4,
        ARRAY: bytes 5,
        MAP: bytes 6,
        BYTES: bytes 7,
    }

    /// `ArrayValue` and `KeyValueList`.
    list {
        VALUES: bytes 1,
    }

    /// `ExportTraceServiceResponse`.
    #[cfg(feature = "__otlp")]
    response {
        PARTIAL_SUCCESS: bytes 1,
    }

    /// `ExportTracePartialSuccess`.
    #[cfg(feature = "__otlp")]
    partial_success {
        REJECTED_SPANS: varint 1,
        ERROR_MESSAGE: bytes 2,
    }

    /// `google.rpc.Status`.
    #[cfg(feature = "__otlp")]
    rpc_status {
        #[cfg(feature = "otlp-http")]
        MESSAGE: bytes 2,
        #[cfg(feature = "otlp-grpc")]
        DETAILS: bytes 3,
    }

    /// `google.protobuf.Any`.
    #[cfg(feature = "otlp-grpc")]
    any {
        TYPE_URL: bytes 1,
        VALUE: bytes 2,
    }

    /// `google.rpc.RetryInfo`.
    #[cfg(feature = "otlp-grpc")]
    retry_info {
        RETRY_DELAY: bytes 1,
    }

    /// `google.protobuf.Duration`.
    #[cfg(feature = "otlp-grpc")]
    duration {
        SECONDS: varint 1,
        NANOS: varint 2,
    }
}
