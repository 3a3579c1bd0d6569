//! The fuzz targets: checks of prela's own tests, on whatever comes.

#[path = "../../crates/prela/tests/it/propagation/any_bytes.rs"]
mod any_bytes;
#[path = "../../crates/prela/tests/it/propagation/wire.rs"]
mod wire;

pub use any_bytes::{baggage, traceparent, tracestate};
