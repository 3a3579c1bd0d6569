//! Tasks that stay on their thread.

use crate::TraceContext;
use std::future::Future;
use tokio::task::{JoinHandle, LocalSet};

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
