//! A span before it starts.

use super::active::{self, Parent};
use super::handle::Span;
use super::otel::ContextSpan;
use super::provider::Provider;
use super::record::Record;
use super::{OwnedSpan, SpanData};
use crate::clock::Anchor;
use crate::sampling::{Sampling, SamplingParameters};
use crate::{SpanType, TraceContext, Value, context, semconv};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, InstrumentationScope, Key};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Which instance and which library a span is of.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) provider: Arc<Provider>,
    pub(crate) scope: Arc<InstrumentationScope>,
}

/// A span before it starts: from [`Tracer::span`](crate::Tracer::span).
///
/// Ends with one of the scopes [`in_scope`](Self::in_scope),
/// [`in_scope_result`](Self::in_scope_result), [`run`](Self::run), [`run_result`](Self::run_result)
/// and [`enter`](Self::enter), or with [`start`](Self::start). Before
/// [`init`](crate::init) and after shutdown each of them runs the code and does nothing else.
#[must_use = "a builder starts no span by itself"]
pub struct SpanBuilder {
    /// None: no instance is installed, or it was shut down.
    source: Option<Source>,
    name: Cow<'static, str>,
    span_type: SpanType,
    /// False for a span that an OpenTelemetry-native library makes: it asked for no type.
    writes_type: bool,
    kind: Option<SpanKind>,
    parent: ParentChoice,
    attributes: Vec<(Key, Value)>,
    links: Vec<SpanContext>,
    start_time: Option<SystemTime>,
}

enum ParentChoice {
    /// Whatever is current when the span starts, or when its future is made.
    Current,
    Context(Context),
    Root,
}

impl SpanBuilder {
    pub(crate) fn new(
        source: Option<Source>,
        name: Cow<'static, str>,
        span_type: SpanType,
    ) -> Self {
        Self {
            source: source.filter(|source| source.provider.is_running()),
            name,
            span_type,
            writes_type: true,
            kind: None,
            parent: ParentChoice::Current,
            attributes: Vec::new(),
            links: Vec::new(),
            start_time: None,
        }
    }

    /// Sets an attribute that is there from the start, and that a sampler can see.
    pub fn attr(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        if self.source.is_some() {
            self.attributes.push((key.into(), value.into()));
        }
        self
    }

    /// Sets several attributes; see [`SpanBuilder::attr`].
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
    /// context's baggage comes along. Without a running instance the context still becomes current, so
    /// that a service that records nothing passes its caller's trace on.
    pub fn parent(mut self, parent: &TraceContext) -> Self {
        self.parent = ParentChoice::Context(parent.as_otel().clone());
        self
    }

    /// No parent: a new trace begins here. Baggage stays.
    pub fn root(mut self) -> Self {
        self.parent = ParentChoice::Root;
        self
    }

    /// Links to the span of another context. One that has no span is passed over.
    pub fn link(mut self, to: &TraceContext) -> Self {
        self.links.push(to.span_context());
        self
    }

    /// Links to the spans of several contexts, such as those of the messages of one batch; see
    /// [`SpanBuilder::link`].
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::Exporter::memory(&prela::MemoryExporter::new())).build()?;
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
        self.kind = Some(kind);
        self
    }

    /// When the span started, if not now.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// Whether nothing will be recorded because no instance is running.
    pub fn is_noop(&self) -> bool {
        self.source.is_none()
    }

    /// Whether a scope of this builder would neither record anything nor change the context.
    pub(super) fn is_idle(&self) -> bool {
        self.is_noop() && matches!(self.parent, ParentChoice::Current)
    }

    /// Starts the span without making it current. It ends when the returned owner is dropped.
    pub fn start(self) -> OwnedSpan {
        OwnedSpan(self.begin(&context::current()).0)
    }

    /// Takes the parent from the current context now, for a span that starts later and elsewhere.
    pub(super) fn capture(mut self) -> Self {
        if self.source.is_some() {
            self.parent = ParentChoice::Context(self.base(&context::current()));
        }
        self
    }

    /// The context that the span starts in.
    fn base(&self, current: &Context) -> Context {
        match (&self.parent, &self.source) {
            (ParentChoice::Context(cx), _) => cx.clone(),
            (ParentChoice::Root, Some(source)) => {
                active::without_span_of(current, &source.provider)
            }
            (ParentChoice::Current, _) | (ParentChoice::Root, None) => current.clone(),
        }
    }

    /// Starts the span. Gives it with the context in which it is current.
    pub(crate) fn begin(self, current: &Context) -> (Span, Context) {
        let base = self.base(current);
        // What the export thread itself does makes no spans: they would never end to come.
        if base.is_telemetry_suppressed() {
            return (Span::none(), base);
        }
        let Some(source) = self.source.clone() else { return (Span::none(), base) };
        let record = self.record(source, &base);
        let cx = active::context_with(&base, &record);
        (Span::of(record), cx)
    }

    fn record(self, source: Source, base: &Context) -> Arc<Record> {
        let Source { provider, scope } = source;
        let kind = self.kind.unwrap_or_else(|| self.span_type.span_kind());
        let parent = active::parent_in(base, &provider);

        let mut sampler_attributes = Vec::new();
        let (trace_id, flags, trace_state, anchor) = match &parent {
            Parent::Local(parent) => {
                let cx = &parent.span_context;
                (cx.trace_id(), cx.trace_flags(), cx.trace_state().clone(), parent.anchor)
            }
            Parent::Other(_) | Parent::None => {
                let remote = match &parent {
                    Parent::Other(span_context) => Some(span_context),
                    Parent::Local(_) | Parent::None => None,
                };
                // Before ids are drawn: it notices a fork.
                let anchor = Anchor::read(&*provider.clock);
                let trace_id =
                    remote.map_or_else(|| new_trace_id(&provider), SpanContext::trace_id);
                let parameters = SamplingParameters {
                    parent: remote,
                    trace_id,
                    name: &self.name,
                    span_type: self.span_type,
                    kind: &kind,
                    attributes: &self.attributes,
                };
                // A sampler is user code: if it panics, the trace is left out.
                let sampling = context::guarded(|| provider.sampler.should_sample(&parameters));
                let sampling = sampling.unwrap_or_else(Sampling::drop);
                sampler_attributes = sampling.attributes;
                let new = || if provider.ids.is_random() { RANDOM } else { TraceFlags::default() };
                let flags = remote.map_or_else(new, SpanContext::trace_flags);
                let state = remote.map_or(TraceState::NONE, |remote| remote.trace_state().clone());
                (trace_id, flags.with_sampled(sampling.sampled), state, anchor)
            }
        };
        let (parent_span_id, parent_is_remote) = match &parent {
            Parent::None => (None, false),
            Parent::Local(parent) => (Some(parent.span_context.span_id()), false),
            Parent::Other(span_context) => (Some(span_context.span_id()), span_context.is_remote()),
        };
        // Before ids are drawn, for the same reason.
        let is_recorded = flags.is_sampled() || provider.records_all;
        let start_time =
            is_recorded.then(|| self.start_time.unwrap_or_else(|| anchor.now(&*provider.clock)));
        let span_context =
            SpanContext::new(trace_id, new_span_id(&provider), flags, false, trace_state);

        let data = start_time.map(|start_time| SpanData {
            span_context: span_context.clone(),
            parent_span_id,
            parent_is_remote,
            name: self.name,
            span_type: self.span_type,
            kind,
            start_time,
            end_time: start_time,
            attributes: Vec::with_capacity(self.attributes.len() + 3),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::Unset,
            scope,
        });
        let record =
            Arc::new(Record::new(provider.clone(), span_context, parent_span_id, anchor, data));
        if !is_recorded {
            return record;
        }

        if self.writes_type {
            let span_type = self.span_type;
            record.set_attribute(semconv::PRELA_SPAN_TYPE.into(), span_type.as_str().into());
            if let Some(operation) = span_type.operation_name() {
                record.set_attribute(semconv::GEN_AI_OPERATION_NAME.into(), operation.into());
            }
            if let Some(kind) = span_type.openinference_kind() {
                record.set_attribute(semconv::OPENINFERENCE_SPAN_KIND.into(), kind.into());
            }
        }
        if !provider.baggage_to_attributes.is_empty() {
            let baggage = context::baggage_of(base);
            for key in &provider.baggage_to_attributes {
                if let Some(value) = baggage.get(key.as_str()) {
                    record.set_attribute(key.clone(), value.into());
                }
            }
        }
        for (key, value) in self.attributes.into_iter().chain(sampler_attributes) {
            record.set_attribute(key, value);
        }
        for link in self.links {
            record.add_link(link, [] as [(Key, Value); 0]);
        }
        if !provider.processors.is_empty() {
            let span = Span::of(record.clone());
            let parent = TraceContext::from(base.clone());
            provider.each_processor(|processor| processor.on_start(&span, &parent));
        }
        record
    }

    /// A span for a library that uses the OpenTelemetry API.
    pub(crate) fn from_otel(
        source: Option<Source>,
        builder: opentelemetry::trace::SpanBuilder,
        parent: &Context,
    ) -> ContextSpan {
        let mut own = Self::new(source, builder.name, SpanType::Custom);
        own.writes_type = false;
        own.kind = builder.span_kind;
        own.start_time = builder.start_time;
        own.parent = ParentChoice::Context(parent.clone());
        own.attributes = super::otel::pairs(builder.attributes.unwrap_or_default()).collect();
        let source = own.source.take().filter(|_| !parent.is_telemetry_suppressed());
        let record = source.map(|source| own.record(source, parent));
        if let Some(record) = &record {
            for link in builder.links.unwrap_or_default() {
                record.add_link(link.span_context, super::otel::pairs(link.attributes));
            }
            for event in builder.events.unwrap_or_default() {
                let attributes = super::otel::pairs(event.attributes);
                record.add_event(event.name, Some(event.timestamp), attributes);
            }
        }
        ContextSpan::owned(record, parent.span().span_context().clone())
    }
}

/// Every bit of a new trace id is random: flag of W3C Trace Context Level 2.
const RANDOM: TraceFlags = TraceFlags::new(0x02);

fn new_trace_id(provider: &Provider) -> TraceId {
    let id = context::guarded(|| provider.ids.new_trace_id()).unwrap_or(TraceId::INVALID);
    if id == TraceId::INVALID {
        crate::id::IdGenerator::new_trace_id(&crate::id::RandomIds)
    } else {
        id
    }
}

fn new_span_id(provider: &Provider) -> SpanId {
    let id = context::guarded(|| provider.ids.new_span_id()).unwrap_or(SpanId::INVALID);
    if id == SpanId::INVALID {
        crate::id::IdGenerator::new_span_id(&crate::id::RandomIds)
    } else {
        id
    }
}

impl fmt::Debug for SpanBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanBuilder")
            .field("name", &self.name)
            .field("span_type", &self.span_type)
            .finish_non_exhaustive()
    }
}
