//! The third phase of a start: writing the head of the message, and what else there is at the start.

use super::decision::{Decision, RANDOM};
use super::new_span::{Early, NewSpan};
use super::pool::{Blank, give_back_message};
use super::record::{Phase, Record, SharedRecord};
use super::roots;
use crate::clock::{Anchor, unix_nano};
use crate::context::{self, Correlation, Origin};
use crate::span::message::{ChildHead, Head, kind};
use crate::{SpanType, Value, semconv};
use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{Context, Key};

impl NewSpan {
    /// Starts the record of a child whose parent is recorded in this process, in one piece. Nothing in the
    /// context concerns it.
    #[inline(always)]
    pub(super) fn start_child(&mut self, blank: Blank, parent: &Origin) -> SharedRecord {
        if !blank.provider().admits_type() || self.name.len() >= ChildHead::LONGEST_NAME {
            return self.write_head(blank, Decision::inherited(parent, TraceState::NONE), None);
        }
        let record = blank.start(|record, mut message| {
            let provider = &*record.source.provider;
            // The clock is read before ids are drawn: it notices a fork.
            let start_time = match self.start_time {
                None => parent.anchor.now(&provider.clock),
                Some(start_time) => unix_nano(start_time),
            };
            let span_id = provider.ids.new_span_id();
            let Origin { trace_id, flags, .. } = *parent;
            let of_type = self.type_attributes(provider);
            let head = ChildHead {
                trace_id,
                span_id,
                parent_span_id: parent.span_id,
                name: &self.name,
                kind: self.kind.as_ref().map_or(of_type.kind, kind),
                start_time,
                flags,
                span_type: self.span_type,
            };
            let limits = &provider.limits;
            if self.early == Early::Written {
                message.complete_child(&head);
            } else {
                message.begin_child(&head, of_type, limits.attributes, limits.longest_text());
            }
            record.span_context =
                SpanContext::new(trace_id, span_id, flags, false, TraceState::NONE);
            record.parent_span_id = Some(parent.span_id);
            record.origin = Origin { span_id, ..*parent };
            record.state_mut().phase = Phase::Recording(message);
        });
        if self.span_type == SpanType::Agent {
            roots::lead(&record, None);
        }
        if self.has_details {
            self.write_more(&record, Vec::new(), None);
        }
        record
    }

    /// Starts the record of the first span of a trace that is recorded without asking any sampler.
    pub(super) fn start_root(&mut self, blank: Blank) -> SharedRecord {
        blank.start(|record, mut message| {
            let provider = &*record.source.provider;
            // The clock is read before ids are drawn: it notices a fork.
            let (anchor, start_time) = Anchor::read_now(&provider.clock);
            let (trace_id, span_id) = (provider.ids.new_trace_id(), provider.ids.new_span_id());
            let flags = RANDOM.with_sampled(true);
            record.span_context =
                SpanContext::new(trace_id, span_id, flags, false, TraceState::NONE);
            record.parent_span_id = None;
            record.origin = Origin {
                instance: provider.id,
                trace_id,
                span_id,
                root: span_id,
                flags,
                is_plain: true,
                anchor,
            };
            let of_type = self.type_attributes(provider);
            let head = Head {
                span_context: &record.span_context,
                parent_span_id: None,
                name: &self.name,
                kind: self.kind.as_ref().map_or(of_type.kind, kind),
                start_time,
                end_time: start_time,
            };
            let limits = &provider.limits;
            if self.early == Early::Written {
                message.complete(&head, self.span_type, false);
            } else {
                let (most, longest) = (limits.attributes, limits.longest_text());
                message.begin(&head, self.span_type, false, most, longest);
                message.set_type(of_type);
            }
            record.state_mut().phase = Phase::Recording(message);
        })
    }

    /// Starts the span's record as decided.
    ///
    /// `base` is the context for baggage, correlation and processors; none if these have nothing to do with
    /// the span.
    pub(super) fn write_head(
        &mut self,
        blank: Blank,
        decision: Decision,
        base: Option<&Context>,
    ) -> SharedRecord {
        let provider = blank.provider();
        let is_recorded = decision.flags.is_sampled() || provider.records_all;
        let concerns = |cx: &Context| provider.shows_context || Correlation::of(cx).is_some();
        let has_more =
            self.has_details || !decision.attributes.is_empty() || base.is_some_and(concerns);
        let Decision { trace_id, flags, trace_state, attributes: of_sampler, .. } = decision;
        let Decision { parent_span_id, parent_is_remote, root, anchor, .. } = decision;
        let record = blank.start(|record, mut message| {
            let provider = &*record.source.provider;
            record.parent_span_id = parent_span_id;
            // The clock is read before ids are drawn: it notices a fork.
            let start_time = match self.start_time {
                None if is_recorded => anchor.now(&provider.clock),
                start_time => start_time.map_or(0, unix_nano),
            };
            let span_id = provider.ids.new_span_id();
            let root = root.unwrap_or(span_id);
            let is_plain = trace_state == TraceState::NONE;
            record.origin =
                Origin { instance: provider.id, trace_id, span_id, root, flags, is_plain, anchor };
            record.span_context = SpanContext::new(trace_id, span_id, flags, false, trace_state);
            if !is_recorded {
                record.state_mut().phase = Phase::Unsampled;
                message.trim();
                return give_back_message(Some(message));
            }
            let of_type = provider.types.of(self.span_type);
            let head = Head {
                span_context: &record.span_context,
                parent_span_id,
                name: &self.name,
                kind: self.kind.as_ref().map_or(of_type.kind, kind),
                start_time,
                end_time: start_time,
            };
            let limits = &provider.limits;
            if self.early == Early::Written {
                message.complete(&head, self.span_type, parent_is_remote);
            } else {
                let (most, longest) = (limits.attributes, limits.longest_text());
                message.begin(&head, self.span_type, parent_is_remote, most, longest);
                if !self.omits_type {
                    limits.set_type(&mut message, &provider.types, self.span_type);
                }
            }
            record.state_mut().phase = Phase::Recording(message);
        });
        if self.span_type == SpanType::Agent && root.is_some() && is_recorded {
            roots::lead(&record, base);
        }
        if has_more {
            self.write_more(&record, of_sampler, base);
        }
        record
    }

    /// Writes what few spans have at their start, and runs the hooks for it.
    #[inline(never)]
    fn write_more(
        &mut self,
        record: &SharedRecord,
        of_sampler: Vec<(Key, Value)>,
        base: Option<&Context>,
    ) {
        if record.is_recording() {
            self.write_attributes(record, of_sampler, base);
            if let Some(measure) = self.options().and_then(|options| options.measure) {
                record.state().at_end = Some(measure());
            }
            #[cfg(feature = "genai")]
            let hooks = self.options_mut().map(|options| {
                if let Some(content) = options.typed.content {
                    record.with(|message| message.set_content(content));
                }
                options.typed.take_hooks()
            });
            for link in self.given_mut().into_iter().flat_map(|details| details.links.drain(..)) {
                record.add_link(link, [] as [(Key, Value); 0]);
            }
            #[cfg(feature = "genai")]
            if let Some(hooks) = hooks {
                hooks(record);
            }
            if let Some(base) = base {
                if let Some(watch) = &record.source.provider.watch {
                    watch.on_start(record, base);
                }
                record.source.provider.with_hooks(|hooks| hooks.on_start(record, base));
            }
        }
    }

    /// Writes attributes, the more specific ones last: of baggage, of request and session, the builder's,
    /// the sampler's.
    fn write_attributes(
        &mut self,
        record: &Record,
        of_sampler: Vec<(Key, Value)>,
        base: Option<&Context>,
    ) {
        let provider = &record.source.provider;
        let correlation = base.and_then(Correlation::of);
        let precedes_builder = correlation.is_some() || !provider.baggage_to_attributes.is_empty();
        let of_type = self.type_attributes(provider);
        let conventions = provider.wording.conventions;
        let early = self.early;
        let of_details = self.given_mut().into_iter().flat_map(|it| it.attributes.drain(..));
        // One lock for all: no user code runs here.
        record.with(|message| {
            let is_first = early == Early::Written && precedes_builder;
            let of_builder = if is_first { message.take_attributes(of_type) } else { Vec::new() };
            let mut set =
                |key: Key, mut value: Value| provider.limits.set(message, key.as_str(), &mut value);
            if let Some(base) = base.filter(|_| !provider.baggage_to_attributes.is_empty()) {
                let baggage = context::baggage_of(base);
                for key in &provider.baggage_to_attributes {
                    if let Some(value) = baggage.get(key.as_str()) {
                        set(key.clone(), value.into());
                    }
                }
            }
            let of_request = correlation.into_iter().flat_map(Correlation::attributes);
            let of_request = of_request.flat_map(|(key, value)| {
                let also = semconv::also_called(key.as_str(), conventions);
                let also: Vec<_> = also.map(|name| (name.into(), value.clone())).collect();
                [(key, value)].into_iter().chain(also)
            });
            let all = of_request.chain(of_builder).chain(of_details).chain(of_sampler);
            all.for_each(|(key, value)| set(key, value));
        });
    }
}
