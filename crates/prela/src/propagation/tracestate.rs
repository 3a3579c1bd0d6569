//! The `tracestate` header: what each tracing system on the way wants to carry.
//!
//! `opentelemetry`'s `TraceState` cannot hold every list that Level 2 allows, and an unsampled span of
//! another SDK forgets the `random` flag. So what came in is remembered in the context, beside the span.
//!
//! Source: [Trace Context Level 2, tracestate](https://www.w3.org/TR/trace-context-2/#tracestate-header).

use super::Reason;
use super::traceparent::{RANDOM, trim};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceFlags, TraceId, TraceState};

pub(super) const HEADER: &str = "tracestate";

const MAX_MEMBERS: usize = 32;
/// The longest key, and the longest value.
const MAX_LEN: usize = 256;

/// A list of members in its shortest form, as one header value.
///
/// A valid list is kept whole, whatever its length: the specification sets a minimum and no maximum, and 32
/// members bound it.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<u8>,
    count: usize,
}

impl Members {
    /// Reads one field; several fields are one list. A key that is there already is left out.
    pub(super) fn read(&mut self, field: &[u8]) -> Result<(), Reason> {
        self.list.reserve(field.len() + 1);
        let mut rest = field;
        loop {
            // Empty members are passed over.
            while let [b' ' | b'\t' | b',', after @ ..] = rest {
                rest = after;
            }
            if rest.is_empty() {
                return Ok(());
            }
            let Some((key, member, after)) = take_member(rest) else {
                let member = rest.split(|byte| *byte == b',').next().map(trim).unwrap_or_default();
                let is_text = member.iter().all(|byte| matches!(byte, b' '..=b'~'));
                return Err(if is_text { Reason::Grammar } else { Reason::NotText });
            };
            rest = after;
            self.count += 1;
            if self.count > MAX_MEMBERS {
                return Err(Reason::TooManyMembers);
            }
            // The left-most is the newest.
            let mut others = self.list.split(|byte| *byte == b',');
            if !others.any(|other| other.starts_with(key)) {
                if !self.list.is_empty() {
                    self.list.push(b',');
                }
                self.list.extend_from_slice(member);
            }
        }
    }
}

/// The first member of a list: its key with the `=`, the whole of it, and the rest of the list, which
/// begins with a comma or is empty. None if it breaks the grammar.
fn take_member(list: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let ends = |class: u8| move |byte: &u8| CLASSES[usize::from(*byte)] & class == 0;
    let equals = list.iter().position(ends(KEY)).filter(|at| list[*at] == b'=')?;
    let (key, value) = (&list[..equals], &list[equals + 1..]);
    let end = value.iter().position(ends(VALUE)).unwrap_or(value.len());
    let (value, rest) = value.split_at(end);
    // Spaces before a comma are not part of the value; those at its beginning are.
    let value = value.trim_ascii_end();
    let rest = trim(rest);
    let is_first = |byte: &u8| CLASSES[usize::from(*byte)] & FIRST != 0;
    let is_member = key.first().is_some_and(is_first)
        && key.len() <= MAX_LEN
        && (1..=MAX_LEN).contains(&value.len())
        && matches!(rest, [] | [b',', ..]);
    is_member.then(|| (&list[..=equals], &list[..equals + 1 + value.len()], rest))
}

/// The remote side of a trace, as it came in. A value of the context.
#[derive(Debug)]
pub(super) struct Remote {
    trace_id: TraceId,
    is_random: bool,
    list: String,
    /// The members that OpenTelemetry's type cannot hold, one bit each.
    beyond: u32,
}

impl Remote {
    /// The list as it came in, and as much of it as OpenTelemetry's type can hold.
    pub(super) fn new(
        trace_id: TraceId,
        flags: TraceFlags,
        members: Members,
    ) -> (Self, TraceState) {
        // All of it was looked at, and is ASCII.
        let list = String::from_utf8(members.list).unwrap_or_default();
        let mut beyond = 0;
        let state = TraceState::from_key_value(pairs(&list)).unwrap_or_else(|_| {
            let known = pairs(&list).enumerate().filter(|(i, pair)| {
                let is_known = TraceState::from_key_value([*pair]).is_ok();
                beyond |= u32::from(!is_known) << i;
                is_known
            });
            TraceState::from_key_value(known.map(|(_, pair)| pair)).unwrap_or_default()
        });
        (Self { trace_id, is_random: flags & RANDOM == RANDOM, list, beyond }, state)
    }

    /// What came in with the trace of this span; none if the trace began here.
    fn of<'a>(cx: &'a Context, span: &SpanContext) -> Option<&'a Self> {
        cx.get::<Self>().filter(|remote| remote.trace_id == span.trace_id())
    }

    /// The members, and whether OpenTelemetry's type can hold them.
    fn members(&self) -> impl Iterator<Item = ((&str, &str), bool)> {
        pairs(&self.list).enumerate().map(|(i, pair)| (pair, self.beyond & 1 << i == 0))
    }

    /// Whether the list was not changed on the way.
    fn is_as_in(&self, state: &TraceState) -> bool {
        if self.beyond != 0 {
            let held = self.members().filter(|(_, is_held)| *is_held).map(|(pair, _)| pair);
            return held.eq(state);
        }
        // Compares text with text, in one pass.
        let mut rest = Some(self.list.as_str());
        for (i, (key, value)) in state.into_iter().enumerate() {
            rest = rest.and_then(|rest| {
                let rest = if i == 0 { rest } else { rest.strip_prefix(',')? };
                rest.strip_prefix(key)?.strip_prefix('=')?.strip_prefix(value)
            });
        }
        rest.is_some_and(str::is_empty)
    }
}

/// The flags to send for the span of this context.
pub(super) fn flags(cx: &Context, span: &SpanContext) -> TraceFlags {
    match Remote::of(cx, span) {
        Some(Remote { is_random: true, .. }) => span.trace_flags() | RANDOM,
        Some(_) => span.trace_flags() & TraceFlags::SAMPLED,
        None => span.trace_flags(),
    }
}

/// The header value for the span of this context; none if there is nothing to say.
pub(super) fn format(cx: &Context, span: &SpanContext) -> Option<String> {
    let state = span.trace_state();
    let list = match Remote::of(cx, span) {
        Some(remote) if remote.is_as_in(state) => remote.list.clone(),
        remote if *state != TraceState::NONE || remote.is_some() => merged(state, remote),
        _ => String::new(),
    };
    Some(list).filter(|list| !list.is_empty())
}

/// A list that was changed on the way: what is new or has a new value comes first, then what came in.
fn merged(state: &TraceState, remote: Option<&Remote>) -> String {
    let before = || remote.into_iter().flat_map(Remote::members);
    let mut list = String::new();
    let changed = state.into_iter().filter(|pair| !before().any(|(old, _)| old == *pair));
    // OpenTelemetry's type is more lenient than the header.
    for (key, value) in changed.filter(|(key, value)| is_member(key, value)) {
        push(&mut list, key, value);
    }
    for ((key, value), could_be_deleted) in before() {
        if !could_be_deleted || state.get(key).is_some() {
            push(&mut list, key, value);
        }
    }
    if let Some((end, _)) = list.match_indices(',').nth(MAX_MEMBERS - 1) {
        list.truncate(end);
    }
    list
}

/// Adds a member, unless its key is there already: the left-most is the newest.
fn push(list: &mut String, key: &str, value: &str) {
    if pairs(list).any(|(known, _)| known == key) {
        return;
    }
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(key);
    list.push('=');
    list.push_str(value);
}

fn pairs(list: &str) -> impl Iterator<Item = (&str, &str)> {
    // Bytes are searched for faster than characters.
    let members = list.as_bytes().split(|byte| *byte == b',');
    let starts = members
        .scan(0, |next, member| Some((std::mem::replace(next, *next + member.len() + 1), member)));
    starts.filter_map(|(start, member)| {
        let equals = start + member.iter().position(|byte| *byte == b'=')?;
        Some((&list[start..equals], &list[equals + 1..start + member.len()]))
    })
}

/// Whether this is a member as the header may have it.
fn is_member(key: &str, value: &str) -> bool {
    let member = format!("{key}={value}");
    let taken = take_member(member.as_bytes());
    taken.is_some_and(|(_, taken, _)| taken == member.as_bytes())
}

/// What a byte may be part of, one bit each.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        let is_first = byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut class = if is_first { FIRST | KEY } else { 0 };
        if matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@') {
            class |= KEY;
        }
        if !matches!(byte, b',' | b'=') {
            class |= VALUE;
        }
        classes[byte as usize] = class;
        byte += 1;
    }
    classes
};

/// A letter or digit, with which a key begins.
const FIRST: u8 = 1;
/// A letter, a digit, or one of `_-*/@`: Level 2 no longer asks where `@` is.
const KEY: u8 = 2;
/// Printable ASCII without `,` and `=`.
const VALUE: u8 = 4;
