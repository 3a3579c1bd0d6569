//! What a collector says to a request, in either transport.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;

/// The answer to a request that was taken, at least in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Spans refused.
    pub(crate) rejected: u64,
    /// Why, or a warning about what was taken; made fit for one line.
    pub(crate) message: Option<String>,
}

impl From<ExportTraceServiceResponse> for Reply {
    fn from(response: ExportTraceServiceResponse) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: u64::try_from(partial.rejected_spans).unwrap_or_default(),
            message: Some(remark(&partial.error_message)).filter(|text| !text.is_empty()),
        }
    }
}

/// A peer's text as part of our own line: no control characters, and not more than a line or two.
pub(super) fn remark(text: &str) -> String {
    let one_line: String =
        text.chars().take(LONGEST_REMARK).map(|c| if c.is_control() { ' ' } else { c }).collect();
    one_line.trim().to_owned()
}

const LONGEST_REMARK: usize = 300;
