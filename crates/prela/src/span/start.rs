//! Starting a span: its parent, the decision, its record and its context.

use super::active::{self, Parent};
use super::handle::Span;
use super::message::{self, Head};
use super::options::Options;
use super::provider::Provider;
use super::record::{Record, StartData};
use super::{Source, calls, pool, roots};
use crate::clock::{Anchor, unix_nano};
use crate::context::{Correlation, Origin, Scope};
use crate::sampling::{SamplingParameters, decide};
use crate::{SpanType, TraceContext, Value, context, semconv};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, Key};
use std::borrow::Cow;
use std::mem;
use std::sync::{Arc, PoisonError};

/// What is known of a span that will start.
pub(super) struct PendingSpan {
    /// Not started yet; it has what was given beside the usual. None once the span has started.
    record: Option<Arc<Record>>,
    pub(super) name: Cow<'static, str>,
    pub(super) parent: ParentChoice,
    pub(super) span_type: SpanType,
    /// False for a span that an OpenTelemetry-native library makes: it asked for no type.
    pub(super) writes_type: bool,
    pub(super) kind: Option<SpanKind>,
    /// Whether the record has something of the builder's.
    has_given: bool,
    pub(super) options: Option<Box<Options>>,
}

pub(super) enum ParentChoice {
    /// Whatever is current when the span starts, or when its future is made.
    Current,
    Context(Context),
    Root,
}

/// A span that has started.
pub(crate) struct StartedSpan {
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

impl StartedSpan {
    fn within(span: Span, cx: Context) -> Self {
        Self { span, place: Place::In(cx) }
    }

    pub(super) fn without_span(cx: Context) -> Self {
        Self::within(Span::none(), cx)
    }

    /// Makes the span current.
    #[inline(always)]
    pub(super) fn enter(self) -> (Span, Scope) {
        let Self { span, place } = self;
        let scope = match place {
            Place::In(cx) => match span.record() {
                Some(record) => Scope::of_span(cx, || record.origin()),
                None => Scope::enter(cx),
            },
            Place::Here(slot) => Scope::of_current(slot),
        };
        (span, scope)
    }

    /// The span with its context, for a future.
    pub(crate) fn into_parts(self) -> (Span, Context) {
        let cx = match self.place {
            Place::In(cx) => cx,
            Place::Here(_) => TraceContext::current().into(),
        };
        (self.span, cx)
    }
}

/// What the current context says about a new span.
enum Seen {
    /// Nothing is recorded here; the slot of the context.
    Suppressed(usize),
    /// The parent is not sampled: its context, and the slot of that.
    LeftOut(Context, usize),
    /// The parent, and whether it has a trace state.
    Local(Origin, bool),
    Unknown,
}

impl PendingSpan {
    pub(super) fn new(source: &Arc<Source>, name: Cow<'static, str>, span_type: SpanType) -> Self {
        Self {
            record: Some(pool::record(source)),
            name,
            span_type,
            parent: ParentChoice::Current,
            writes_type: true,
            kind: None,
            has_given: false,
            options: None,
        }
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        &self.record.as_ref().expect(NOT_STARTED).source
    }

    fn provider(&self) -> &Provider {
        &self.source().provider
    }

    pub(super) fn given(&mut self) -> &mut StartData {
        self.has_given = true;
        let record = self.record.as_mut().and_then(Arc::get_mut);
        &mut record.expect(NOT_STARTED).given
    }

    /// The context that the span starts in.
    pub(super) fn base(&self) -> Context {
        match &self.parent {
            ParentChoice::Current => context::current(),
            ParentChoice::Context(cx) => cx.clone(),
            ParentChoice::Root => active::without_span_of(&context::current(), self.provider()),
        }
    }

    /// Takes the context that is current now, for a start elsewhere. If nothing is recorded here, nothing
    /// will be there.
    pub(super) fn capture(&mut self) {
        let base = self.base();
        let is_suppressed = context::is_suppressed(self.provider().id);
        let base = if is_suppressed { base.with_telemetry_suppressed() } else { base };
        self.parent = ParentChoice::Context(base);
    }

    #[inline(always)]
    pub(super) fn begin(&mut self) -> StartedSpan {
        if matches!(self.parent, ParentChoice::Current) && self.options.is_none() {
            self.begin_here()
        } else {
            self.begin_elsewhere()
        }
    }

    fn begin_elsewhere(&mut self) -> StartedSpan {
        let mut base = self.base();
        if let Some(options) = &self.options {
            let (cx, attributes) = options.begin(base, &self.name);
            self.given().attributes.extend(attributes);
            base = cx;
        }
        self.begin_within(base)
    }

    #[inline(always)]
    fn begin_here(&mut self) -> StartedSpan {
        let provider = self.provider();
        let (instance, records_all) = (provider.id, provider.records_all);
        let shows_context = provider.shows_context;
        let looks_at_context = |cx: &Context| shows_context || Correlation::of(cx).is_some();
        let is_unrecorded = context::is_unrecorded(instance);
        let seen = context::with_current(|cx, origin| {
            // What the export thread itself does makes no spans: they would never end to come.
            if is_unrecorded || cx.is_telemetry_suppressed() {
                return Seen::Suppressed(context::slot_of(cx));
            }
            match origin {
                Some(origin) if origin.instance != instance => Seen::Unknown,
                Some(_) if looks_at_context(cx) => Seen::Unknown,
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
                let record = self.start(&Parent::Local(origin, TraceState::NONE), &Context::new());
                let cx = active::current_with(&record);
                StartedSpan::within(Span::of(record), cx)
            }
            Some(Seen::Suppressed(slot)) => {
                StartedSpan { span: Span::none(), place: Place::Here(slot) }
            }
            Some(Seen::Local(_, true) | Seen::Unknown) | None => {
                self.begin_within(context::current())
            }
        }
    }

    fn begin_within(&mut self, base: Context) -> StartedSpan {
        let provider = self.provider();
        // Also where another context was passed.
        if base.is_telemetry_suppressed() || context::is_suppressed(provider.id) {
            return StartedSpan::without_span(base.with_telemetry_suppressed());
        }
        let records_all = provider.records_all;
        match active::parent_in(&base, provider) {
            Parent::Local(origin, _) if !origin.flags.is_sampled() && !records_all => {
                self.leave_out(base.clone(), Place::In(base))
            }
            parent => {
                let record = self.start(&parent, &base);
                calls::note_received(&parent, &record);
                roots::add(&record);
                let cx = active::context_with(&base, &record);
                StartedSpan::within(Span::of(record), cx)
            }
        }
    }

    /// A span below one that is not sampled. It shares the context of that one, ids and all: nobody
    /// will ever look for it, so it needs none of its own.
    #[inline(always)]
    fn leave_out(&mut self, of: Context, place: Place) -> StartedSpan {
        // Counted here, since a handle that can be cloned cannot tell how often it was ended.
        self.provider().intake.on_unsampled();
        let record = self.record.take().expect(NOT_STARTED);
        if self.has_given {
            pool::give_back_unused(record);
        } else {
            pool::give_back(record, None);
        }
        StartedSpan { span: Span::inherited(of), place }
    }

    /// `base` is for samplers and processors, baggage and correlation: an empty one will do for a span below
    /// a local one, if there are none of these.
    pub(super) fn start(&mut self, parent: &Parent, base: &Context) -> Arc<Record> {
        let mut shared = self.record.take().expect(NOT_STARTED);
        let record = Arc::get_mut(&mut shared).expect(NOT_STARTED);
        let provider = &*record.source.provider;
        let is_plain = !self.has_given
            && self.options.is_none()
            && !provider.shows_context
            && Correlation::of(base).is_none();
        let mut sampler_attributes = Vec::new();
        let (trace_id, flags, trace_state) = match parent {
            Parent::Local(origin, trace_state) => {
                record.parent_span_id = Some(origin.span_id);
                record.anchor = origin.anchor;
                record.root = origin.root;
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
                let parameters = SamplingParameters {
                    parent: remote,
                    trace_id,
                    name: &self.name,
                    span_type: self.span_type,
                    kind: &self.kind.clone().unwrap_or_else(|| self.span_type.span_kind()),
                    attributes: &record.given.attributes,
                    cx: base,
                    clock: &*provider.clock,
                    ids_are_random: provider.ids.is_random(),
                };
                let sampler = record.given.sampler.take();
                let decision = decide(sampler.as_ref().unwrap_or(&provider.sampler), &parameters);
                provider.decisions.count(decision.sampled);
                sampler_attributes = decision.attributes;
                let new = || if provider.ids.is_random() { RANDOM } else { TraceFlags::default() };
                let flags = remote.map_or_else(new, SpanContext::trace_flags);
                record.parent_span_id = remote.map(SpanContext::span_id);
                (trace_id, flags.with_sampled(decision.sampled), decision.trace_state)
            }
        };
        // Before ids are drawn, for the same reason.
        let is_recorded = flags.is_sampled() || provider.records_all;
        let start_time = match record.given.start_time.take() {
            None if is_recorded => record.anchor.now(&*provider.clock),
            given => given.map_or(0, unix_nano),
        };
        let span_id = new_span_id(provider);
        record.span_context = SpanContext::new(trace_id, span_id, flags, false, trace_state);
        if !matches!(parent, Parent::Local(..)) {
            record.root = span_id;
        }
        if !is_recorded {
            record.start_unsampled();
            return shared;
        }
        let of_type = provider.types.of(self.span_type);
        let message = record.state.get_mut().unwrap_or_else(PoisonError::into_inner).record();
        let head = Head {
            span_context: &record.span_context,
            parent_span_id: record.parent_span_id,
            name: &self.name,
            kind: self.kind.as_ref().map_or(of_type.kind, message::kind),
            start_time,
            end_time: start_time,
        };
        let parent_is_remote = matches!(parent, Parent::Other(it) if it.is_remote());
        message.begin(&head, self.span_type, parent_is_remote);
        if self.writes_type {
            provider.limits.set_type(message, &provider.types, self.span_type);
        }
        if self.span_type == SpanType::Agent && matches!(parent, Parent::Local(..)) {
            roots::lead(record, base);
        }
        if is_plain && sampler_attributes.is_empty() {
            return shared;
        }
        self.furnish(shared, base, sampler_attributes)
    }

    /// Adds to a span that has started what many do not have.
    #[inline(never)]
    fn furnish(
        &mut self,
        mut shared: Arc<Record>,
        base: &Context,
        of_sampler: Vec<(Key, Value)>,
    ) -> Arc<Record> {
        let record = Arc::get_mut(&mut shared).expect(NOT_STARTED);
        let provider = &*record.source.provider;
        let message = record.state.get_mut().unwrap_or_else(PoisonError::into_inner).record();
        let mut set = |key: Key, mut value: Value| provider.limits.set(message, &key, &mut value);
        if !provider.baggage_to_attributes.is_empty() {
            let baggage = context::baggage_of(base);
            for key in &provider.baggage_to_attributes {
                if let Some(value) = baggage.get(key.as_str()) {
                    set(key.clone(), value.into());
                }
            }
        }
        let of_request = Correlation::of(base).into_iter().flat_map(Correlation::attributes);
        let conventions = provider.wording.conventions;
        let of_request = of_request.flat_map(|(key, value)| {
            let also = semconv::also_called(key.as_str(), conventions);
            let also: Vec<_> = also.map(|name| (name.into(), value.clone())).collect();
            [(key, value)].into_iter().chain(also)
        });
        let given = record.given.attributes.drain(..);
        of_request.chain(given).chain(of_sampler).for_each(|(key, value)| set(key, value));
        let links = mem::take(&mut record.given.links);
        record.given.sampler = None;
        #[cfg(feature = "genai")]
        let hooks = self.options.as_mut().map(|options| {
            if let Some(content) = options.typed.content {
                message.set_content(content);
            }
            options.typed.take_hooks()
        });
        if let Some(at_start) = self.options.as_ref().and_then(|options| options.at_start) {
            at_start(&shared);
        }
        for link in links {
            shared.add_link(link, [] as [(Key, Value); 0]);
        }
        #[cfg(feature = "genai")]
        if let Some(hooks) = hooks {
            hooks(&Span::of(shared.clone()));
        }
        if !shared.source.provider.processors.is_empty() {
            let span = Span::of(shared.clone());
            let parent = TraceContext::from(base.clone());
            let provider = &shared.source.provider;
            provider.each_processor(|processor| processor.on_start(&span, &parent));
        }
        shared
    }
}

/// Before its start nobody else refers to a record.
const NOT_STARTED: &str = "a span starts once";

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
