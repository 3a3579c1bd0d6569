//! What a collector answers, and what that means for the spans in the request.

use crate::error::retry_after;
use crate::otlp::json::read::Json;
use crate::otlp::transport::{Connection, Reply, redirect};
use crate::protobuf::{Reader, fields};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::time::Duration;

pub(super) const PROTOBUF: &str = "application/x-protobuf";
pub(super) const JSON: &str = "application/json";

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// None if it is too long to be read.
    pub(super) body: Option<Bytes>,
}

/// Whether a refusal is about the body's length, in the words of servers that do not send 413 for that:
/// Go's, among them the Collector, and those that notice it while decompressing, such as axum.
fn is_about_size(remark: &str) -> bool {
    const WORDS: [&str; 6] = [
        "body too large",
        "body is too large",
        "entity too large",
        "payload too large",
        "content too large",
        "length limit exceeded",
    ];
    let remark = remark.to_ascii_lowercase();
    WORDS.iter().any(|words| remark.contains(words))
}

impl Answer {
    /// What the answer means for the spans.
    ///
    /// Source: [OTLP/HTTP response](https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
    pub(super) fn reply(&self, connection: &Connection) -> Result<Reply, Error> {
        let (status, address) = (self.status, connection.address());
        if !status.is_success() {
            return Err(self.refusal(connection));
        }
        // A page comes from a viewer or a proxy, which stored nothing.
        if self.is("text/html") {
            let text =
                format!("export to {address}: the answer is a web page: no OTLP endpoint there");
            return Err(Error::new(ErrorKind::Rejected, text));
        }
        // A gRPC server answers unknown requests with HTTP's 200, and a gRPC status of its own.
        if self.is("application/grpc") {
            let text =
                format!("export to {address}: the answer is gRPC: no OTLP/HTTP endpoint there");
            return Err(Error::new(ErrorKind::Rejected, text));
        }
        let said = self.body.as_ref().and_then(|body| match () {
            // With this type the server speaks OTLP, however badly.
            () if self.is(PROTOBUF) => {
                Some(Reply::read(body, connection).unwrap_or_else(Reply::unreadable))
            }
            () if self.is(JSON) => Reply::read_json(body, connection),
            () => None,
        });
        match (said, status) {
            // These have no body, whatever their headers say.
            (_, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) => Err(self.unsaid(connection)),
            (Some(reply), _) => Ok(reply),
            (None, StatusCode::OK) => Ok(match &self.body {
                None => Reply::unreadable(),
                Some(body) if self.is(JSON) && Json::of(body).is_none() => Reply::unreadable(),
                // Some servers answer in words, or in JSON of their own: then only the status counts.
                Some(_) => Reply::default(),
            }),
            (None, _) => Err(self.unsaid(connection)),
        }
    }

    /// The error of a success other than 200, the only one that OTLP has, without OTLP's body to confirm it.
    fn unsaid(&self, connection: &Connection) -> Error {
        let (status, address) = (self.status, connection.address());
        let text = format!(
            "export to {address}: the answer is {status}, where OTLP has 200 OK for success, and does not \
             say that the spans were taken"
        );
        Error::new(ErrorKind::Rejected, text)
    }

    fn refusal(&self, connection: &Connection) -> Error {
        let (status, address) = (self.status, connection.address());
        let mut remark = connection.remark(&self.remark());
        let proxy = connection.proxy.as_ref().filter(|_| connection.is_forwarded());
        let (who, mut more) = match (proxy, status) {
            (Some(proxy), StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                remark = String::new();
                (format!("the proxy {proxy}"), proxy.asks_who().to_owned())
            }
            (
                Some(proxy),
                StatusCode::FORBIDDEN
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT,
            ) => (format!("the collector, or the proxy {proxy} before it,"), String::new()),
            _ => ("the collector".to_owned(), String::new()),
        };
        if let Some(elsewhere) = redirect::elsewhere(status, &self.headers, connection) {
            more = elsewhere;
            // It often repeats the whole location, which may hold secrets.
            let location = self.headers.get(LOCATION).and_then(|it| it.to_str().ok());
            if remark.contains(['/', '?', '=']) || location.is_some_and(|it| remark.contains(it)) {
                remark = String::new();
            }
        } else if status == StatusCode::NOT_FOUND
            && let Some(advice) = connection.path_twice()
        {
            more = format!(": {advice}");
        }
        let colon = if remark.is_empty() { "" } else { ": " };
        let text = format!("export to {address}: {who} answered {status}{more}{colon}{remark}");
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                Error::new(ErrorKind::Io, text).with_retry(self.retry_after().unwrap_or_default())
            }
            StatusCode::PAYLOAD_TOO_LARGE => Error::new(ErrorKind::TooLarge, text),
            StatusCode::BAD_REQUEST if is_about_size(&remark) => {
                Error::new(ErrorKind::TooLarge, text)
            }
            _ => Error::new(ErrorKind::Rejected, text),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    fn is(&self, content_type: &str) -> bool {
        let given = self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let given = given.split(|byte| *byte == b';').next().unwrap_or_default();
        given.trim_ascii().eq_ignore_ascii_case(content_type.as_bytes())
    }

    /// The peer's words about its refusal.
    fn remark(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is("text/html") {
            return String::new();
        }
        // A `google.rpc.Status`, in either form.
        if self.is(PROTOBUF) {
            let message = Reader::last_bytes(body, fields::rpc_status::MESSAGE);
            return String::from_utf8_lossy(message).into_owned();
        }
        let json = if self.is(JSON) { Json::of(body) } else { None };
        match json.and_then(|status| status.member(["message", "message"])?.text()) {
            Some(message) => message.into_owned(),
            None => String::from_utf8_lossy(body).into_owned(),
        }
    }
}
