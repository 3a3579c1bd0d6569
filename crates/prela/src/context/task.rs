//! Tokio's tasks, in the context that they are spawned in.
//!
//! A plain task has the context of whichever thread polls it: on a worker an empty one, on a
//! current-thread runtime the one around `block_on`. A task that this module spawns takes a snapshot
//! of the current context along, which is current at each poll, on any thread, and while the task is
//! being dropped.
//!
//! For other spawners, [`FutureExt::in_current_context`](crate::FutureExt::in_current_context) does the
//! same: `tracker.spawn(future.in_current_context())`. Futures that are not spawned, as with `join!`, need
//! nothing.

mod join_set;
mod runtime;

pub use self::join_set::JoinSetExt;
pub use self::runtime::RuntimeExt;

use crate::TraceContext;
use std::future::Future;
use tokio::task::{JoinHandle, LocalSet};

/// [`tokio::spawn`], with the context of this call.
///
/// # Panics
///
/// Outside of a tokio runtime, as [`tokio::spawn`].
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// tracer.span_default("parent").run(async |parent| {
///     let task = prela::task::spawn(async { prela::current_trace_id() });
///     assert_eq!(task.await.unwrap(), Some(parent.trace_id()));
/// }).await;
/// # });
/// # Ok::<(), prela::Error>(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(TraceContext::current().bind(future))
}

/// [`tokio::task::spawn_blocking`], with the context of this call.
///
/// # Panics
///
/// Outside of a tokio runtime, as [`tokio::task::spawn_blocking`].
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// tracer.span_default("parent").run(async |parent| {
///     let task = prela::task::spawn_blocking(prela::current_trace_id);
///     assert_eq!(task.await.unwrap(), Some(parent.trace_id()));
/// }).await;
/// # });
/// # Ok::<(), prela::Error>(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    tokio::task::spawn_blocking(TraceContext::current().wrap(f))
}

/// [`tokio::task::spawn_local`], with the context of this call.
///
/// # Panics
///
/// Outside of a [`LocalSet`], as [`tokio::task::spawn_local`].
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// tokio::task::LocalSet::new().block_on(&runtime, tracer.span_default("parent").run(async |parent| {
///     let task = prela::task::spawn_local(async { prela::current_trace_id() });
///     assert_eq!(task.await.unwrap(), Some(parent.trace_id()));
/// }));
/// # Ok::<(), prela::Error>(())
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    tokio::task::spawn_local(TraceContext::current().bind(future))
}

/// Tasks of a [`LocalSet`], with the context.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// use prela::task::LocalSetExt as _;
///
/// let local = tokio::task::LocalSet::new();
/// let (parent, task) = tracer.span_default("parent").in_scope(|parent| {
///     let task = local.spawn_local_traced(async { prela::current_trace_id() });
///     (parent.trace_id(), task)
/// });
/// assert_eq!(local.block_on(&runtime, task).unwrap(), Some(parent));
/// # Ok::<(), prela::Error>(())
/// ```
pub trait LocalSetExt {
    /// [`LocalSet::spawn_local`], with the context of this call.
    fn spawn_local_traced<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static;
}

impl LocalSetExt for LocalSet {
    #[track_caller]
    fn spawn_local_traced<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_local(TraceContext::current().bind(future))
    }
}
