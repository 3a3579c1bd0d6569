//! Tasks of a `JoinSet`.

use crate::TraceContext;
use std::future::Future;
use tokio::task::{AbortHandle, JoinSet};

/// Tasks of a [`JoinSet`], with the context.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// use prela::task::JoinSetExt as _;
/// use tokio::task::JoinSet;
///
/// tracer.span_default("parent").run(async |parent| {
///     let mut tasks = JoinSet::new();
///     for _ in 0..3 {
///         tasks.spawn_traced(async { prela::current_trace_id() });
///     }
///     while let Some(seen) = tasks.join_next().await {
///         assert_eq!(seen.unwrap(), Some(parent.trace_id()));
///     }
/// }).await;
/// # });
/// # Ok::<(), prela::Error>(())
/// ```
pub trait JoinSetExt<T> {
    /// [`JoinSet::spawn`], with the context of this call.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn`].
    fn spawn_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send;

    /// [`JoinSet::spawn_blocking`], with the context of this call.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn_blocking`].
    fn spawn_blocking_traced<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send;

    /// [`JoinSet::spawn_local`], with the context of this call.
    ///
    /// # Panics
    ///
    /// Outside of a [`LocalSet`](tokio::task::LocalSet), as [`JoinSet::spawn_local`].
    fn spawn_local_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static;
}

impl<T: 'static> JoinSetExt<T> for JoinSet<T> {
    #[track_caller]
    fn spawn_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn(TraceContext::current().bind(future))
    }

    #[track_caller]
    fn spawn_blocking_traced<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking(TraceContext::current().wrap(f))
    }

    #[track_caller]
    fn spawn_local_traced<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.spawn_local(TraceContext::current().bind(future))
    }
}
