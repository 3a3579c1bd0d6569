//! OTLP's messages: their outermost layers, the facts and the content of a span, and their JSON.

mod content;
mod envelope;
mod facts;
pub mod json;
mod python;

pub use self::content::{Said, conversation, json_of, plain, value_of};
pub use self::envelope::{Envelope, Resource, Scope};
pub use self::facts::{LogFacts, RefusedRecord, SpanFacts, attribute, is_usage, resource_facts};
pub use self::python::{is_python_span, of_python};
