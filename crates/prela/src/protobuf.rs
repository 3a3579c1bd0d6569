//! Protobuf's wire format: the numbers of OTLP's fields, how they are written, and how they are read.
//!
//! The only place that knows numbers and tags. What goes into which message is known by the rooms that
//! write it: `span` for a span, `otlp` for a request.

mod field;
pub(crate) mod fields;
mod raw;
mod reader;
mod writer;

pub(crate) use self::field::Field;
pub(crate) use self::raw::RawFields;
pub(crate) use self::reader::{Content, Reader};
pub(crate) use self::writer::{Buffers, Guess, Writer, copy};
