//! A span before it starts.

use super::active;
use super::handle::Span;
use super::options::Options;
use super::otel::ContextSpan;
use super::start::{ParentChoice, PendingSpan, StartedSpan};
use super::{OwnedSpan, Source, calls, roots};
use crate::context::{Correlation, Scope};
#[cfg(feature = "retry")]
use crate::semconv;
use crate::{Sampler, SpanType, TraceContext, Value, context};
use opentelemetry::trace::{SpanKind, TraceContextExt as _};
use opentelemetry::{Context, Key};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// A span before it starts: from [`Tracer::span`](crate::Tracer::span).
///
/// Ends with one of the scopes [`in_scope`](Self::in_scope),
/// [`in_scope_result`](Self::in_scope_result), [`run`](Self::run), [`run_result`](Self::run_result)
/// and [`enter`](Self::enter), or with [`start`](Self::start). Before
/// [`init`](crate::init) and after shutdown each of them runs the code and does nothing else.
#[must_use = "a builder starts no span by itself"]
pub struct SpanBuilder(Repr);

enum Repr {
    /// No instance is installed, or it was shut down. The context to make current, if one was given, and
    /// what changes it.
    Noop(Option<Context>, Option<Box<Options>>),
    Pending(PendingSpan),
}

impl SpanBuilder {
    /// Without a source it does nothing.
    #[inline]
    pub(crate) fn noop() -> Self {
        Self(Repr::Noop(None, None))
    }

    pub(crate) fn new(source: &Arc<Source>, name: Cow<'static, str>, span_type: SpanType) -> Self {
        if !source.provider.is_running() {
            source.provider.late();
            return Self::noop();
        }
        Self(Repr::Pending(PendingSpan::new(source, name, span_type)))
    }

    /// Sets an attribute that is there from the start, and that a sampler can see. `None` sets nothing.
    pub fn attr(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            let value = value.into();
            if !matches!(value, Value::Empty) {
                pending.given().attributes.push((key.into(), value));
            }
        }
        self
    }

    /// Sets several attributes; see [`SpanBuilder::attr`], and [`attributes!`](crate::attributes) for values
    /// of several types.
    pub fn attrs<K: Into<Key>, V: Into<Value>>(
        mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (key, value) in attributes {
            self = self.attr(key, value);
        }
        self
    }

    /// The parent is the span of this context, local or remote, instead of the current one. The
    /// context's baggage comes along; a request or session of the current scope stays, unless the context
    /// has one of its own. Without a running instance the context still becomes current, so
    /// that a service that records nothing passes its caller's trace on.
    pub fn parent(mut self, parent: &TraceContext) -> Self {
        let cx = Correlation::inherited(parent.as_otel());
        match &mut self.0 {
            Repr::Pending(pending) => pending.parent = ParentChoice::Context(cx),
            Repr::Noop(given, _) => *given = Some(cx),
        }
        self
    }

    /// No parent: a new trace begins here. Baggage stays.
    pub fn root(mut self) -> Self {
        match &mut self.0 {
            Repr::Pending(pending) => pending.parent = ParentChoice::Root,
            Repr::Noop(given, _) => *given = None,
        }
        self
    }

    /// Links to the span of another context. One that has no span is passed over.
    pub fn link(mut self, to: &TraceContext) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.given().links.push(to.span_context());
        }
        self
    }

    /// Links to the spans of several contexts, such as those of the messages of one batch; see
    /// [`SpanBuilder::link`].
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// # let batch: [Vec<(String, Vec<u8>)>; 2] = Default::default();
    /// let process = tracer.span("process", prela::SpanType::Custom).root();
    /// process.links(batch.iter().map(prela::extract)).in_scope(|_| ());
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn links(self, to: impl IntoIterator<Item = TraceContext>) -> Self {
        to.into_iter().fold(self, |span, cx| span.link(&cx))
    }

    /// The span kind, instead of the one that goes with the type.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.kind = Some(kind);
        }
        self
    }

    /// When the span started, if not now.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.given().start_time = Some(time);
        }
        self
    }

    /// Whether nothing will be recorded because no instance is running.
    pub fn is_noop(&self) -> bool {
        matches!(self.0, Repr::Noop(..))
    }

    /// Whether a scope of this builder would neither record anything nor change the context.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.0, Repr::Noop(None, None))
    }

    #[cfg(all(feature = "genai", feature = "macros"))]
    pub(crate) fn span_type(&self) -> Option<SpanType> {
        match &self.0 {
            Repr::Pending(pending) => Some(pending.span_type),
            Repr::Noop(..) => None,
        }
    }

    /// The name, changed.
    #[cfg(feature = "genai")]
    pub(crate) fn rename(&mut self, change: impl FnOnce(&str) -> String) {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.name = change(&pending.name).into();
        }
    }

    /// Another name.
    #[cfg(feature = "genai")]
    pub(crate) fn set_name(&mut self, name: Cow<'static, str>) {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.name = name;
        }
    }

    pub(super) fn set_sampler(&mut self, sampler: Sampler) {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.given().sampler = Some(sampler);
        }
    }

    pub(super) fn options_mut(&mut self) -> &mut Options {
        match &mut self.0 {
            Repr::Pending(pending) => &mut pending.options,
            Repr::Noop(_, options) => options,
        }
        .get_or_insert_default()
    }

    /// What it comes from; none without an instance.
    #[cfg(any(feature = "genai", all(feature = "macros", feature = "testing")))]
    pub(crate) fn source(&self) -> Option<&Arc<Source>> {
        match &self.0 {
            Repr::Pending(pending) => Some(pending.source()),
            Repr::Noop(..) => None,
        }
    }

    /// Makes numbered spans of the same instance.
    #[cfg(feature = "retry")]
    pub(super) fn like(
        &self,
        name: &'static str,
        span_type: SpanType,
    ) -> impl Fn(u32) -> Self + use<> {
        let source = match &self.0 {
            Repr::Pending(pending) => Some(pending.source().clone()),
            Repr::Noop(..) => None,
        };
        move |number| match &source {
            Some(source) => {
                Self::new(source, name.into(), span_type).attr(semconv::RETRY_ATTEMPT, number)
            }
            None => Self::noop(),
        }
    }

    /// Starts the span without making it current. It ends when the returned owner is dropped.
    pub fn start(self) -> OwnedSpan {
        OwnedSpan(self.begin().span)
    }

    /// Takes the parent from the current context now, for a span that starts later and elsewhere.
    #[inline]
    pub(super) fn capture(mut self) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.capture();
        }
        self
    }

    /// Starts the span.
    #[inline(always)]
    pub(crate) fn begin(mut self) -> StartedSpan {
        match &mut self.0 {
            Repr::Noop(cx, options) => {
                let cx = cx.take().unwrap_or_else(context::current);
                StartedSpan::without_span(match options {
                    Some(options) => options.begin(cx, "").0,
                    None => cx,
                })
            }
            Repr::Pending(pending) => pending.begin(),
        }
    }

    /// Starts the span and makes it current.
    pub(super) fn enter_scope(self) -> (Span, Scope) {
        self.begin().enter()
    }

    /// A span for a library that uses the OpenTelemetry API.
    pub(crate) fn from_otel(
        source: Option<&Arc<Source>>,
        builder: opentelemetry::trace::SpanBuilder,
        parent: &Context,
    ) -> ContextSpan {
        let is_suppressed = |source: &&Arc<Source>| {
            parent.is_telemetry_suppressed() || context::is_suppressed(source.provider.id)
        };
        let source = source.filter(|source| !is_suppressed(source));
        let own = source.map(|source| Self::new(source, builder.name, SpanType::Custom));
        let Some(Self(Repr::Pending(mut own))) = own else {
            return ContextSpan::fallback(parent.span().span_context().clone());
        };
        own.writes_type = false;
        own.kind = builder.span_kind;
        let given = own.given();
        given.start_time = builder.start_time;
        given.attributes.extend(super::otel::pairs(builder.attributes.unwrap_or_default()));
        let its_parent = active::parent_in(parent, &own.source().provider);
        let record = own.start(&its_parent, parent);
        calls::note_received(&its_parent, &record);
        roots::add(&record);
        for link in builder.links.unwrap_or_default() {
            record.add_link(link.span_context, super::otel::pairs(link.attributes));
        }
        for event in builder.events.unwrap_or_default() {
            let attributes = super::otel::pairs(event.attributes);
            record.add_event(event.name, Some(event.timestamp), attributes);
        }
        ContextSpan::owned(record)
    }
}

impl fmt::Debug for SpanBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Noop(..) => f.write_str("SpanBuilder(noop)"),
            Repr::Pending(pending) => f
                .debug_struct("SpanBuilder")
                .field("name", &pending.name)
                .field("span_type", &pending.span_type)
                .finish_non_exhaustive(),
        }
    }
}
