//! One request and its response, as long as its span lasts.

use super::attributes::{self, Protocol};
use super::failure;
use super::grpc::Code;
use crate::semconv::{self, http as keys};
use crate::span::recording_panic;
use crate::{Key, RequestId, Span, SpanBuilder, TraceContext, Value};
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode};
use opentelemetry::Context;
use opentelemetry::trace::Status;
use std::fmt::Display;
use std::panic::resume_unwind;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client,
}

/// One request and its response. Its span ends by [`finish`](Self::finish), [`fail`](Self::fail),
/// [`leave`](Self::leave) or [`cancel`](Self::cancel), whichever comes first; its context stays current for
/// what comes after.
#[derive(Debug)]
pub(crate) struct Exchange {
    span: Span,
    cx: Context,
    side: Side,
    protocol: Protocol,
    method: Method,
    /// The request id to send to the caller.
    request_id: Option<RequestId>,
    status: StatusCode,
    code: Option<Code>,
    has_ended: bool,
}

impl Exchange {
    pub(super) fn begin(span: SpanBuilder, side: Side, protocol: Protocol, method: Method) -> Self {
        let (span, cx) = span.start_for_future();
        Self {
            span,
            cx,
            side,
            protocol,
            method,
            request_id: None,
            status: StatusCode::OK,
            code: None,
            has_ended: false,
        }
    }

    pub(super) fn with_id(mut self, request_id: Option<RequestId>) -> Self {
        self.request_id = request_id;
        self
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn context(&self) -> TraceContext {
        self.cx.clone().into()
    }

    /// Runs a part of the exchange in its context. A panic ends the span and goes on. What the code did
    /// to its baggage stays for the next part.
    pub(super) fn enter<R>(&mut self, part: impl FnOnce() -> R) -> R {
        let scope = self.span.enter(self.cx.clone());
        let result = recording_panic(&self.span, part);
        if let Some(changed) = scope.exit() {
            self.cx = changed;
        }
        result.unwrap_or_else(|panic| {
            self.end();
            resume_unwind(panic)
        })
    }

    /// Notes the head of the response. Without a body to come, the span ends.
    pub(super) fn respond(&mut self, response: &mut Parts) {
        if let Some(id) = self.request_id.take()
            && !response.headers.contains_key("x-request-id")
        {
            id.inject(&mut response.headers);
        }
        self.status = response.status;
        if self.side == Side::Client
            && let Some(version) = attributes::version(response.version)
        {
            self.span.set_attribute(keys::NETWORK_PROTOCOL_VERSION, version);
        }
        match self.protocol {
            Protocol::Grpc => self.code = Code::of(&response.headers),
            Protocol::Http => {
                let status = response.status;
                self.span.set_attribute(keys::RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
                let is_caller_error = self.side == Side::Client && status.is_client_error();
                if status.is_server_error() || is_caller_error {
                    self.mark_failed(status.as_str().to_owned());
                }
            }
        }
        if !self.has_body() {
            self.finish();
        }
    }

    /// Whether a body can follow: not after HEAD, and not where the connection becomes something else.
    fn has_body(&self) -> bool {
        let is_tunnel = self.method == Method::CONNECT && self.status.is_success();
        !(is_tunnel
            || self.method == Method::HEAD
            || self.status.is_informational()
            || matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED))
    }

    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        if self.protocol == Protocol::Grpc {
            self.code = Code::of(trailers).or(self.code);
        }
        self.finish();
    }

    /// Ends the span of a complete response.
    pub(super) fn finish(&mut self) {
        if self.has_ended {
            return;
        }
        if self.protocol == Protocol::Grpc {
            let code = self.code.unwrap_or_else(|| Code::of_http(self.status));
            self.span.set_attribute(keys::RPC_RESPONSE_STATUS_CODE, code.name());
            let is_failure = match self.side {
                Side::Server => code.is_server_error(),
                Side::Client => !code.is_ok(),
            };
            if is_failure {
                self.mark_failed(code.name().to_owned());
            }
        }
        self.end();
    }

    /// Ends the span of a body that was dropped before its end. A client may have read all that it wanted, as a
    /// reader of server-sent events has at `[DONE]`, so what came counts. A server has sent less than it
    /// should, and is cancelled.
    pub(super) fn leave(&mut self, was_read: bool) {
        if self.side == Side::Server || self.has_ended {
            return;
        }
        let has_status = match self.protocol {
            Protocol::Http => true,
            // The trailers, where it is usually found, did not come.
            Protocol::Grpc => self.code.is_some() || self.status != StatusCode::OK,
        };
        if was_read || !has_status {
            self.span.add_event(keys::BODY_INCOMPLETE, [] as [(Key, Value); 0]);
        }
        if has_status { self.finish() } else { self.end() }
    }

    /// Ends the span with an error of the service or the body.
    pub(super) fn fail<E: Display + 'static>(&mut self, error: &E) {
        if self.has_ended {
            return;
        }
        if let Some(record) = self.span.record().filter(|record| record.is_recording()) {
            let error_type = failure::type_of(error).to_owned();
            record.record_error(error_type, failure::message_of(error).into());
        }
        self.end();
    }

    /// Ends the span as cancelled: the response was dropped before its head came, or before all of it was sent.
    pub(super) fn cancel(&mut self) {
        if self.has_ended {
            return;
        }
        if let Some(record) = self.span.record() {
            record.record_cancelled();
        }
        self.end();
    }

    /// Sets a status that is an error, unless the handler has recorded a failure of its own.
    fn mark_failed(&self, error_type: String) {
        let Some(record) = self.span.record() else { return };
        if record.is_failed() == Some(false) {
            self.span.set_attribute(semconv::ERROR_TYPE, error_type);
            self.span.set_status(Status::error(""));
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.span.end();
    }
}

/// Cancels what was dropped before its end.
impl Drop for Exchange {
    fn drop(&mut self) {
        self.cancel();
    }
}
