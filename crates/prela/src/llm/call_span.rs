//! The span of one call of a model, as long as its answer lasts.

use super::attributes;
use super::client_error::ClientError;
use super::{Call, CallError, CallRecord};
use crate::genai::ContentCapture;
use crate::http::Mark;
use crate::http::StartedSpan;
use crate::semconv::{self, http, llm as keys};
use crate::span::monotonic;
use crate::span::recording_panic;
use crate::{Span, SpanBuilder, TraceContext};
use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use ::http::response::Parts;
use ::http::{Extensions, HeaderValue};
use opentelemetry::Context;
use std::fmt::Display;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

/// The span of one call of a model. It ends by [`data`](Self::data) when the answer is over, by
/// [`finish`](Self::finish), or by [`fail`](Self::fail); dropped before that it is cancelled.
#[derive(Debug)]
pub(super) struct CallSpan {
    span: Span,
    cx: Context,
    /// None if nothing is recorded, or the span has ended.
    call: Option<Box<Call>>,
    has_content: bool,
    started: Duration,
    /// Tells layers further in that the request has a span, until its response is there.
    mark: Option<Arc<Mark>>,
}

impl CallSpan {
    pub(super) fn begin(
        span: SpanBuilder,
        call: Call,
        body: &[u8],
        extensions: &mut Extensions,
    ) -> Self {
        let (span, cx) = span.start_for_future();
        let has_content = span.content() != ContentCapture::Off;
        let call = span.is_recording().then(|| {
            attributes::write_request(&span, call.request());
            Box::new(if has_content { call.with_content(body) } else { call })
        });
        let mark = Some(Mark::of_client(&span, extensions));
        let started = monotonic(&span);
        Self { span, cx, call, has_content, started, mark }
    }

    #[cfg(feature = "async-openai")]
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn context(&self) -> TraceContext {
        self.cx.clone().into()
    }

    /// Runs a part of the call in its context. A panic ends the span and goes on. What the code did to its
    /// baggage stays for the next part.
    pub(super) fn enter<R>(&mut self, part: impl FnOnce() -> R) -> R {
        let scope = self.span.enter(self.cx.clone());
        let result = recording_panic(&self.span, part);
        if let Some(changed) = scope.exit() {
            self.cx = changed;
        }
        result.unwrap_or_else(|panic| {
            self.call = None;
            self.span.end();
            resume_unwind(panic)
        })
    }

    /// Reads the head of the response.
    pub(super) fn respond(&mut self, response: &Parts) {
        self.mark = None;
        let Some(call) = &mut self.call else { return };
        let text = |name| response.headers.get(name).map(HeaderValue::to_str).and_then(Result::ok);
        call.response(response.status.as_u16(), text(CONTENT_TYPE));
        if text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            call.unread();
        }
    }

    /// Reads more of the response's body. The span ends with the answer, even if the body goes on.
    pub(super) fn data(&mut self, bytes: &[u8]) {
        let (span, started) = (&self.span, self.started);
        let Some(call) = &mut self.call else { return };
        call.chunk(bytes, || monotonic(span).saturating_sub(started));
        if call.is_done() {
            self.finish();
        }
    }

    /// Ends the span with the body.
    pub(super) fn finish(&mut self) {
        if let Some(call) = self.call.take() {
            self.end(&call.finish());
        }
    }

    /// Ends the span with an error of the client or the body.
    pub(super) fn fail<E: Display + 'static>(&mut self, error: &E) {
        let Some(call) = self.call.take() else { return };
        let mut record = call.cancel();
        // Nobody gave up: the client's error says what happened.
        if record.error.take_if(|it| it.error_type == semconv::CANCELLED).is_some() {
            let ClientError { error_type, message, status } = ClientError::of(error);
            match (status, self.span.record()) {
                (Some(_), _) => {
                    record.error = Some(CallError { error_type, message: Some(message) });
                    record.status = status;
                }
                (None, Some(span)) => span.record_error(error_type, message.into()),
                (None, None) => {}
            }
        }
        self.end(&record);
    }

    fn end(&self, record: &CallRecord) {
        if let (Some(error), Some(span)) = (&record.error, self.span.record()) {
            if let Some(status) = record.status.filter(|status| *status >= 400) {
                self.span.set_attribute(http::RESPONSE_STATUS_CODE, i64::from(status));
            }
            if error.error_type == semconv::CANCELLED {
                span.record_cancelled();
            } else {
                // A provider's text may repeat what it was asked.
                let message = error.message.clone().filter(|_| self.has_content);
                let message = message.unwrap_or_else(|| error.error_type.clone());
                span.record_error(error.error_type.clone(), message.into());
            }
        }
        attributes::write_answer(&self.span, record);
        self.span.end();
    }

    /// Ends the span as cancelled, if it has not ended.
    fn cancel(&mut self) {
        if let Some(call) = self.call.take() {
            self.end(&call.cancel());
        } else {
            self.span.end();
        }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Notes a further attempt at a call as an event; the first one is none.
pub(super) fn note_attempt(span: &Span, attempt: u32) {
    if attempt > 1 {
        span.add_event(keys::RETRY_EVENT, [(keys::RESEND_COUNT, attempt - 1)]);
    }
}

/// The span of a request that was begun.
#[derive(Debug)]
pub(super) enum StartedCall {
    /// The span of a model call.
    Call(CallSpan),
    /// An ordinary span, or none if a layer further out has made one.
    Other(StartedSpan),
}
