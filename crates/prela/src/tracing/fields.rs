//! The fields of `tracing`'s spans and events as attributes.

use crate::span::Failure;
use crate::{SpanKind, Status, Value, context};
use opentelemetry::Key;
use std::error::Error;
use std::fmt;
use tracing_core::field::{Field, Visit};

/// The fields that were recorded. Names that begin with `otel.` shape the span, as they do for
/// `tracing-opentelemetry`.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) pairs: Vec<(Key, Value)>,
    /// The text of an event.
    pub(super) message: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: Option<SpanKind>,
    status: Option<StatusCode>,
    description: Option<String>,
    /// The target of an event of the crate `log`, whose metadata do not have it.
    pub(super) target: Option<String>,
    /// The error of an event, by its type or by the name that `#[instrument(err)]` gives it.
    pub(super) failure: Option<Failure>,
}

#[derive(Clone, Copy)]
enum StatusCode {
    Unset,
    Ok,
    Error,
}

impl Fields {
    /// The status, if a field sets one.
    pub(super) fn status(&self) -> Option<Status> {
        let description = || self.description.clone().unwrap_or_default();
        match (self.status, &self.description) {
            (Some(StatusCode::Ok), _) => Some(Status::Ok),
            (Some(StatusCode::Error), _) | (None, Some(_)) => Some(Status::error(description())),
            (Some(StatusCode::Unset), _) | (None, None) => None,
        }
    }

    fn push(&mut self, field: &Field, value: Value) {
        match field.name() {
            MESSAGE => self.message = Some(text(value)),
            "otel.name" => self.name = Some(text(value)),
            "otel.kind" => self.kind = kind(&text(value)),
            "otel.status_code" => self.status = status_code(&text(value)),
            "otel.status_description" | "otel.status_message" => {
                self.description = Some(text(value));
            }
            "log.target" => self.target = Some(text(value)),
            // Places in the sources are left out of other events, too.
            "log.module_path" | "log.file" | "log.line" => {}
            // The field `r#type` means `type`.
            name => self.pairs.push((name.strip_prefix("r#").unwrap_or(name).into(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value.into());
    }

    /// A number, or above `i64::MAX` its text.
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.push(field, value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.push(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == ERROR && self.failure.is_none() {
            self.failure = Some(Failure { message: value.to_owned(), stacktrace: None });
        }
        self.push(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let failure = Failure::of_error(value);
        self.push(field, failure.message.clone().into());
        self.failure = Some(failure);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // `Debug` is user code.
        let text = context::guarded(|| format!("{value:?}"));
        let text = text.unwrap_or_else(|| "a value whose `Debug` panics".to_owned());
        self.record_str(field, &text);
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        other => other.to_string(),
    }
}

fn kind(name: &str) -> Option<SpanKind> {
    match name.to_ascii_lowercase().as_str() {
        "client" => Some(SpanKind::Client),
        "server" => Some(SpanKind::Server),
        "producer" => Some(SpanKind::Producer),
        "consumer" => Some(SpanKind::Consumer),
        "internal" => Some(SpanKind::Internal),
        _ => None,
    }
}

fn status_code(name: &str) -> Option<StatusCode> {
    match name.to_ascii_lowercase().as_str() {
        "ok" => Some(StatusCode::Ok),
        "error" => Some(StatusCode::Error),
        "unset" => Some(StatusCode::Unset),
        _ => None,
    }
}

const MESSAGE: &str = "message";
/// The field of `#[instrument(err)]`.
const ERROR: &str = "error";
