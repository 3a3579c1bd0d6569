//! Threads of the standard library that run in the context they are spawned in.
//!
//! A thread starts with an empty context: its spans begin new traces. A thread that this module
//! spawns takes a snapshot of the current context along.

use crate::TraceContext;
use std::io;
use std::thread::{self, Builder, JoinHandle, Scope, ScopedJoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// [`std::thread::spawn`], with the context of this call.
///
/// # Panics
///
/// If the system gives no thread, as [`std::thread::spawn`]; see [`BuilderExt`].
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::SpanType;
///
/// tracer.span("parent", SpanType::Agent).in_scope(|parent| {
///     let worker = prela::thread::spawn(prela::current_trace_id);
///     assert_eq!(worker.join().unwrap(), Some(parent.trace_id()));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub fn spawn<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    thread::spawn(TraceContext::current().wrap(f))
}

/// Scoped threads with the context: they may borrow.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::thread::ScopeExt as _;
/// use prela::SpanType;
///
/// let words = ["one", "two", "three"];
/// tracer.span("count", SpanType::Agent).in_scope(|count| {
///     std::thread::scope(|threads| {
///         for word in &words {
///             threads.spawn_traced(|| {
///                 tracer.span("length", SpanType::Tool).in_scope(|span| {
///                     span.set_attribute("length", word.len());
///                     assert_eq!(span.parent_span_id(), Some(count.span_id()));
///                 });
///             });
///         }
///     });
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub trait ScopeExt<'scope> {
    /// [`Scope::spawn`], with the context of this call.
    ///
    /// # Panics
    ///
    /// If the system gives no thread, as [`Scope::spawn`].
    fn spawn_traced<F, R>(&'scope self, f: F) -> ScopedJoinHandle<'scope, R>
    where
        F: FnOnce() -> R + Send + 'scope,
        R: Send + 'scope;
}

impl<'scope> ScopeExt<'scope> for Scope<'scope, '_> {
    fn spawn_traced<F, R>(&'scope self, f: F) -> ScopedJoinHandle<'scope, R>
    where
        F: FnOnce() -> R + Send + 'scope,
        R: Send + 'scope,
    {
        self.spawn(TraceContext::current().wrap(f))
    }
}

/// Threads with a name or a stack size, and the context.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::thread::BuilderExt as _;
/// use prela::SpanType;
/// use std::thread::Builder;
///
/// tracer.span("parent", SpanType::Agent).in_scope(|parent| {
///     let builder = Builder::new().name("indexer".to_owned());
///     let worker = builder.spawn_traced(prela::current_trace_id)?;
///     assert_eq!(worker.join().unwrap(), Some(parent.trace_id()));
///     std::io::Result::Ok(())
/// }).unwrap();
/// # Ok::<(), prela::Error>(())
/// ```
pub trait BuilderExt {
    /// [`Builder::spawn`], with the context of this call.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    fn spawn_traced<F, R>(self, f: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static;

    /// [`Builder::spawn_scoped`], with the context of this call.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    fn spawn_scoped_traced<'scope, F, R>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, R>>
    where
        F: FnOnce() -> R + Send + 'scope,
        R: Send + 'scope;
}

impl BuilderExt for Builder {
    fn spawn_traced<F, R>(self, f: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn(TraceContext::current().wrap(f))
    }

    fn spawn_scoped_traced<'scope, F, R>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, R>>
    where
        F: FnOnce() -> R + Send + 'scope,
        R: Send + 'scope,
    {
        self.spawn_scoped(scope, TraceContext::current().wrap(f))
    }
}

/// Waits in a future: by tokio's timer or, outside of tokio, by a thread of its own.
pub(crate) async fn delay(time: Duration) {
    if time.is_zero() {
        return;
    }
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::sleep(time).await;
    }
    let (done, is_done) = oneshot::channel::<()>();
    let timer = Builder::new().name("prela-delay".to_owned()).spawn(move || {
        thread::sleep(time);
        // Nobody may wait any more.
        let _: Result<(), ()> = done.send(());
    });
    match timer {
        Ok(_) => drop(is_done.await),
        // Without a thread this one blocks: better that than too early.
        Err(_) => thread::sleep(time),
    }
}
