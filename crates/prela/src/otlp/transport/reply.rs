//! A collector's answer to a request that it took, in either transport.

use super::Connection;
#[cfg(feature = "otlp-http")]
use crate::otlp::json::read::Json;
use crate::protobuf::fields::{partial_success, response};
use crate::protobuf::{Content, Reader};

/// What each signal's response calls the number of what was refused, in both spellings of protobuf's JSON.
#[cfg(feature = "otlp-http")]
const REJECTED: [&str; 6] = [
    "rejectedSpans",
    "rejected_spans",
    "rejectedLogRecords",
    "rejected_log_records",
    "rejectedDataPoints",
    "rejected_data_points",
];

/// The answer to a request that was taken, at least in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Spans, log records or data points refused.
    pub(crate) rejected: u64,
    /// Why, or a warning about what was taken; fit for one line.
    pub(crate) message: Option<String>,
}

impl Reply {
    /// Reads an `ExportTraceServiceResponse`; none if it is something else.
    ///
    /// Source: [OTLP, partial success](https://opentelemetry.io/docs/specs/otlp/#partial-success).
    pub(super) fn read(message: &[u8], connection: &Connection) -> Option<Self> {
        if !Reader::is_message(message) {
            return None;
        }
        let partial = Reader::last_bytes(message, response::PARTIAL_SUCCESS);
        let rejected =
            Reader::last(partial, partial_success::REJECTED_SPANS).map_or(0, Content::int);
        let text = Reader::last_bytes(partial, partial_success::ERROR_MESSAGE);
        let text = connection.remark(&String::from_utf8_lossy(text));
        Some(Self {
            rejected: u64::try_from(rejected).unwrap_or_default(),
            message: Some(text).filter(|text| !text.is_empty()),
        })
    }

    /// Reads an `ExportTraceServiceResponse` in protobuf's JSON; none if it is something else.
    #[cfg(feature = "otlp-http")]
    pub(super) fn read_json(text: &[u8], connection: &Connection) -> Option<Self> {
        let answer = Json::of(text).filter(|it| it.is_object())?;
        let partial = answer.member(["partialSuccess", "partial_success"]);
        let partial = partial.filter(|it| !it.is_null());
        if partial.is_none() && answer.members().next().is_some() {
            // Nothing of OTLP's in it.
            return None;
        }
        let partial = partial.filter(|it| it.is_object());
        let rejected = partial.and_then(|it| it.member(REJECTED)).and_then(Json::integer);
        let text = partial
            .and_then(|it| it.member(["errorMessage", "error_message"]))
            .and_then(Json::text);
        let text = connection.remark(&text.unwrap_or_default());
        Some(Self {
            rejected: rejected.and_then(|it| u64::try_from(it).ok()).unwrap_or_default(),
            message: Some(text).filter(|text| !text.is_empty()),
        })
    }

    /// The reply of a collector that took the request, but whose answer cannot be read.
    pub(super) fn unreadable() -> Self {
        Self { rejected: 0, message: Some("its answer could not be read".to_owned()) }
    }
}
