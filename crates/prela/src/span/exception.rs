//! Errors, panics and cancellations, as a span records them.

use super::failure::Failure;
use super::handle::Span;
use super::lifecycle::Record;
use crate::{Value, context, semconv};
use opentelemetry::Key;
use opentelemetry::trace::Status;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the user's code in a span, and records a panic before handing it back.
pub(crate) fn recording_panic<R>(
    span: &Span,
    f: impl FnOnce() -> R,
) -> Result<R, Box<dyn Any + Send>> {
    // Unwinding goes on with the same payload, and skips nothing of ours.
    catch_unwind(AssertUnwindSafe(f)).inspect_err(|panic| {
        if let Some(record) = span.record() {
            record.record_panic(context::panic_message(&**panic).to_owned());
        }
    })
}

impl Record {
    /// Records an error: status, `error.type`, and an `exception` event.
    pub(crate) fn record_error(&self, error_type: String, failure: Failure) {
        self.fail(semconv::EXCEPTION_EVENT, error_type, failure, false);
    }

    /// Records a panic that leaves the span's scope.
    pub(super) fn record_panic(&self, message: String) {
        let failure = Failure { message, stacktrace: None };
        self.fail(semconv::EXCEPTION_EVENT, semconv::PANIC.to_owned(), failure, true);
    }

    /// Records that the span's future or stream was dropped before its end.
    pub(crate) fn record_cancelled(&self) {
        self.set_attribute(&semconv::ERROR_TYPE.into(), semconv::CANCELLED.into());
        self.add_event(semconv::CANCELLED, None, [] as [(Key, Value); 0]);
        self.set_status(Status::error("dropped before it was done"));
    }

    fn fail(&self, event: &'static str, error_type: String, failure: Failure, escaped: bool) {
        if !self.is_recording() {
            return;
        }
        let Failure { message, stacktrace } = failure;
        self.set_attribute(&semconv::ERROR_TYPE.into(), error_type.clone().into());
        let mut attributes: Vec<(Key, Value)> = vec![
            (semconv::EXCEPTION_TYPE.into(), error_type.into()),
            (semconv::EXCEPTION_MESSAGE.into(), message.clone().into()),
        ];
        if let Some(stacktrace) = stacktrace {
            attributes.push((semconv::EXCEPTION_STACKTRACE.into(), stacktrace.into()));
        }
        if escaped {
            attributes.push((semconv::EXCEPTION_ESCAPED.into(), true.into()));
        }
        self.add_event(event, None, attributes);
        self.set_status(Status::error(message));
    }
}
