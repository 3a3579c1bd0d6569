//! Protobuf's wire format: the numbers of OTLP's fields, how they are written, and how they are read.
//!
//! The only place that knows numbers and tags. What belongs into which message is known by those who
//! write one: a span's by `span`, a request's by `otlp`.

mod field;
pub(crate) mod fields;
mod raw;
mod reader;
mod writer;

pub(crate) use self::field::Field;
pub(crate) use self::raw::RawFields;
pub(crate) use self::reader::{Content, Reader};
pub(crate) use self::writer::{Buffers, Guess, Writer, copy};
