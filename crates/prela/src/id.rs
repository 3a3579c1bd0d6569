//! Where trace and span ids come from.

use crate::fork;
use opentelemetry::trace::{SpanId, TraceId};
use rand::rngs::SmallRng;
use rand::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::fmt::Debug;

/// Makes the ids of new traces and spans.
///
/// Called once for each span that starts, on the thread that starts it, so it must be cheap. An
/// all-zero id means "no id" in W3C Trace Context; one that comes back is asked for again once, and
/// then replaced by a random id.
pub trait IdGenerator: Send + Sync + Debug + 'static {
    /// A new 16-byte trace id, not all zero.
    fn new_trace_id(&self) -> TraceId;
    /// A new 8-byte span id, not all zero.
    fn new_span_id(&self) -> SpanId;
    /// Whether the low 56 bits of each trace id are random: then new traces carry the `random` flag of
    /// W3C Trace Context Level 2, by which services may sample alike. Default: no.
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
    /// The thread's generator, and the [generation](fork::generation) it belongs to: a forked process seeds its
    /// own.
    static RNG: RefCell<(u32, SmallRng)> =
        RefCell::new((fork::generation(), SmallRng::from_os_rng()));
}

fn random<T>(draw: impl Fn(&mut SmallRng) -> T) -> T {
    // A span may still start while its thread's locals are being destroyed.
    RNG.try_with(|rng| {
        let (generation, rng) = &mut *rng.borrow_mut();
        if *generation != fork::generation() {
            (*generation, *rng) = (fork::generation(), SmallRng::from_os_rng());
        }
        draw(rng)
    })
    .unwrap_or_else(|_| draw(&mut SmallRng::from_os_rng()))
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
        random(|rng| {
            loop {
                let id = rng.next_u64();
                if id != 0 {
                    return SpanId::from_bytes(id.to_be_bytes());
                }
            }
        })
    }

    fn is_random(&self) -> bool {
        true
    }
}
