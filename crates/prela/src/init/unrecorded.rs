//! The user's clock and id generator, which record no spans themselves.

use crate::clock::Clock;
use crate::context::unrecorded;
use crate::id::IdGenerator;
use opentelemetry::trace::{SpanId, TraceId};
use std::time::{Duration, SystemTime};

/// A clock or id generator. Spans that it starts would call it again, without end.
#[derive(Debug)]
pub(super) struct Unrecorded<T>(pub(super) T);

impl<C: Clock> Clock for Unrecorded<C> {
    fn wall(&self) -> SystemTime {
        unrecorded(|| self.0.wall())
    }

    fn monotonic(&self) -> Duration {
        unrecorded(|| self.0.monotonic())
    }
}

impl<G: IdGenerator> IdGenerator for Unrecorded<G> {
    fn new_trace_id(&self) -> TraceId {
        unrecorded(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        unrecorded(|| self.0.new_span_id())
    }

    fn is_random(&self) -> bool {
        unrecorded(|| self.0.is_random())
    }
}
