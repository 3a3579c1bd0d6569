//! The handle to a job, and what it shares with the job.

use super::JobError;
use crate::TraceContext;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A job that was submitted by [`SpawnTraced::spawn_traced`](super::SpawnTraced::spawn_traced).
///
/// Get its result by [`join`](JobHandle::join), by `.await` on any runtime, or with others by
/// [`as_completed`](super::as_completed). Dropping the handle lets the job run on; its result, or its
/// panic, is then dropped. A result nobody took is dropped in the job's context.
///
/// ```
/// # let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use prela::pool::SpawnTraced as _;
///
/// let job = pool.spawn_traced(|| 6 * 7);
/// assert_eq!(job.await.unwrap(), 42);
/// # });
/// ```
pub struct JobHandle<R> {
    shared: Arc<Shared<R>>,
}

impl<R> JobHandle<R> {
    pub(super) fn new(shared: Arc<Shared<R>>) -> Self {
        Self { shared }
    }

    /// Waits for the job, and returns its result.
    ///
    /// Blocks this thread. On a thread of the pool itself that can wait forever: see the
    /// [module](super).
    ///
    /// # Errors
    ///
    /// [`JobError`] if the job panicked, if the executor dropped it before it ran, or if the handle
    /// was awaited to its end before.
    pub fn join(self) -> Result<R, JobError> {
        let mut state = self.shared.lock();
        loop {
            if let Some(outcome) = state.take() {
                return outcome;
            }
            state = self.shared.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the job is done, one way or the other: then [`join`](JobHandle::join) does not block.
    pub fn is_finished(&self) -> bool {
        !matches!(*self.shared.lock(), State::Running { .. })
    }

    /// The outcome; none while the job is running.
    pub(super) fn take(&self) -> Option<Result<R, JobError>> {
        self.shared.lock().take()
    }

    /// Wakes this waker, instead of an earlier one, when the job is done; at once if it is.
    pub(super) fn wake_when_done(&self, waker: Waker) {
        let mut state = self.shared.lock();
        if let State::Running { waker: slot } = &mut *state {
            let previous = slot.replace(waker);
            // Wakers are foreign code: not under the lock.
            drop(state);
            drop(previous);
        } else {
            drop(state);
            waker.wake();
        }
    }
}

impl<R> Future for JobHandle<R> {
    type Output = Result<R, JobError>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(outcome) = self.take() {
            return Poll::Ready(outcome);
        }
        self.wake_when_done(task.waker().clone());
        Poll::Pending
    }
}

impl<R> Drop for JobHandle<R> {
    fn drop(&mut self) {
        let state = mem::replace(&mut *self.shared.lock(), State::Gone);
        if let State::Done(outcome) = state {
            self.shared.run(|| drop(outcome));
        }
    }
}

impl<R> fmt::Debug for JobHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle").field("is_finished", &self.is_finished()).finish()
    }
}

/// What a job and its handle share.
pub(super) struct Shared<R> {
    /// The context that the job was submitted in.
    cx: TraceContext,
    /// User code never runs under this lock.
    state: Mutex<State<R>>,
    /// For `join`.
    done: Condvar,
}

enum State<R> {
    Running {
        waker: Option<Waker>,
    },
    Done(Result<R, JobError>),
    /// The outcome was taken, or the handle was dropped.
    Gone,
}

impl<R> Shared<R> {
    pub(super) fn new() -> Self {
        Self {
            cx: TraceContext::current(),
            state: Mutex::new(State::Running { waker: None }),
            done: Condvar::new(),
        }
    }

    /// Runs user code of the job.
    pub(super) fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        self.cx.run(f)
    }

    pub(super) fn complete(&self, outcome: Result<R, JobError>) {
        let mut state = self.lock();
        if let State::Running { waker } = &mut *state {
            let waker = waker.take();
            *state = State::Done(outcome);
            drop(state);
            self.done.notify_all();
            if let Some(waker) = waker {
                waker.wake();
            }
        } else {
            drop(state);
            self.run(|| drop(outcome));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn take(&mut self) -> Option<Result<R, JobError>> {
        match mem::replace(self, Self::Gone) {
            running @ Self::Running { .. } => {
                *self = running;
                None
            }
            Self::Done(outcome) => Some(outcome),
            Self::Gone => Some(Err(JobError::taken())),
        }
    }
}
