//! The `traceparent` header: trace id, parent id and flags.
//!
//! Source: [Trace Context Level 2, traceparent](https://www.w3.org/TR/trace-context-2/#traceparent-header).

use super::{Reason, hex};
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};

pub(super) const HEADER: &str = "traceparent";

/// The trace id is random in its low 56 bits: `TraceFlags` has no name for it.
pub(super) const RANDOM: TraceFlags = TraceFlags::new(0x02);

const LEN: usize = 55;

/// Reads a header value: `version-traceid-parentid-flags` in lower-case hex, by position, so that
/// nothing a number parser forgives gets through.
///
/// A version above `00` is read as `00`, and what follows its flags after a dash is ignored. Of the
/// flags, `sampled` and `random` are kept.
pub(super) fn parse(value: &[u8]) -> Result<(TraceId, SpanId, TraceFlags), Reason> {
    let value = trim(value);
    read(value).map_err(|reason| if is_text(value) { reason } else { Reason::NotText })
}

fn read(value: &[u8]) -> Result<(TraceId, SpanId, TraceFlags), Reason> {
    let Some((fields, rest)) = value.split_first_chunk::<LEN>() else {
        return Err(Reason::Length);
    };
    if [fields[2], fields[35], fields[52]] != *b"---" {
        return Err(Reason::NotHex);
    }
    let [version] = hex::parse(&fields[..2]).ok_or(Reason::NotHex)?;
    let trace_id = TraceId::from_bytes(hex::parse(&fields[3..35]).ok_or(Reason::NotHex)?);
    let span_id = SpanId::from_bytes(hex::parse(&fields[36..52]).ok_or(Reason::NotHex)?);
    let [flags] = hex::parse(&fields[53..]).ok_or(Reason::NotHex)?;
    match (version, rest) {
        (0xff, _) => return Err(Reason::Version),
        (_, []) => {}
        (0, _) => return Err(Reason::Length),
        (_, [b'-', rest @ ..]) if is_text(rest) => {}
        _ => return Err(Reason::NotHex),
    }
    if trace_id == TraceId::INVALID || span_id == SpanId::INVALID {
        return Err(Reason::ZeroId);
    }
    Ok((trace_id, span_id, TraceFlags::new(flags) & (TraceFlags::SAMPLED | RANDOM)))
}

fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Writes a header value of version `00`.
pub(super) fn format(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> String {
    let mut value = *b"00-00000000000000000000000000000000-0000000000000000-00";
    hex::write(&mut value[3..35], &trace_id.to_bytes());
    hex::write(&mut value[36..52], &span_id.to_bytes());
    hex::write(&mut value[53..], &[(flags & (TraceFlags::SAMPLED | RANDOM)).to_u8()]);
    hex::text(&value)
}

/// Cuts optional whitespace at either end, which is no part of a field's value.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
