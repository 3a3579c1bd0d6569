//! OTLP's JSON: protobuf's, but ids are hexadecimal and enumerations numbers.
//!
//! One table of fields serves both directions, so JSON is stored as the same bytes that protobuf would be, and
//! can go out as either.

mod read;
mod schema;
mod write;

pub use self::read::{JsonError, read_request};
pub use self::schema::{Field, LOG_RECORD, METRIC, RESOURCE, SCOPE, SPAN, Schema, Signal};
pub use self::write::to_json;
