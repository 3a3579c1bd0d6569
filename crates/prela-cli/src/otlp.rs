//! OTLP's messages: their outermost layers, the facts of a span, and their JSON.

mod envelope;
mod facts;
pub mod json;

pub use self::envelope::{Envelope, Resource, Scope};
pub use self::facts::{LogFacts, RefusedRecord, SpanFacts, attribute, resource_facts};
