//! Adapters for `opentelemetry_sdk`: the only module that names its types.

mod exporter;

pub use exporter::{SdkExporter, exporter};
