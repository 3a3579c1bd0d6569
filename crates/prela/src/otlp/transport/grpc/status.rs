//! How a call ended, and what that means for the spans in it.

use crate::error::retry_after;
use crate::otlp::transport::{Connection, redirect};
use crate::protobuf::fields::{any, duration, retry_info, rpc_status};
use crate::protobuf::{Content, Reader};
use crate::{Error, ErrorKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode;
use std::time::Duration;
use tonic::Code;

/// A gRPC status.
#[derive(Debug)]
pub(super) struct Status {
    code: Code,
    message: String,
    /// From a `RetryInfo` among the details or, in an answer that is not gRPC, from `Retry-After`.
    retry_delay: Option<Duration>,
}

impl Status {
    /// Reads the trailers, or the headers of an answer without a body; none if there is no status.
    pub(super) fn of(trailers: &HeaderMap) -> Option<Self> {
        let bytes = |name| trailers.get(name).map(http::HeaderValue::as_bytes);
        let code = std::str::from_utf8(bytes("grpc-status")?)
            .ok()?
            .parse()
            .map_or(Code::Unknown, Code::from_i32);
        let message = percent_decode(bytes("grpc-message").unwrap_or_default());
        let message = message.decode_utf8_lossy().into_owned();
        let details = bytes("grpc-status-details-bin").unwrap_or_default();
        // Padding is optional.
        let unpadded = details.split(|byte| *byte == b'=').next().unwrap_or_default();
        let details = BASE64.decode(unpadded);
        let retry_delay = details.ok().and_then(|details| retry_delay(&details));
        Some(Self { code, message, retry_delay })
    }

    /// The status of an answer that has none of gRPC's, as proxies on the way send it; none with `200 OK`,
    /// where gRPC's is missing.
    ///
    /// Source: [HTTP to gRPC status code mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
    pub(super) fn of_http(
        status: StatusCode,
        headers: &HeaderMap,
        connection: &Connection,
    ) -> Option<Self> {
        let code = match status {
            StatusCode::OK => return None,
            StatusCode::BAD_REQUEST => Code::Internal,
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::PermissionDenied,
            StatusCode::NOT_FOUND => Code::Unimplemented,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
            // Not in that table, which knows only the receiver's own limit.
            StatusCode::PAYLOAD_TOO_LARGE => Code::ResourceExhausted,
            _ => Code::Unknown,
        };
        let hint = match status {
            StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                " instead of gRPC: is the port meant for the protocol `http/protobuf`?".to_owned()
            }
            _ => redirect::elsewhere(status, headers, connection).unwrap_or_default(),
        };
        let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_delay = after.and_then(retry_after);
        Some(Self { code, message: format!("HTTP {status}{hint}"), retry_delay })
    }

    /// The status of an answer that is too long to be read.
    pub(super) fn too_long() -> Self {
        let message = "the answer is too long".to_owned();
        Self { code: Code::Unknown, message, retry_delay: None }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.code == Code::Ok
    }

    /// The error that this status means.
    ///
    /// Source: [OTLP/gRPC failures](https://opentelemetry.io/docs/specs/otlp/#failures) and
    /// [throttling](https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling).
    pub(super) fn refusal(&self, connection: &Connection) -> Error {
        let (code, address) = (self.code, connection.address());
        let mut text = format!("export to {address}: the collector answered {code:?}");
        let message = connection.remark(&self.message);
        if !message.is_empty() {
            text.push_str(": ");
            text.push_str(&message);
        }
        let after = self.retry_delay.unwrap_or_default();
        match code {
            Code::ResourceExhausted | Code::OutOfRange if self.is_about_size() => {
                Error::new(ErrorKind::TooLarge, text)
            }
            Code::DeadlineExceeded => Error::new(ErrorKind::Timeout, text).with_retry(after),
            Code::Cancelled
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss => Error::new(ErrorKind::Io, text).with_retry(after),
            // Without a time to come back it is a quota, and another attempt does not help.
            Code::ResourceExhausted if self.retry_delay.is_some() => {
                Error::new(ErrorKind::Io, text).with_retry(after)
            }
            _ => Error::new(ErrorKind::Rejected, text),
        }
    }

    /// Whether the message was refused for its length, which servers say in words only: those of Go, Java,
    /// C++ and most others with `RESOURCE_EXHAUSTED`, tonic's with that or `OUT_OF_RANGE`; or by HTTP's status.
    fn is_about_size(&self) -> bool {
        const WORDS: [&str; 10] = [
            "http 413 ",
            "larger than max",
            "exceeds maximum size",
            "exceeds the maximum configured message size",
            "length too large",
            "exceeded while decompressing",
            // Node.js, of what decompresses to more.
            "to a size larger than",
            // Swift.
            "exceeded the configured maximum payload size",
            "message too large",
            "payload too large",
        ];
        let message = self.message.to_ascii_lowercase();
        WORDS.iter().any(|words| message.contains(words))
    }
}

/// The delay of the `google.rpc.RetryInfo` in a serialized `google.rpc.Status`.
fn retry_delay(status: &[u8]) -> Option<Duration> {
    let mut details = Reader::all(status, rpc_status::DETAILS).map(Content::bytes);
    let info = details.find(|detail| {
        Reader::last_bytes(detail, any::TYPE_URL).ends_with(b"/google.rpc.RetryInfo")
    })?;
    let delay = Reader::last_bytes(Reader::last_bytes(info, any::VALUE), retry_info::RETRY_DELAY);
    let part = |field| Reader::last(delay, field).map_or(0, Content::int);
    let seconds = u64::try_from(part(duration::SECONDS)).unwrap_or_default();
    let nanos = u32::try_from(part(duration::NANOS)).unwrap_or_default().min(999_999_999);
    Some(Duration::new(seconds, nanos))
}
