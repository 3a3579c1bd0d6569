//! A span before it starts.

use super::handle::{OwnedSpan, Span};
#[cfg(feature = "resources")]
use super::lifecycle::Measurement;
use super::lifecycle::{Blank, Companion, NewSpan, Options, ParentChoice, Prepared, Source};
use crate::context::Correlation;
#[cfg(feature = "retry")]
use crate::semconv;
use crate::{Sampler, SpanType, TraceContext, Value, context};
use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, Key};
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::SystemTime;

/// A span before it starts: from [`Tracer::span`](crate::Tracer::span).
///
/// Finish it with one of the scopes [`in_scope`](Self::in_scope),
/// [`in_scope_result`](Self::in_scope_result), [`run`](Self::run), [`run_result`](Self::run_result)
/// and [`enter`](Self::enter), or with [`start`](Self::start). Before [`init`](crate::init) and
/// after shutdown each of them runs the code and records nothing; a [`parent`](Self::parent) still becomes current.
#[must_use = "a builder starts no span by itself"]
pub struct SpanBuilder(
    /// None if its scope would do nothing at all.
    Option<Box<Prepared>>,
);

impl SpanBuilder {
    /// A builder that starts nothing.
    #[inline(always)]
    pub(crate) fn noop() -> Self {
        Self(None)
    }

    #[inline(always)]
    pub(crate) fn new(source: &Arc<Source>, name: Cow<'static, str>, span_type: SpanType) -> Self {
        if !source.provider.is_running() {
            source.provider.report_late_span();
            return Self::noop();
        }
        Self(Some(Prepared::take(source, name, span_type)))
    }

    /// The record and the span, if an instance is running.
    #[inline(always)]
    fn content(&mut self) -> Option<(&mut Blank, &mut NewSpan)> {
        let Prepared { blank, span, .. } = &mut **self.0.as_mut()?;
        Some((blank.as_mut()?, span))
    }

    /// The span that will start, or that only says which context becomes current.
    fn span(&mut self) -> &mut NewSpan {
        &mut self.0.get_or_insert_with(Prepared::without_instance).span
    }

    fn blank(&self) -> Option<&Blank> {
        self.0.as_ref()?.blank.as_ref()
    }

    /// Sets an attribute that is there from the start, and that a sampler can see. `None` sets nothing.
    #[inline(always)]
    pub fn attr(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        if let Some((blank, span)) = self.content() {
            let (key, value) = (ManuallyDrop::new(key.into()), ManuallyDrop::new(value.into()));
            span.write_attribute(blank, key, value);
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

    /// Sets the parent: the span of this context, local or remote, instead of the current one.
    ///
    /// The context's baggage comes along. A request or session of the current scope stays, unless the context
    /// has one of its own. Without a running instance the context still becomes current, so that a service
    /// that records nothing passes its caller's trace on.
    pub fn parent(mut self, parent: &TraceContext) -> Self {
        let parent = Correlation::inherited(parent.as_otel());
        self.span().set_parent(ParentChoice::Context(parent));
        self
    }

    /// Begins a new trace: the span has no parent. Baggage stays.
    pub fn root(mut self) -> Self {
        self.span().set_parent(ParentChoice::Root);
        self
    }

    /// Links to the span of another context. A context without a span is ignored.
    pub fn link(mut self, to: &TraceContext) -> Self {
        if let Some((_, span)) = self.content() {
            span.details().links.push(to.span_context());
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

    /// Sets the span kind, instead of the one that goes with the type.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        if let Some((_, span)) = self.content() {
            span.set_kind(kind);
        }
        self
    }

    /// Sets when the span started, if not now.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        if let Some((_, span)) = self.content() {
            span.set_start_time(time);
        }
        self
    }

    /// Decides with this sampler, instead of the instance's, if a trace begins here; within a trace the
    /// decision is made already.
    ///
    /// A number is a share, a `bool` means yes or no, and both follow a remote caller's decision; so does
    /// `Sampler::parent_based`, and no other sampler. An invalid sampler is ignored.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// for _ in 0..100 {
    ///     tracer.span("high_volume_operation", SpanType::Custom).sample_with(0.1).in_scope(|_| ());
    /// }
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn sample_with(mut self, sampler: impl Into<Sampler>) -> Self {
        let sampler: Sampler = sampler.into();
        if sampler.check().is_ok() {
            self.set_sampler(sampler);
        }
        self
    }

    /// Records a trace that begins here if the condition holds, and only then, whatever the instance's
    /// sampler says. A remote caller's decision is followed, and within a trace the decision is made
    /// already.
    pub fn trace_if(self, condition: bool) -> Self {
        self.sample_with(condition)
    }

    /// Changes the companion, which is made first if there is none of its type.
    pub(crate) fn with_companion<C: Companion + Default>(
        mut self,
        change: impl FnOnce(&mut C),
    ) -> Self {
        let options = self.options_mut();
        let known: Option<Box<dyn Any>> = options.companion.take().map(|it| it as _);
        let mut companion = known.and_then(|it| it.downcast::<C>().ok()).unwrap_or_default();
        change(&mut companion);
        options.companion = Some(companion);
        self
    }

    /// Measures from the start to the end of this span, if it is recorded.
    #[cfg(feature = "resources")]
    pub(crate) fn measured(mut self, measure: fn() -> Measurement) -> Self {
        self.options_mut().measure = Some(measure);
        self
    }

    /// Whether nothing will be recorded because no instance is running.
    pub fn is_noop(&self) -> bool {
        self.blank().is_none()
    }

    /// Whether a scope of this builder would neither record anything nor change the context.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// The type of the span; none without an instance.
    #[cfg(all(feature = "genai", feature = "macros"))]
    pub(crate) fn span_type(&self) -> Option<SpanType> {
        let prepared = self.0.as_ref().filter(|_| !self.is_noop())?;
        Some(prepared.span.span_type)
    }

    /// Changes the name of the span.
    #[cfg(feature = "genai")]
    pub(crate) fn rename(&mut self, change: impl FnOnce(&str) -> String) {
        if let Some(prepared) = &mut self.0 {
            let name = change(&prepared.span.name).into();
            prepared.span.rename(prepared.blank.as_mut(), name);
        }
    }

    /// Gives the span another name.
    #[cfg(feature = "genai")]
    pub(crate) fn set_name(&mut self, name: Cow<'static, str>) {
        if let Some(prepared) = &mut self.0 {
            prepared.span.rename(prepared.blank.as_mut(), name);
        }
    }

    pub(super) fn set_sampler(&mut self, sampler: Sampler) {
        if let Some((_, span)) = self.content() {
            span.details().sampler = Some(sampler);
        }
    }

    pub(super) fn options_mut(&mut self) -> &mut Options {
        self.span().details().options.get_or_insert_default()
    }

    /// The source of the span; none without an instance.
    #[cfg(any(feature = "genai", all(feature = "macros", feature = "testing")))]
    pub(crate) fn source(&self) -> Option<&Arc<Source>> {
        self.blank().map(Blank::source)
    }

    /// A function that makes numbered spans of the same instance.
    #[cfg(feature = "retry")]
    pub(crate) fn like(
        &self,
        name: &'static str,
        span_type: SpanType,
    ) -> impl Fn(u32) -> Self + use<> {
        let source = self.blank().map(|blank| blank.source().clone());
        move |number| match &source {
            Some(source) => {
                Self::new(source, name.into(), span_type).attr(semconv::RETRY_ATTEMPT, number)
            }
            None => Self::noop(),
        }
    }

    /// Starts the span without making it current. It ends when the returned owner is dropped.
    pub fn start(self) -> OwnedSpan {
        let Some(mut prepared) = self.0 else { return OwnedSpan(Span::none()) };
        let span = prepared.start();
        prepared.give_back();
        OwnedSpan(span.into())
    }

    /// Takes the parent from the current context now, for a span that starts later and elsewhere.
    #[inline]
    pub(super) fn capture(mut self) -> Self {
        if let Some((blank, span)) = self.content() {
            span.capture(blank.provider());
        }
        self
    }

    /// Starts the span, for a future. Also returns the context in which it is current.
    pub(crate) fn start_for_future(self) -> (Span, Context) {
        let Some(mut prepared) = self.0 else { return (Span::none(), context::current()) };
        let (span, cx) = prepared.start_for_future();
        prepared.give_back();
        (span.into(), cx)
    }

    /// What the builder holds, for a scope; none if that would do nothing.
    #[inline(always)]
    pub(super) fn into_prepared(self) -> Option<Box<Prepared>> {
        self.0
    }
}

impl fmt::Debug for SpanBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(prepared) if prepared.blank.is_some() => f
                .debug_struct("SpanBuilder")
                .field("name", &prepared.span.name)
                .field("span_type", &prepared.span.span_type)
                .finish_non_exhaustive(),
            _ => f.write_str("SpanBuilder(noop)"),
        }
    }
}
