//! The one table of variables.

/// A variable that Prela reads. Only this file can make one, so nothing outside the table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variable(&'static str);

impl Variable {
    pub(crate) const fn name(self) -> &'static str {
        self.0
    }
}

/// The name of a variable: the spelling given, or its constant's name.
macro_rules! spelled {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $spelled:literal) => {
        $spelled
    };
}

macro_rules! variables {
    ($($name:ident $(= $spelled:literal)?)*) => {
        $(pub(crate) const $name: Variable = Variable(spelled!($name $($spelled)?));)*

        /// Every variable that Prela reads as a setting.
        pub(crate) const VARIABLES: &[Variable] = &[$($name),*];
    };
}

// What they take and their defaults are in `variables.md`, which is the documentation of `Builder`.
// A variable of our own, `PRELA_*`, is one that users of the Python SDK know, or sets what a
// deployment decides and OpenTelemetry has no name for.
variables! {
    PRELA_STRICT
    OTEL_SDK_DISABLED
    PRELA_SERVICE_NAME
    OTEL_SERVICE_NAME
    OTEL_RESOURCE_ATTRIBUTES

    PRELA_EXPORTER
    OTEL_TRACES_EXPORTER
    PRELA_TRACE_DIR
    PRELA_CONSOLE
    NO_COLOR

    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
    OTEL_EXPORTER_OTLP_ENDPOINT
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL
    OTEL_EXPORTER_OTLP_PROTOCOL
    OTEL_EXPORTER_OTLP_TRACES_HEADERS
    OTEL_EXPORTER_OTLP_HEADERS
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT
    OTEL_EXPORTER_OTLP_TIMEOUT
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION
    OTEL_EXPORTER_OTLP_COMPRESSION
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE
    OTEL_EXPORTER_OTLP_CERTIFICATE
    OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE
    OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY
    OTEL_EXPORTER_OTLP_CLIENT_KEY
    OTEL_EXPORTER_OTLP_TRACES_INSECURE
    OTEL_EXPORTER_OTLP_INSECURE

    HTTPS_PROXY
    HTTPS_PROXY_IN_LOWER_CASE = "https_proxy"
    HTTP_PROXY
    HTTP_PROXY_IN_LOWER_CASE = "http_proxy"
    ALL_PROXY
    ALL_PROXY_IN_LOWER_CASE = "all_proxy"
    NO_PROXY
    NO_PROXY_IN_LOWER_CASE = "no_proxy"
    REQUEST_METHOD

    PRELA_SAMPLE_RATE
    OTEL_TRACES_SAMPLER
    OTEL_TRACES_SAMPLER_ARG

    OTEL_PROPAGATORS
    PRELA_BAGGAGE_TO_ATTRIBUTES

    OTEL_BSP_MAX_QUEUE_SIZE
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE
    OTEL_BSP_SCHEDULE_DELAY
    OTEL_BSP_EXPORT_TIMEOUT
    PRELA_MAX_QUEUE_BYTES
    PRELA_OVERFLOW
    PRELA_SPOOL_DIR
    PRELA_SPOOL_MAX_BYTES
    PRELA_SPOOL_MAX_AGE
    PRELA_SHUTDOWN_TIMEOUT

    PRELA_CONVENTIONS
    OTEL_SEMCONV_STABILITY_OPT_IN
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT

    PRELA_REDACT
    PRELA_PAYLOAD_LIMIT
    PRELA_KEEP_TRACES

    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT
    OTEL_SPAN_EVENT_COUNT_LIMIT
    OTEL_SPAN_LINK_COUNT_LIMIT
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT
    OTEL_LINK_ATTRIBUTE_COUNT_LIMIT
    OTEL_ATTRIBUTE_COUNT_LIMIT
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT
}
