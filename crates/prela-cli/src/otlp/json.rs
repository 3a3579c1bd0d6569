//! OTLP's JSON: protobuf's, but ids are hexadecimal and enumerations numbers.
//!
//! One table of fields leads both ways, so what comes in as JSON is stored as the same bytes as what
//! comes in as protobuf, and can go out as either.

mod read;
mod schema;
mod write;

pub use self::read::{JsonError, read_request};
pub use self::schema::{Field, LOG_RECORD, METRIC, RESOURCE, SCOPE, SPAN, Schema, Signal};
pub use self::write::to_json;
