//! Calls that an instance makes to itself: client and server in one process.
//!
//! The server's span then has a remote parent, whose context came with the request, but which is a span of
//! the same instance. The console prints both as one tree. Nobody else asks, so nothing is noted until
//! there is a console.

use super::context_span::record_of;
use super::instances::Parent;
use super::record::Record;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static IS_WATCHED: AtomicBool = AtomicBool::new(false);
/// Spans whose context was injected into a carrier, each with its instance.
static SENT: Notes = Notes([const { AtomicU64::new(0) }; PLACES]);
/// Spans that have one of those as their parent, each with its trace.
static RECEIVED: Notes = Notes([const { AtomicU64::new(0) }; PLACES]);

/// Starts to note calls.
pub(crate) fn watch() {
    IS_WATCHED.store(true, Ordering::Relaxed);
}

/// Notes that a context is injected into a carrier.
#[inline]
pub(crate) fn note_sent(cx: &Context) {
    if IS_WATCHED.load(Ordering::Relaxed)
        && let Some(record) = record_of(&cx.span())
        // A span that is not sampled is not exported, and no tree waits for it.
        && record.span_context.is_sampled()
    {
        SENT.note(key(record.source.provider.id, record.span_context.span_id()));
    }
}

/// Notes that a span has started below this parent.
#[inline]
pub(super) fn note_received(parent: &Parent, record: &Record) {
    if let Parent::Other(caller) = parent
        && caller.is_remote()
        && IS_WATCHED.load(Ordering::Relaxed)
        && SENT.has(key(record.source.provider.id, caller.span_id()))
    {
        let span = &record.span_context;
        RECEIVED.note(key(trace(span), span.span_id()));
    }
}

/// Whether the remote parent of this span is a span of the same instance.
pub(crate) fn is_own_call(span: &SpanContext) -> bool {
    RECEIVED.has(key(trace(span), span.span_id()))
}

/// The keys noted last. Each has one place, where it replaces another, so memory is bounded without a lock.
/// A call that is forgotten in this way is printed as two trees.
struct Notes([AtomicU64; PLACES]);

impl Notes {
    fn note(&self, key: u64) {
        self.place(key).store(key, Ordering::Relaxed);
    }

    fn has(&self, key: u64) -> bool {
        self.place(key).load(Ordering::Relaxed) == key
    }

    fn place(&self, key: u64) -> &AtomicU64 {
        let at = usize::try_from(key % PLACES as u64).unwrap_or_default();
        &self.0[at]
    }
}

const PLACES: usize = 4096;

/// The key of a span. It is never 0, the content of a free place.
fn key(of: u64, span: SpanId) -> u64 {
    let mixed = of.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from_be_bytes(span.to_bytes());
    mixed.max(1)
}

/// The last eight bytes of the trace id.
fn trace(span: &SpanContext) -> u64 {
    let id = span.trace_id().to_bytes();
    u64::from_be_bytes(std::array::from_fn(|at| id[at + 8]))
}
