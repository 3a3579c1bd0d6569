//! Which formats are written and read.

use super::fields::{Values, only, remote};
use super::refused::Refusals;
use super::{
    Extracted, Extractor, Injector, Reason, b3, baggage, legacy_ids, traceparent, tracestate,
};
use crate::TraceContext;
use crate::context::baggage_of;
use crate::span::calls;
use crate::value::Baggage;
use crate::value::BaggageBuilder;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceState};
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// A format in which a context travels. More may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// W3C Trace Context Level 2: `traceparent` and `tracestate`.
    TraceContext,
    /// W3C Baggage: `baggage`, of at most 64 entries and 8192 bytes. An entry that does not fit is left
    /// out as a whole.
    Baggage,
    /// Zipkin's single field `b3`. Read: that field or, without it, those of [`Format::B3Multi`].
    ///
    /// A missing sampling state, which leaves the decision to the receiver, is read as sampled.
    B3,
    /// Zipkin's fields `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled` and `x-b3-flags`. Read: as
    /// [`Format::B3`].
    B3Multi,
    /// `x-trace-id` and `x-span-id`, as Prela for Python writes them: UUIDs, with or without hyphens.
    ///
    /// Written as 32 and 16 hex digits, and only for a sampled trace: they cannot say that it is not.
    /// Of a span id of 32 digits only the first 16 are read, as Prela for Python exports only these.
    LegacyIds,
}

impl Format {
    pub(super) const ALL: [Self; 5] =
        [Self::TraceContext, Self::Baggage, Self::B3, Self::B3Multi, Self::LegacyIds];
}

/// Writes and reads contexts in some formats: by default [`Format::TraceContext`] and [`Format::Baggage`].
///
/// If several formats hold a trace, the first usable one in the order of [`Format`] wins.
///
/// [`inject`](crate::inject) and [`extract`](crate::extract) use the one of the global instance; see
/// [`Builder::propagator`](crate::Builder::propagator). Another one can be used beside it:
///
/// ```
/// use prela::propagation::{Format, Propagator};
///
/// let propagator = Propagator::default().with(Format::LegacyIds);
/// let caller = propagator.extract(&[
///     ("X-Trace-ID", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"),
///     ("X-Span-ID", "00f067aa-0ba9-02b7-8a3c-1d5e6f708192"),
/// ]);
/// assert_eq!(caller.span_id().unwrap().to_string(), "00f067aa0ba902b7");
/// ```
///
/// It is also OpenTelemetry's `TextMapPropagator`, for libraries that use the global one. Prela does not
/// install it there by itself:
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// prela::opentelemetry::global::set_text_map_propagator(prela.propagator());
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Propagator {
    /// One bit for each [`Format`].
    pub(super) formats: u8,
}

impl Propagator {
    /// A propagator without formats: nothing is written and nothing is read.
    pub const fn none() -> Self {
        Self { formats: 0 }
    }

    /// The one that [`inject`](crate::inject) and [`extract`](crate::extract) use now.
    pub fn global() -> Self {
        Self { formats: GLOBAL.load(Ordering::Relaxed) }
    }

    pub(crate) fn make_global(self) {
        GLOBAL.store(self.formats, Ordering::Relaxed);
    }

    /// Adds a format.
    #[must_use]
    pub const fn with(self, format: Format) -> Self {
        Self { formats: self.formats | 1 << format as u8 }
    }

    /// Leaves a format out.
    #[must_use]
    pub const fn without(self, format: Format) -> Self {
        Self { formats: self.formats & !(1 << format as u8) }
    }

    const fn has(self, format: Format) -> bool {
        self.formats & 1 << format as u8 != 0
    }

    /// Writes a context into a carrier, as [`inject`](crate::inject) does with the current one.
    pub fn inject<C: Injector + ?Sized>(&self, cx: &TraceContext, carrier: &mut C) {
        self.write(cx.without_baggage(), || cx.baggage(), &mut |name, value| match value {
            Some(value) => carrier.set(name, value),
            None => carrier.remove(name),
        });
    }

    /// Reads the context that a carrier holds, as [`extract`](crate::extract) does.
    pub fn extract<C: Extractor + ?Sized>(&self, carrier: &C) -> TraceContext {
        self.extract_report(carrier).context
    }

    /// Does what [`Propagator::extract`] does, and says what it could not use.
    pub fn extract_report<C: Extractor + ?Sized>(&self, carrier: &C) -> Extracted {
        let mut refused = Refusals::default();
        let read = |name: &str, each: &mut dyn FnMut(&[u8])| carrier.values(name, each);
        let (cx, baggage) = self.read(&Context::new(), &read, &mut refused);
        let context = TraceContext::received(cx, baggage);
        Extracted { context, refused: refused.into_vec() }
    }

    /// Calls `field` with each field and its value; none: the field is to be removed.
    pub(super) fn write(
        &self,
        cx: &Context,
        baggage: impl FnOnce() -> Baggage,
        field: &mut dyn FnMut(&'static str, Option<String>),
    ) {
        calls::note_sent(cx);
        let span = cx.span();
        let span = Some(span.span_context()).filter(|span| span.is_valid());
        if self.has(Format::TraceContext) {
            let ids = |span: &SpanContext| {
                traceparent::format(span.trace_id(), span.span_id(), tracestate::flags(cx, span))
            };
            field(traceparent::HEADER, span.map(ids));
            field(tracestate::HEADER, span.and_then(|span| tracestate::format(cx, span)));
        }
        if self.has(Format::B3) {
            b3::write_single(cx, span, field);
        }
        if self.has(Format::B3Multi) {
            b3::write_multi(cx, span, field);
        }
        if self.has(Format::LegacyIds) {
            legacy_ids::write(span.filter(|span| span.is_sampled()), field);
        }
        if self.has(Format::Baggage) {
            field(baggage::HEADER, baggage().encoded());
        }
    }

    /// Reads what a carrier holds into a context: its trace replaces the context's, its entries of baggage are
    /// added. What the carrier does not hold stays as it is.
    pub(super) fn read(
        &self,
        cx: &Context,
        values: Values<'_>,
        refused: &mut Refusals,
    ) -> (Context, Option<Baggage>) {
        let mut cx = cx.clone();
        let is_traced = self.has(Format::TraceContext) && {
            let remote = read_trace_context(values, refused);
            remote
                .map(|(span, remote)| cx = cx.with_value(remote).with_remote_span_context(span))
                .is_some()
        };
        if !is_traced {
            let reads_b3 = self.has(Format::B3) || self.has(Format::B3Multi);
            if let Some(b3) = reads_b3.then(|| b3::read(values, refused)).flatten() {
                cx = b3.into_context(&cx);
            } else if self.has(Format::LegacyIds)
                && let Some((trace_id, span_id, flags)) = legacy_ids::read(values, refused)
            {
                cx =
                    cx.with_remote_span_context(remote(trace_id, span_id, flags, TraceState::NONE));
            }
        }
        let mut baggage: Option<BaggageBuilder> = None;
        if self.has(Format::Baggage) {
            values(baggage::HEADER, &mut |field| {
                let baggage = baggage.get_or_insert_with(|| BaggageBuilder::from(&baggage_of(&cx)));
                baggage::read(baggage, field, refused);
            });
        }
        (cx, baggage.map(BaggageBuilder::build))
    }
}

impl Default for Propagator {
    fn default() -> Self {
        W3C
    }
}

const W3C: Propagator = Propagator::none().with(Format::TraceContext).with(Format::Baggage);

/// The formats of the global instance. They stay when it is shut down: a service that records nothing
/// any more still passes its callers' traces on.
static GLOBAL: AtomicU8 = AtomicU8::new(W3C.formats);

impl fmt::Debug for Propagator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Propagator")?;
        f.debug_set().entries(Format::ALL.iter().filter(|format| self.has(**format))).finish()
    }
}

fn read_trace_context(
    values: Values<'_>,
    refused: &mut Refusals,
) -> Option<(SpanContext, tracestate::Remote)> {
    let ids = only(traceparent::HEADER, values, refused, traceparent::parse);
    let mut members = Ok(tracestate::Members::default());
    let mut has_state = false;
    values(tracestate::HEADER, &mut |field| {
        has_state = true;
        if let Ok(list) = &mut members
            && let Err(reason) = list.read(field)
        {
            members = Err(reason);
        }
    });
    let Some((trace_id, span_id, flags)) = ids else {
        if has_state {
            refused.add(tracestate::HEADER, Reason::Alone);
        }
        return None;
    };
    // A list that breaks the rules is dropped; the trace goes on.
    let members = members.unwrap_or_else(|reason| {
        refused.add(tracestate::HEADER, reason);
        tracestate::Members::default()
    });
    let (side, state) = tracestate::Remote::new(trace_id, flags, members);
    Some((remote(trace_id, span_id, flags, state), side))
}
