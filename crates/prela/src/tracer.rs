//! The tracer: where spans come from.

mod current;
mod early;
pub(crate) mod global;
mod provider;

pub use self::current::{
    current_span, current_trace_id, enrich, enrich_root, new_trace_context, trace_context,
};
pub use self::global::tracer;
pub use self::provider::{OtelTracer, TracerProvider};

use crate::SpanType;
use crate::span::Provider;
use crate::span::{Source, Span, SpanBuilder};
use opentelemetry::InstrumentationScope;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// Makes spans. Cheap to clone, `Send` and `Sync`.
///
/// From [`tracer()`](tracer()), which follows the global instance, or from
/// [`Prela::tracer`](crate::Prela::tracer), which belongs to one instance.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// None: whatever instance is global when a span is made.
    source: Option<Arc<Source>>,
}

/// The instrumentation scope of spans made through Prela's own API.
static SCOPE: LazyLock<Arc<InstrumentationScope>> = LazyLock::new(|| {
    Arc::new(InstrumentationScope::builder("prela").with_version(env!("CARGO_PKG_VERSION")).build())
});

/// The source of an instance's spans that are made through Prela's own API.
pub(crate) fn source_of(provider: Arc<Provider>) -> Arc<Source> {
    Arc::new(Source { provider, scope: SCOPE.clone() })
}

/// Apart from the above, which needs fewer registers.
#[inline(never)]
fn pending_of_global(name: Cow<'static, str>, span_type: SpanType) -> SpanBuilder {
    global::with_source(|source| SpanBuilder::new(source, name, span_type))
        .unwrap_or_else(global::span_of_none)
}

impl Tracer {
    pub(crate) fn of(source: Arc<Source>) -> Self {
        Self { source: Some(source) }
    }

    /// A span of this type, to be started by one of the builder's scopes.
    ///
    /// The name should have few different values, since backends group by it; what varies belongs in
    /// attributes.
    #[inline(always)]
    pub fn span(&self, name: impl Into<Cow<'static, str>>, span_type: SpanType) -> SpanBuilder {
        if self.source.is_none() && global::is_idle() {
            return SpanBuilder::noop();
        }
        self.pending(name.into(), span_type)
    }

    #[inline(never)]
    fn pending(&self, name: Cow<'static, str>, span_type: SpanType) -> SpanBuilder {
        match &self.source {
            Some(source) => SpanBuilder::new(source, name, span_type),
            None => pending_of_global(name, span_type),
        }
    }

    /// A span of type [`SpanType::Custom`].
    pub fn span_default(&self, name: impl Into<Cow<'static, str>>) -> SpanBuilder {
        self.span(name, SpanType::Custom)
    }

    /// The current span of this tracer's instance. With a single instance in the process that is
    /// [`current_span`](crate::current_span).
    pub fn current_span(&self) -> Option<Span> {
        let find = |source: &Arc<Source>| {
            crate::span::span_of_instance(&crate::context::current(), &source.provider)
        };
        self.source.as_ref().map_or_else(|| global::with_source(find).flatten(), find)
    }
}
