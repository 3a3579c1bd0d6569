//! Adapters for `opentelemetry_sdk`: the only module that names its types.

mod exporter;

pub use crate::tracer::{OtelTracer, TracerProvider};
pub use exporter::{SdkExporter, exporter};
