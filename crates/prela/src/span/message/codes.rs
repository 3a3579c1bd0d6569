//! The numbers that stand for flags, kinds and statuses.

use super::data::SpanData;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags};

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`: the next bit is known.
const HAS_IS_REMOTE: u32 = 0x100;
/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
const IS_REMOTE: u32 = 0x200;

/// The flags of a span or link: those of its trace, and whether `remote`.
pub(crate) fn flags(context: &SpanContext, remote: bool) -> u32 {
    local_flags(context.trace_flags()) | if remote { IS_REMOTE } else { 0 }
}

/// The flags of a span whose parent is in this process.
#[inline]
pub(super) fn local_flags(flags: TraceFlags) -> u32 {
    u32::from(flags.to_u8()) | HAS_IS_REMOTE
}

/// Whether these flags say "remote".
pub(super) fn is_remote(flags: u32) -> bool {
    flags & (HAS_IS_REMOTE | IS_REMOTE) == HAS_IS_REMOTE | IS_REMOTE
}

/// Sets the sampled flag in a complete message, whose last field is its flags.
pub(super) fn set_sampled(message: &mut [u8]) {
    if let Some([flags, ..]) = message.last_chunk_mut::<4>() {
        *flags |= TraceFlags::SAMPLED.to_u8();
    }
}

/// The parent's id, unless it is the all-zero id, which means none.
pub(crate) fn parent(span: &SpanData) -> Option<SpanId> {
    span.parent_span_id.filter(|id| *id != SpanId::INVALID)
}

/// The number of a `SpanKind`.
pub(crate) fn kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// The `SpanKind` with this number.
pub(super) fn kind_of(number: i64) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// The number of a `StatusCode`, and the status message.
pub(crate) fn status(status: &Status) -> (u8, &str) {
    match status {
        Status::Unset => (0, ""),
        Status::Ok => (1, ""),
        Status::Error { description } => (2, description),
    }
}

/// The status with this number and message.
pub(super) fn status_of(code: i64, description: String) -> Status {
    match code {
        1 => Status::Ok,
        2 => Status::error(description),
        _ => Status::Unset,
    }
}
