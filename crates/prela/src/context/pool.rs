//! Jobs on thread pools, each in the context that it was submitted in.
//!
//! [`SpawnTraced::spawn_traced`] takes a snapshot of the current context and returns a [`JobHandle`],
//! to be joined, awaited, or collected by [`as_completed`]. With the feature `rayon`, rayon's pools
//! have it. Any other executor gets it by one method that need not know about contexts:
//!
//! ```
//! use prela::pool::{Job, SpawnTraced};
//! use std::sync::{Arc, Mutex, mpsc};
//! use std::thread;
//!
//! struct Pool {
//!     jobs: mpsc::Sender<Job>,
//! }
//!
//! impl Pool {
//!     fn new(threads: usize) -> Self {
//!         let (jobs, queue) = mpsc::channel::<Job>();
//!         let queue = Arc::new(Mutex::new(queue));
//!         for _ in 0..threads {
//!             let queue = queue.clone();
//!             thread::spawn(move || loop {
//!                 let Ok(job) = queue.lock().unwrap().recv() else { break };
//!                 job();
//!             });
//!         }
//!         Self { jobs }
//!     }
//! }
//!
//! impl SpawnTraced for Pool {
//!     fn execute(&self, job: Job) {
//!         // Without a thread left the job is dropped here, and its handle says so.
//!         let _ = self.jobs.send(job);
//!     }
//! }
//!
//! # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
//! # let tracer = prela.tracer();
//! let pool = Pool::new(2);
//! tracer.span("batch", prela::SpanType::Agent).in_scope(|batch| {
//!     let seen = pool.spawn_traced(prela::current_trace_id).join();
//!     assert_eq!(seen.unwrap(), Some(batch.trace_id()));
//! });
//! # Ok::<(), prela::Error>(())
//! ```
//!
//! Put an executor of another crate into a struct of your own first, because neither it nor the
//! trait is yours.
//!
//! # Waiting inside of a pool
//!
//! [`JobHandle::join`] and [`as_completed`] block the thread that calls them. On a pool's own thread
//! the pool then has one thread fewer; on its last one the job never runs. Await the handle there, or
//! use what the pool has for waiting, such as `prela::rayon::join` and rayon's scopes.

mod completed;
mod error;
mod handle;

pub use self::completed::{Completed, as_completed};
pub use self::error::JobError;
pub use self::handle::JobHandle;

use self::handle::Shared;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What an executor is given to run: once, on any thread, at any time.
///
/// It never panics; a panic of user code goes to the [`JobHandle`]. Dropping it instead of calling
/// it is allowed, and the handle then gives an error.
pub type Job = Box<dyn FnOnce() + Send>;

/// An executor whose jobs run in the context that they were submitted in.
///
/// Implement [`execute`](SpawnTraced::execute); the [module](self) has an example.
pub trait SpawnTraced {
    /// Hands a job to the executor and returns, without waiting for it.
    fn execute(&self, job: Job);

    /// Submits `f`, to run in the context that is current at this call.
    ///
    /// Each submit takes a snapshot of its own: submit inside the span that is to be the parent. A
    /// panic in `f` goes to the handle, and the executor's thread lives on.
    ///
    /// Cost over a plain submit: two allocations, and one context attached.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// # let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    /// use prela::pool::SpawnTraced as _;
    /// use prela::SpanType;
    ///
    /// tracer.span("agent", SpanType::Agent).in_scope(|agent| {
    ///     let tracer = tracer.clone();
    ///     let job = pool.spawn_traced(move || {
    ///         tracer.span("search", SpanType::Tool).in_scope(|search| search.parent_span_id())
    ///     });
    ///     assert_eq!(job.join().unwrap(), Some(agent.span_id()));
    /// });
    /// # Ok::<(), prela::Error>(())
    /// ```
    fn spawn_traced<F, R>(&self, f: F) -> JobHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        submit(f, |job| self.execute(job))
    }
}

/// Makes a job of `f` and the current context, and has it executed.
pub(super) fn submit<F, R>(f: F, execute: impl FnOnce(Job)) -> JobHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let shared = Arc::new(Shared::new());
    let task = Task { f: Some(f), shared: shared.clone() };
    execute(Box::new(move || task.run()));
    JobHandle::new(shared)
}

/// A job on its way through an executor.
struct Task<F, R> {
    /// None once it has been run.
    f: Option<F>,
    shared: Arc<Shared<R>>,
}

impl<F: FnOnce() -> R, R> Task<F, R> {
    fn run(mut self) {
        let Some(f) = self.f.take() else { return };
        let outcome = self.shared.run(|| catch_unwind(AssertUnwindSafe(f)));
        let outcome = outcome.map_err(JobError::panicked);
        // A result that nobody waits for is dropped here, and its destructor may panic.
        let _ = catch_unwind(AssertUnwindSafe(|| self.shared.complete(outcome)));
    }
}

impl<F, R> Drop for Task<F, R> {
    fn drop(&mut self) {
        let Some(f) = self.f.take() else { return };
        // First, so that the handle is told even if a destructor of `f` panics.
        self.shared.complete(Err(JobError::dropped()));
        self.shared.run(|| drop(f));
    }
}
