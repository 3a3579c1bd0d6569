//! Why a job has no result.

use crate::context;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Why a job has no result: it panicked, it never ran, or its result was taken before.
///
/// ```
/// # let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
/// use prela::pool::SpawnTraced as _;
///
/// let error = pool.spawn_traced(|| panic!("no such index")).join().unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(error.to_string(), "the job panicked: no such index");
/// assert_eq!(error.into_panic().downcast_ref(), Some(&"no such index"));
/// ```
pub struct JobError {
    reason: Reason,
}

enum Reason {
    /// The lock is never taken; it only makes the payload `Sync`.
    Panicked {
        message: String,
        payload: Mutex<Box<dyn Any + Send>>,
    },
    Dropped,
    Taken,
}

impl JobError {
    pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Self {
        let message = context::panic_message(&*payload).to_owned();
        Self { reason: Reason::Panicked { message, payload: Mutex::new(payload) } }
    }

    pub(super) fn dropped() -> Self {
        Self { reason: Reason::Dropped }
    }

    pub(super) fn taken() -> Self {
        Self { reason: Reason::Taken }
    }

    /// Whether the job panicked. If not, it never ran, as after a pool's shutdown, or its result was taken before.
    pub fn is_panic(&self) -> bool {
        matches!(self.reason, Reason::Panicked { .. })
    }

    /// The panic's payload, for [`resume_unwind`](std::panic::resume_unwind). If the job did not
    /// panic, this error's text as a `String`.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.reason {
            Reason::Panicked { payload, .. } => {
                payload.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
            Reason::Dropped | Reason::Taken => Box::new(self.to_string()),
        }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Panicked { message, .. } => write!(f, "the job panicked: {message}"),
            Reason::Dropped => f.write_str("the job was dropped before it ran"),
            Reason::Taken => f.write_str("the job's result was taken before"),
        }
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobError").field(&format_args!("{self}")).finish()
    }
}

impl Error for JobError {}
