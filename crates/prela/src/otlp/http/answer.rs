//! What a collector answers, and what that means for the spans in the request.

use crate::otlp::{Connection, Reply};
use crate::retry_after::retry_after;
use crate::span::wire::{Field, Fields};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use std::time::Duration;

pub(super) const PROTOBUF: &str = "application/x-protobuf";

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) retry_after: Option<HeaderValue>,
    /// None if it is too long to be read.
    pub(super) body: Option<Bytes>,
}

impl Answer {
    /// Source: [OTLP/HTTP response](https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
    pub(super) fn reply(&self, connection: &Connection) -> Result<Reply, Error> {
        let (status, address) = (self.status, connection.address());
        if !status.is_success() {
            return Err(self.refusal(connection));
        }
        // What answers with a page is a viewer or a proxy: it stored nothing.
        if self.is("text/html") {
            let text =
                format!("export to {address}: the answer is a web page: no OTLP endpoint there");
            return Err(Error::new(ErrorKind::Rejected, text));
        }
        // Such a server answers all that it does not know with success, and its own status.
        if self.is("application/grpc") {
            let text =
                format!("export to {address}: the answer is gRPC: no OTLP/HTTP endpoint there");
            return Err(Error::new(ErrorKind::Rejected, text));
        }
        Ok(match &self.body {
            None => Reply::unreadable(),
            Some(body) if self.is(PROTOBUF) => Reply::read(body, connection),
            // Some answer in JSON or in words; the status alone counts then.
            Some(_) => Reply::default(),
        })
    }

    fn refusal(&self, connection: &Connection) -> Error {
        let (status, address) = (self.status, connection.address());
        let remark = connection.remark(&self.remark());
        let colon = if remark.is_empty() { "" } else { ": " };
        let text = format!("export to {address}: the collector answered {status}{colon}{remark}");
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                Error::new(ErrorKind::Io, text).with_retry(self.retry_after().unwrap_or_default())
            }
            StatusCode::PAYLOAD_TOO_LARGE => Error::new(ErrorKind::TooLarge, text),
            // Go's servers say so, the Collector among them.
            StatusCode::BAD_REQUEST if remark.contains("request body too large") => {
                Error::new(ErrorKind::TooLarge, text)
            }
            _ => Error::new(ErrorKind::Rejected, text),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        retry_after(self.retry_after.as_ref()?.to_str().ok()?)
    }

    fn is(&self, content_type: &str) -> bool {
        let given = self.content_type.as_ref().map(HeaderValue::as_bytes).unwrap_or_default();
        given
            .get(..content_type.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(content_type.as_bytes()))
    }

    /// What the peer says of its refusal.
    fn remark(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is("text/html") {
            return String::new();
        }
        let text = match self.is(PROTOBUF) {
            // A `google.rpc.Status`.
            true => Fields::last(body, 2).map_or(&[][..], Field::bytes),
            false => body,
        };
        String::from_utf8_lossy(text).into_owned()
    }
}
