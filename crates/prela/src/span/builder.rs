//! A span before it starts.

use super::active::{self, Parent};
use super::handle::Span;
use super::options::Options;
use super::otel::ContextSpan;
use super::provider::Provider;
use super::record::{Given, Record};
use super::{OwnedSpan, Source, pool};
use crate::clock::Anchor;
use crate::context::{Correlation, Origin, Scope};
use crate::sampling::{SamplingParameters, decide};
use crate::{SpanType, TraceContext, Value, context};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, Key};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError};
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
    /// No instance is installed, or it was shut down. The context to make current, if one was given.
    Noop(Option<Context>, Option<Box<Options>>),
    Pending(Pending),
}

/// What is known of a span that will start.
struct Pending {
    /// Not started yet; it has what was given beside the usual.
    record: Arc<Record>,
    name: Cow<'static, str>,
    parent: ParentChoice,
    span_type: SpanType,
    /// False for a span that an OpenTelemetry-native library makes: it asked for no type.
    writes_type: bool,
    kind: Option<SpanKind>,
    /// Whether the record has something of the builder's.
    has_given: bool,
    options: Option<Box<Options>>,
}

enum ParentChoice {
    /// Whatever is current when the span starts, or when its future is made.
    Current,
    Context(Context),
    Root,
}

/// A span that has started.
pub(crate) struct Begun {
    pub(crate) span: Span,
    place: Place,
}

/// Where a span that has started is current.
enum Place {
    /// In this context.
    In(Context),
    /// In the context that is current, whose slot this is.
    Here(usize),
}

impl Begun {
    fn within(span: Span, cx: Context) -> Self {
        Self { span, place: Place::In(cx) }
    }

    /// The span with its context, for a future.
    pub(crate) fn into_parts(self) -> (Span, Context) {
        let cx = match self.place {
            Place::In(cx) => cx,
            Place::Here(_) => context::current(),
        };
        (self.span, cx)
    }
}

impl SpanBuilder {
    /// Without a source it does nothing.
    #[inline]
    pub(crate) fn noop() -> Self {
        Self(Repr::Noop(None, None))
    }

    pub(crate) fn new(source: &Arc<Source>, name: Cow<'static, str>, span_type: SpanType) -> Self {
        if !source.provider.is_running() {
            return Self::noop();
        }
        Self(Repr::Pending(Pending {
            record: pool::record(source),
            name,
            span_type,
            parent: ParentChoice::Current,
            writes_type: true,
            kind: None,
            has_given: false,
            options: None,
        }))
    }

    /// Sets an attribute that is there from the start, and that a sampler can see.
    pub fn attr(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.given().attributes.push((key.into(), value.into()));
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

    pub(super) fn options_mut(&mut self) -> &mut Options {
        let (Repr::Noop(_, options) | Repr::Pending(Pending { options, .. })) = &mut self.0;
        options.get_or_insert_default()
    }

    /// Makes numbered spans of the same instance.
    #[cfg(feature = "retry")]
    pub(super) fn like(
        &self,
        name: &'static str,
        span_type: SpanType,
    ) -> impl Fn(u32) -> Self + use<> {
        let source = match &self.0 {
            Repr::Noop(..) => None,
            Repr::Pending(pending) => Some(pending.record.source.clone()),
        };
        move |number| {
            let Some(source) = &source else { return Self::noop() };
            Self::new(source, name.into(), span_type).attr(crate::semconv::RETRY_ATTEMPT, number)
        }
    }

    /// Starts the span without making it current. It ends when the returned owner is dropped.
    pub fn start(self) -> OwnedSpan {
        OwnedSpan(self.begin().span)
    }

    /// Takes the parent from the current context now, for a span that starts later and elsewhere.
    pub(super) fn capture(mut self) -> Self {
        if let Repr::Pending(pending) = &mut self.0 {
            pending.parent = ParentChoice::Context(pending.base());
        }
        self
    }

    /// Starts the span.
    #[inline(always)]
    pub(crate) fn begin(self) -> Begun {
        match self.0 {
            Repr::Noop(cx, options) => {
                let base = cx.unwrap_or_else(context::current);
                let cx = options.into_iter().fold(base, |cx, options| options.context(cx));
                Begun::within(Span::none(), cx)
            }
            Repr::Pending(pending) => pending.begin(),
        }
    }

    /// Starts the span and makes it current.
    pub(super) fn enter_scope(self) -> (Span, Scope) {
        let Begun { span, place } = self.begin();
        let scope = match place {
            Place::In(cx) => match span.record() {
                Some(record) => Scope::of_span(cx, || record.origin()),
                None => Scope::enter(cx),
            },
            Place::Here(slot) => Scope::of_current(slot),
        };
        (span, scope)
    }

    /// A span for a library that uses the OpenTelemetry API.
    pub(crate) fn from_otel(
        source: Option<&Arc<Source>>,
        builder: opentelemetry::trace::SpanBuilder,
        parent: &Context,
    ) -> ContextSpan {
        let source = source.filter(|_| !parent.is_telemetry_suppressed());
        let own = source.map(|source| Self::new(source, builder.name, SpanType::Custom));
        let Some(Self(Repr::Pending(mut own))) = own else {
            return ContextSpan::fallback(parent.span().span_context().clone());
        };
        own.writes_type = false;
        own.kind = builder.span_kind;
        let given = own.given();
        given.start_time = builder.start_time;
        given.attributes.extend(super::otel::pairs(builder.attributes.unwrap_or_default()));
        let its_parent = active::parent_in(parent, &own.record.source.provider);
        let record = own.start(&its_parent, Some(parent));
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

/// What the current context says about a new span.
enum Seen {
    Suppressed,
    /// The parent is not sampled: its context, and the slot of that.
    LeftOut(Context, usize),
    /// The parent, and whether it has a trace state.
    Local(Origin, bool),
    Unknown,
}

impl Pending {
    fn given(&mut self) -> &mut Given {
        self.has_given = true;
        let record = Arc::get_mut(&mut self.record);
        &mut record.expect("before its start nobody else refers to a record").given
    }

    /// The context that the span starts in.
    fn base(&self) -> Context {
        match &self.parent {
            ParentChoice::Current => context::current(),
            ParentChoice::Context(cx) => cx.clone(),
            ParentChoice::Root => {
                active::without_span_of(&context::current(), &self.record.source.provider)
            }
        }
    }

    #[inline(always)]
    fn begin(self) -> Begun {
        if self.options.is_some() {
            self.begin_with_options()
        } else if let ParentChoice::Current = self.parent {
            self.begin_here()
        } else {
            let base = self.base();
            self.begin_within(base)
        }
    }

    fn begin_with_options(mut self) -> Begun {
        let mut base = self.base();
        if let Some(options) = self.options.take() {
            base = options.context(base);
            let attributes = options.attributes(&self.name);
            self.given().attributes.extend(attributes);
            self.options = Some(options);
        }
        self.begin_within(base)
    }

    #[inline(always)]
    fn begin_here(self) -> Begun {
        let provider = &*self.record.source.provider;
        let (instance, records_all) = (provider.id, provider.records_all);
        let seen = context::with_current(|cx, origin| {
            // What the export thread itself does makes no spans: they would never end to come.
            if cx.is_telemetry_suppressed() {
                return Seen::Suppressed;
            }
            match origin {
                Some(origin) if origin.instance != instance => Seen::Unknown,
                // What the context says of its request takes the longer way.
                Some(_) if Correlation::of(cx).is_some() => Seen::Unknown,
                Some(origin) if origin.flags.is_sampled() || records_all => {
                    let state = cx.span().span_context().trace_state() != &TraceState::NONE;
                    Seen::Local(*origin, state)
                }
                Some(_) => Seen::LeftOut(cx.clone(), context::slot_of(cx)),
                None => Seen::Unknown,
            }
        });
        match seen {
            Some(Seen::LeftOut(cx, slot)) => self.leave_out(cx, Place::Here(slot)),
            Some(Seen::Local(origin, false)) => {
                let record = self.start(&Parent::Local(origin, TraceState::NONE), None);
                let cx = active::current_with(&record);
                Begun::within(Span::of(record), cx)
            }
            Some(Seen::Suppressed) => Begun::within(Span::none(), context::current()),
            Some(Seen::Local(_, true) | Seen::Unknown) | None => {
                self.begin_within(context::current())
            }
        }
    }

    fn begin_within(self, base: Context) -> Begun {
        if base.is_telemetry_suppressed() {
            return Begun::within(Span::none(), base);
        }
        let provider = &*self.record.source.provider;
        match active::parent_in(&base, provider) {
            Parent::Local(origin, _) if !origin.flags.is_sampled() && !provider.records_all => {
                self.leave_out(base.clone(), Place::In(base))
            }
            parent => {
                let record = self.start(&parent, Some(&base));
                let cx = active::context_with(&base, &record);
                Begun::within(Span::of(record), cx)
            }
        }
    }

    /// A span below one that is not sampled. It shares the context of that one, ids and all: nobody
    /// will ever look for it, so it needs none of its own.
    #[inline(always)]
    fn leave_out(self, of: Context, place: Place) -> Begun {
        // Counted here, since a handle that can be cloned cannot tell how often it was ended.
        self.record.source.provider.sink.on_unsampled();
        if self.has_given {
            pool::give_back_unused(self.record);
        } else {
            pool::give_back(self.record);
        }
        Begun { span: Span::inherited(of), place }
    }

    fn start(self, parent: &Parent, base: Option<&Context>) -> Arc<Record> {
        let Self {
            record: mut shared,
            name,
            parent: _,
            span_type,
            writes_type,
            kind,
            has_given,
            options,
        } = self;
        let record = Arc::get_mut(&mut shared);
        let record = record.expect("before its start nobody else refers to a record");
        let provider = &*record.source.provider;
        let kind = kind.unwrap_or_else(|| span_type.span_kind());

        let mut sampler_attributes = None;
        let (trace_id, flags, trace_state) = match parent {
            Parent::Local(origin, trace_state) => {
                record.parent_span_id = Some(origin.span_id);
                record.anchor = origin.anchor;
                (origin.trace_id, origin.flags, trace_state.clone())
            }
            Parent::Other(_) | Parent::None => {
                let remote = match &parent {
                    Parent::Other(span_context) => Some(span_context),
                    Parent::Local(..) | Parent::None => None,
                };
                // Before ids are drawn: it notices a fork.
                record.anchor = Anchor::read(&*provider.clock);
                let trace_id = remote.map_or_else(|| new_trace_id(provider), SpanContext::trace_id);
                let ids_are_random = provider.ids.is_random();
                let parameters = SamplingParameters {
                    parent: remote,
                    trace_id,
                    name: &name,
                    span_type,
                    kind: &kind,
                    attributes: &record.given.attributes,
                    cx: &base.map_or_else(context::current, Context::clone),
                    clock: &*provider.clock,
                    ids_are_random,
                };
                let own = options.as_ref().and_then(|options| options.sampler.as_ref());
                let decision = decide(own.unwrap_or(&provider.sampler), &parameters);
                provider.decisions.count(decision.sampled);
                sampler_attributes = Some(decision.attributes);
                let new = || if ids_are_random { RANDOM } else { TraceFlags::default() };
                let flags = remote.map_or_else(new, SpanContext::trace_flags);
                record.parent_span_id = remote.map(SpanContext::span_id);
                (trace_id, flags.with_sampled(decision.sampled), decision.trace_state)
            }
        };
        // Before ids are drawn, for the same reason.
        let is_recorded = flags.is_sampled() || provider.records_all;
        let start_time = match record.given.start_time.take() {
            None if is_recorded => record.anchor.now(&*provider.clock),
            given => given.unwrap_or(SystemTime::UNIX_EPOCH),
        };
        let span_id = new_span_id(provider);
        record.span_context = SpanContext::new(trace_id, span_id, flags, false, trace_state);
        if !is_recorded {
            record.start_unsampled();
            return shared;
        }
        let mut blank = pool::span(&record.source);
        let data = Arc::get_mut(&mut blank).expect("nobody else refers to a blank span");
        data.span_context = record.span_context.clone();
        data.parent_span_id = record.parent_span_id;
        data.parent_is_remote = matches!(parent, Parent::Other(it) if it.is_remote());
        data.name = name;
        data.span_type = span_type;
        data.kind = kind;
        if !Arc::ptr_eq(&data.scope, &record.source.scope) {
            data.scope = record.source.scope.clone();
        }
        let limits = &provider.limits;
        let written = &mut record.state.get_mut().unwrap_or_else(PoisonError::into_inner).written;
        written.start_in(&mut data.attributes);
        if writes_type {
            span_type.write_attributes(|key, value| limits.set(written, key, value));
        }
        if !provider.baggage_to_attributes.is_empty() {
            let baggage = context::baggage_of(&base.map_or_else(context::current, Context::clone));
            for key in &provider.baggage_to_attributes {
                if let Some(value) = baggage.get(key.as_str()) {
                    limits.set(written, key.clone(), value.into());
                }
            }
        }
        if let Some(correlation) = base.and_then(Correlation::of) {
            for (key, value) in correlation.attributes() {
                limits.set(written, key, value);
            }
        }
        let mut links = Vec::new();
        if has_given {
            for (key, value) in record.given.attributes.drain(..) {
                limits.set(written, key, value);
            }
            links = std::mem::take(&mut record.given.links);
        }
        if let Some(attributes) = sampler_attributes {
            for (key, value) in attributes {
                limits.set(written, key, value);
            }
        }
        data.start_time = start_time;
        data.end_time = start_time;
        record.start(blank);
        if let Some(at_start) = options.and_then(|options| options.at_start) {
            at_start(&shared);
        }
        for link in links {
            shared.add_link(link, [] as [(Key, Value); 0]);
        }
        if !shared.source.provider.processors.is_empty() {
            let span = Span::of(shared.clone());
            let parent = TraceContext::from(base.map_or_else(context::current, Context::clone));
            let provider = &shared.source.provider;
            provider.each_processor(|processor| processor.on_start(&span, &parent));
        }
        shared
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
