//! Which instance and which library a span is of.

use super::provider::Provider;
use opentelemetry::InstrumentationScope;
use std::sync::Arc;

/// Which instance and which library a span is of. Shared by all spans of a tracer.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) provider: Arc<Provider>,
    pub(crate) scope: Arc<InstrumentationScope>,
}
