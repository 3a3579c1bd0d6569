//! Adapters for `opentelemetry_sdk`: the only module that names its types.

mod exporter;
#[cfg(all(feature = "metrics", feature = "__otlp"))]
mod meters;

pub use crate::tracer::{OtelTracer, TracerProvider};
pub use exporter::{SdkExporter, exporter};
#[cfg(all(feature = "metrics", feature = "__otlp"))]
pub(crate) use meters::{Meters, Readings, Temporality};
