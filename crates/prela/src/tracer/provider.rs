//! An instance as OpenTelemetry's tracer provider.

use crate::span::Provider;
use crate::span::{ContextSpan, Source};
use opentelemetry::{Context, InstrumentationScope};
use std::sync::Arc;

/// An instance for OpenTelemetry-native libraries and for `tracing-opentelemetry`: their spans become
/// Prela's, with the same parents, limits, sampler and exporters.
///
/// From [`Prela::provider`](crate::Prela::provider). Prela does not install it by itself:
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// prela::opentelemetry::global::set_tracer_provider(prela.provider());
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TracerProvider {
    provider: Option<Arc<Provider>>,
}

impl TracerProvider {
    pub(crate) fn of(provider: Option<Arc<Provider>>) -> Self {
        Self { provider }
    }
}

impl opentelemetry::trace::TracerProvider for TracerProvider {
    type Tracer = OtelTracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> OtelTracer {
        let scope = Arc::new(scope);
        let source = |provider| Arc::new(Source { provider, scope });
        OtelTracer { source: self.provider.clone().map(source) }
    }
}

/// The tracer of a [`TracerProvider`], for OpenTelemetry's API.
#[derive(Clone, Debug)]
pub struct OtelTracer {
    source: Option<Arc<Source>>,
}

impl opentelemetry::trace::Tracer for OtelTracer {
    type Span = ContextSpan;

    fn build_with_context(
        &self,
        mut builder: opentelemetry::trace::SpanBuilder,
        parent: &Context,
    ) -> ContextSpan {
        ContextSpan::start(self.source.as_ref(), &mut builder, parent)
    }
}
