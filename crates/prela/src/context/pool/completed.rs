//! Results in the order in which their jobs are done.

use super::{JobError, JobHandle};
use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The jobs' results, in the order in which the jobs are done.
///
/// Those that are done at this call come first, in the order of the handles. `next` blocks until
/// another job is done; on a thread of the pool itself that can be forever: see the [module](super).
/// Dropping the iterator lets the remaining jobs run on.
///
/// ```
/// # let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
/// use prela::pool::{SpawnTraced as _, as_completed};
///
/// let jobs = (1..=4).map(|n| pool.spawn_traced(move || n * n));
/// let mut sum = 0;
/// for square in as_completed(jobs) {
///     sum += square?;
/// }
/// assert_eq!(sum, 30);
/// # Ok::<(), prela::pool::JobError>(())
/// ```
pub fn as_completed<R>(handles: impl IntoIterator<Item = JobHandle<R>>) -> Completed<R> {
    let done = Arc::new(Done { indices: Mutex::default(), added: Condvar::new() });
    let handles: Vec<_> = handles
        .into_iter()
        .enumerate()
        .map(|(index, handle)| {
            let ticket = Ticket { index, done: done.clone() };
            handle.wake_when_done(Waker::from(Arc::new(ticket)));
            Some(handle)
        })
        .collect();
    Completed { left: handles.len(), handles, done }
}

/// An iterator over results in the order in which their jobs are done. From [`as_completed`].
#[must_use = "the results are had by iterating"]
pub struct Completed<R> {
    handles: Vec<Option<JobHandle<R>>>,
    left: usize,
    done: Arc<Done>,
}

impl<R> Completed<R> {
    /// Returns what `next` does, with the index of the job's handle among those that were given.
    ///
    /// ```
    /// # let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    /// use prela::pool::{SpawnTraced as _, as_completed};
    ///
    /// let words = ["zero", "one"];
    /// let mut lengths = as_completed(words.map(|word| pool.spawn_traced(|| word.len())));
    /// while let Some((index, length)) = lengths.next_indexed() {
    ///     assert_eq!(words[index].len(), length?);
    /// }
    /// # Ok::<(), prela::pool::JobError>(())
    /// ```
    pub fn next_indexed(&mut self) -> Option<(usize, Result<R, JobError>)> {
        while self.left > 0 {
            let index = self.done.wait();
            let outcome = self.handles[index].take().and_then(|handle| handle.take());
            if let Some(outcome) = outcome {
                self.left -= 1;
                return Some((index, outcome));
            }
        }
        None
    }
}

impl<R> Iterator for Completed<R> {
    type Item = Result<R, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_indexed().map(|(_, outcome)| outcome)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<R> ExactSizeIterator for Completed<R> {}

impl<R> FusedIterator for Completed<R> {}

impl<R> fmt::Debug for Completed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completed").field("left", &self.left).finish_non_exhaustive()
    }
}

/// The jobs that are done and have not been returned.
struct Done {
    indices: Mutex<VecDeque<usize>>,
    added: Condvar,
}

impl Done {
    fn wait(&self) -> usize {
        let mut indices = self.lock();
        loop {
            if let Some(index) = indices.pop_front() {
                return index;
            }
            indices = self.added.wait(indices).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.indices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of one job: woken once, when the job is done.
struct Ticket {
    index: usize,
    done: Arc<Done>,
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        self.done.lock().push_back(self.index);
        self.done.added.notify_one();
    }
}
