//! What it costs to make a batch the body of an OTLP request.

use crate::measure::{Group, Variant};

pub(crate) const PROTOBUF: Group = Group {
    name: "encode",
    work: "batches of 512 spans with 8 attributes and an event each, to protobuf",
    unit: "span",
    variants: Vec::<Variant>::new,
};
