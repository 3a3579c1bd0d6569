//! Tasks of a given runtime.

use crate::TraceContext;
use std::future::Future;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

/// Tasks of a [`Runtime`], or of the one behind a [`Handle`], with the context, from any thread.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::task::RuntimeExt as _;
///
/// let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
/// tracer.span_default("parent").in_scope(|parent| {
///     let task = runtime.spawn_traced(async { prela::current_trace_id() });
///     assert_eq!(runtime.block_on(task).unwrap(), Some(parent.trace_id()));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub trait RuntimeExt {
    /// [`Handle::spawn`], with the context of this call.
    fn spawn_traced<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// [`Handle::spawn_blocking`], with the context of this call.
    fn spawn_blocking_traced<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static;
}

impl RuntimeExt for Handle {
    #[track_caller]
    fn spawn_traced<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn(TraceContext::current().bind(future))
    }

    #[track_caller]
    fn spawn_blocking_traced<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking(TraceContext::current().wrap(f))
    }
}

impl RuntimeExt for Runtime {
    #[track_caller]
    fn spawn_traced<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle().spawn_traced(future)
    }

    #[track_caller]
    fn spawn_blocking_traced<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle().spawn_blocking_traced(f)
    }
}
