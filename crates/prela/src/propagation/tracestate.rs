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

/// A list of members in its shortest form, as one header value.
///
/// All of a valid list is kept, whatever its length: the specification names a least, not a most, and
/// 32 members bound it.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: String,
    count: usize,
}

impl Members {
    /// Reads one field; several fields are one list. A key that is there already is left out.
    pub(super) fn read(&mut self, field: &[u8]) -> Result<(), Reason> {
        for member in
            field.split(|byte| *byte == b',').map(trim).filter(|member| !member.is_empty())
        {
            if !member.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                return Err(Reason::NotText);
            }
            // ASCII is UTF-8.
            let member = std::str::from_utf8(member).map_err(|_| Reason::NotText)?;
            let (key, value) = member.split_once('=').ok_or(Reason::Grammar)?;
            if !is_key(key) || !is_value(value) {
                return Err(Reason::Grammar);
            }
            self.count += 1;
            if self.count > MAX_MEMBERS {
                return Err(Reason::TooManyMembers);
            }
            push(&mut self.list, key, value);
        }
        Ok(())
    }
}

/// The remote side of a trace, as it came in. A value of the context.
#[derive(Debug)]
pub(super) struct Remote {
    trace_id: TraceId,
    is_random: bool,
    list: String,
    /// As much of the list as OpenTelemetry's type can hold.
    state: TraceState,
}

impl Remote {
    pub(super) fn new(trace_id: TraceId, flags: TraceFlags, members: Members) -> Self {
        let Members { list, .. } = members;
        let state = TraceState::from_key_value(pairs(&list)).unwrap_or_else(|_| {
            let known = |pair: &(&str, &str)| TraceState::from_key_value([*pair]).is_ok();
            TraceState::from_key_value(pairs(&list).filter(known)).unwrap_or_default()
        });
        Self { trace_id, is_random: flags & RANDOM == RANDOM, list, state }
    }

    pub(super) fn state(&self) -> &TraceState {
        &self.state
    }

    /// What came in with the trace of this span; none if the trace began here.
    fn of<'a>(cx: &'a Context, span: &SpanContext) -> Option<&'a Self> {
        cx.get::<Self>().filter(|remote| remote.trace_id == span.trace_id())
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
        Some(remote) if remote.state == *state => remote.list.clone(),
        remote if *state != TraceState::NONE || remote.is_some() => merged(state, remote),
        _ => String::new(),
    };
    Some(list).filter(|list| !list.is_empty())
}

/// A list that was changed on the way: what is new or has a new value comes first, then what came in.
fn merged(state: &TraceState, remote: Option<&Remote>) -> String {
    let now = state.header();
    let before = remote.map_or("", |remote| remote.list.as_str());
    let mut list = String::with_capacity(now.len() + before.len() + 1);
    let changed = pairs(&now).filter(|pair| !pairs(before).any(|old| old == *pair));
    // OpenTelemetry's type is more lenient than the header.
    for (key, value) in changed.filter(|(key, value)| is_key(key) && is_value(value)) {
        push(&mut list, key, value);
    }
    for (key, value) in pairs(before) {
        let could_be_deleted = remote.is_some_and(|remote| remote.state.get(key).is_some());
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
    list.split(',').filter_map(|member| member.split_once('='))
}

/// Level 2: a letter or digit, then up to 255 of letters, digits and `_-*/@`.
fn is_key(key: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= 256
        && key.bytes().next().is_some_and(is_first)
        && key.bytes().all(|byte| is_first(byte) || b"_-*/@".contains(&byte))
}

/// Up to 256 printable ASCII characters without `,` and `=`, the last not a space.
fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && !value.ends_with(' ')
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=')
}
