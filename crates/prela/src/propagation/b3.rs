//! Zipkin's B3 fields.
//!
//! Source: [B3 Propagation](https://github.com/openzipkin/b3-propagation).

use super::fields::{Values, both, only, remote};
use super::refused::Refusals;
use super::traceparent::trim;
use super::{Reason, hex};
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// What came in.
pub(super) struct B3 {
    trace_id: TraceId,
    span_id: SpanId,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Denied,
    Accepted,
    /// Sampled, and every service on the way is to sample it too.
    Debug,
}

/// Marks the trace that came in as one to be debugged. A value of the context.
struct Debugged(TraceId);

impl B3 {
    pub(super) fn into_context(self, cx: &Context) -> Context {
        let flags = TraceFlags::default().with_sampled(self.state != State::Denied);
        let span = remote(self.trace_id, self.span_id, flags, TraceState::NONE);
        let cx = cx.with_remote_span_context(span);
        if self.state == State::Debug { cx.with_value(Debugged(self.trace_id)) } else { cx }
    }
}

fn state_of(cx: &Context, span: &SpanContext) -> State {
    if cx.get::<Debugged>().is_some_and(|debugged| debugged.0 == span.trace_id()) {
        State::Debug
    } else if span.is_sampled() {
        State::Accepted
    } else {
        State::Denied
    }
}

pub(super) fn write_single(
    cx: &Context,
    span: Option<&SpanContext>,
    field: &mut dyn FnMut(&'static str, Option<String>),
) {
    let value = |span: &SpanContext| {
        let mut value = hex::format(&span.trace_id().to_bytes());
        value.push('-');
        value.push_str(&hex::format(&span.span_id().to_bytes()));
        value.push_str(match state_of(cx, span) {
            State::Denied => "-0",
            State::Accepted => "-1",
            State::Debug => "-d",
        });
        value
    };
    field(SINGLE, span.map(value));
}

pub(super) fn write_multi(
    cx: &Context,
    span: Option<&SpanContext>,
    field: &mut dyn FnMut(&'static str, Option<String>),
) {
    let state = span.map(|span| state_of(cx, span));
    // The debug flag implies that the trace is sampled, so that is not sent.
    let sampled = match state {
        Some(State::Denied) => Some("0"),
        Some(State::Accepted) => Some("1"),
        Some(State::Debug) | None => None,
    };
    field(TRACE_ID, span.map(|span| hex::format(&span.trace_id().to_bytes())));
    field(SPAN_ID, span.map(|span| hex::format(&span.span_id().to_bytes())));
    field(SAMPLED, sampled.map(str::to_owned));
    field(FLAGS, (state == Some(State::Debug)).then(|| "1".to_owned()));
}

/// Reads the single field or, without a usable one, the others.
pub(super) fn read(values: Values<'_>, refused: &mut Refusals) -> Option<B3> {
    only(SINGLE, values, refused, parse).flatten().or_else(|| read_multi(values, refused))
}

/// Parses the single field. None if it is a sampling state without ids, which is valid but is about no trace.
fn parse(value: &[u8]) -> Result<Option<B3>, Reason> {
    let mut fields = trim(value).split(|byte| *byte == b'-');
    let first = fields.next().unwrap_or_default();
    let Some(span_id) = fields.next() else {
        return parse_state(first).map(|_| None);
    };
    let trace_id = parse_trace_id(first)?;
    let span_id = parse_span_id(span_id)?;
    // The parent's id may follow, of which only the sender makes use.
    let state = fields.next().map_or(Ok(State::Accepted), parse_state)?;
    fields.next().map_or(Ok(()), |parent_id| parse_span_id(parent_id).map(|_| ()))?;
    if fields.next().is_some() {
        return Err(Reason::Length);
    }
    Ok(Some(B3 { trace_id, span_id, state }))
}

fn read_multi(values: Values<'_>, refused: &mut Refusals) -> Option<B3> {
    let trace_id = only(TRACE_ID, values, refused, |value| parse_trace_id(trim(value)));
    let span_id = only(SPAN_ID, values, refused, |value| parse_span_id(trim(value)));
    let sampled = only(SAMPLED, values, refused, |value| match trim(value) {
        b"true" => Ok(State::Accepted),
        b"false" => Ok(State::Denied),
        value => parse_state(value),
    });
    let flags = only(FLAGS, values, refused, |value| Ok(trim(value) == b"1"));
    let state = if flags == Some(true) { State::Debug } else { sampled.unwrap_or(State::Accepted) };
    let (trace_id, span_id) = both((TRACE_ID, trace_id), (SPAN_ID, span_id), refused)?;
    Some(B3 { trace_id, span_id, state })
}

/// Parses 32 digits, or 16 as the low half of an id.
fn parse_trace_id(digits: &[u8]) -> Result<TraceId, Reason> {
    let id = match digits.len() {
        32 => hex::parse(digits).map(TraceId::from_bytes),
        16 => {
            hex::parse(digits).map(|id: [u8; 8]| TraceId::from(u128::from(u64::from_be_bytes(id))))
        }
        _ => return Err(Reason::Length),
    };
    id.ok_or(Reason::NotHex)
        .and_then(|id| if id == TraceId::INVALID { Err(Reason::ZeroId) } else { Ok(id) })
}

fn parse_span_id(digits: &[u8]) -> Result<SpanId, Reason> {
    if digits.len() != 16 {
        return Err(Reason::Length);
    }
    let id = hex::parse(digits).map(SpanId::from_bytes).ok_or(Reason::NotHex)?;
    if id == SpanId::INVALID { Err(Reason::ZeroId) } else { Ok(id) }
}

fn parse_state(digit: &[u8]) -> Result<State, Reason> {
    match digit {
        b"0" => Ok(State::Denied),
        b"1" => Ok(State::Accepted),
        b"d" => Ok(State::Debug),
        _ => Err(Reason::Grammar),
    }
}
