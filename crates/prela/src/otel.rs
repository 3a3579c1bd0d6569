//! Adapters for `opentelemetry_sdk`: the only module that names its types.

mod exporter;
#[cfg(all(feature = "metrics", any(feature = "otlp-grpc", feature = "otlp-http")))]
mod meters;

pub use crate::tracer::{OtelTracer, TracerProvider};
pub use exporter::{SdkExporter, exporter};
#[cfg(all(feature = "metrics", any(feature = "otlp-grpc", feature = "otlp-http")))]
pub(crate) use meters::{Meters, Readings, Temporality};
