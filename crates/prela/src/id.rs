//! Where trace and span ids come from.

use crate::fork::Generation;
use opentelemetry::trace::{SpanId, TraceId};
use rand::rngs::SmallRng;
use rand::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes the ids of new traces and spans.
///
/// Called once for each span that starts, on the thread that starts it, so it must be cheap. An
/// all-zero id means "no id" in W3C Trace Context, and is replaced by a random id.
pub trait IdGenerator: Send + Sync + Debug + 'static {
    /// A new 16-byte trace id, not all zero.
    fn new_trace_id(&self) -> TraceId;
    /// A new 8-byte span id, not all zero.
    fn new_span_id(&self) -> SpanId;
    /// Whether the low 56 bits of each trace id are random: then new traces carry the `random` flag of
    /// W3C Trace Context Level 2, so that services can sample alike. Default: no.
    fn is_random(&self) -> bool {
        false
    }
}

/// Random ids: the default.
///
/// Every bit is random, as the `random` flag of W3C Trace Context Level 2 asks. The generator is
/// xoshiro256++, one a thread, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RandomIds;

thread_local! {
    /// The thread's generator, and the [generation](Generation) it belongs to: a forked process seeds its
    /// own.
    static RNG: RefCell<(Generation, SmallRng)> =
        RefCell::new((Generation::current(), SmallRng::from_os_rng()));
}

#[inline(always)]
fn random<T>(draw: impl Fn(&mut SmallRng) -> T) -> T {
    // A span may still start while its thread's locals are being destroyed.
    RNG.try_with(|rng| {
        let (generation, rng) = &mut *rng.borrow_mut();
        if !generation.is_current() {
            (*generation, *rng) = (Generation::current(), SmallRng::from_os_rng());
        }
        draw(rng)
    })
    .unwrap_or_else(|_| draw(&mut SmallRng::from_os_rng()))
}

#[inline(always)]
fn random_span_id() -> SpanId {
    random(|rng| {
        loop {
            let id = rng.next_u64();
            if id != 0 {
                return SpanId::from_bytes(id.to_be_bytes());
            }
        }
    })
}

/// The generator of an instance. The usual one is asked without a virtual call.
#[derive(Debug)]
pub(crate) enum AnyIds {
    Random,
    Other(Box<dyn IdGenerator>),
}

impl AnyIds {
    pub(crate) fn is_random(&self) -> bool {
        match self {
            Self::Random => true,
            Self::Other(ids) => ids.is_random(),
        }
    }

    /// A new trace id: a random one if the user's generator panics or returns zeros.
    pub(crate) fn new_trace_id(&self) -> TraceId {
        if let Self::Other(ids) = self
            && let Ok(id) = catch_unwind(AssertUnwindSafe(|| ids.new_trace_id()))
            && id != TraceId::INVALID
        {
            return id;
        }
        RandomIds.new_trace_id()
    }

    /// A new span id; see [`AnyIds::new_trace_id`].
    #[inline(always)]
    pub(crate) fn new_span_id(&self) -> SpanId {
        match self {
            Self::Random => random_span_id(),
            Self::Other(ids) => Self::other_span_id(&**ids),
        }
    }

    fn other_span_id(ids: &dyn IdGenerator) -> SpanId {
        match catch_unwind(AssertUnwindSafe(|| ids.new_span_id())) {
            Ok(id) if id != SpanId::INVALID => id,
            _ => random_span_id(),
        }
    }
}

impl IdGenerator for RandomIds {
    fn new_trace_id(&self) -> TraceId {
        random(|rng| {
            loop {
                let mut id = [0; 16];
                rng.fill_bytes(&mut id);
                if id != [0; 16] {
                    return TraceId::from_bytes(id);
                }
            }
        })
    }

    fn new_span_id(&self) -> SpanId {
        random_span_id()
    }

    fn is_random(&self) -> bool {
        true
    }
}
