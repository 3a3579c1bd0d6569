//! Rayon's pools, with the context.
//!
//! A [`ThreadPool`] is a [`SpawnTraced`] executor; [`spawn`] does the same on the global pool,
//! [`scope`] and [`ScopeExt`] are for jobs that borrow, and [`join`] is for two calls. Parallel
//! iterators take a function, so wrap it in the span that is to be the parent:
//!
//! ```
//! # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
//! # let tracer = prela.tracer();
//! use prela::SpanType;
//! use rayon::prelude::*;
//!
//! tracer.span("map_phase", SpanType::Agent).in_scope(|phase| {
//!     let double = prela::copy_context_to_thread(|item: u32| {
//!         tracer.span("double", SpanType::Tool).in_scope(|span| {
//!             assert_eq!(span.parent_span_id(), Some(phase.span_id()));
//!             item * 2
//!         })
//!     });
//!     let doubled: Vec<u32> = [1, 2, 3].into_par_iter().map(double).collect();
//!     assert_eq!(doubled, [2, 4, 6]);
//! });
//! # Ok::<(), prela::Error>(())
//! ```
//!
//! # What a waiting thread runs
//!
//! A rayon thread that waits inside of a job, in a `join` or a scope, runs other jobs meanwhile. A job
//! with a context of its own sees that. A plain job sees that of the waiting job: where some jobs are
//! traced, trace all of them.

use super::pool::{Job, JobHandle, SpawnTraced, submit};
use crate::TraceContext;
use ::rayon::{Scope, ThreadPool};

impl SpawnTraced for ThreadPool {
    fn execute(&self, job: Job) {
        self.spawn(job);
    }
}

/// Submits `f` to the global pool, to run in the context of this call.
///
/// As with [`SpawnTraced::spawn_traced`] and unlike `rayon::spawn`, there is a handle to the result, and
/// a panic goes there instead of to the pool's panic handler.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// tracer.span_default("parent").in_scope(|parent| {
///     let job = prela::rayon::spawn(prela::current_trace_id);
///     assert_eq!(job.join().unwrap(), Some(parent.trace_id()));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub fn spawn<F, R>(f: F) -> JobHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    submit(f, ::rayon::spawn)
}

/// Runs `a` and `b` as `rayon::join` does: at once if a thread is free, each in the context of this call.
///
/// # Panics
///
/// If `a` or `b` panics, as `rayon::join`.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// tracer.span_default("parent").in_scope(|parent| {
///     let seen = prela::rayon::join(prela::current_trace_id, prela::current_trace_id);
///     assert_eq!(seen, (Some(parent.trace_id()), Some(parent.trace_id())));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub fn join<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    let cx = TraceContext::current();
    ::rayon::join(cx.clone().wrap(a), cx.wrap(b))
}

/// Runs `op` as `rayon::scope` does, in the context of this call.
///
/// `rayon::scope` itself moves to a thread of the pool before it calls `op`, and leaves the context
/// behind. The jobs of the scope get it by [`ScopeExt`], which has an example. For a pool of your
/// own, and for anything else that changes threads, use [`TraceContext::wrap`]:
/// `pool.install(cx.wrap(op))`.
///
/// # Panics
///
/// If `op` or a job panics, as `rayon::scope`.
pub fn scope<'scope, OP, R>(op: OP) -> R
where
    OP: FnOnce(&Scope<'scope>) -> R + Send,
    R: Send,
{
    let cx = TraceContext::current();
    ::rayon::scope(move |scope| cx.run(|| op(scope)))
}

/// Jobs of a rayon scope, which may borrow, with the context.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::rayon::ScopeExt as _;
///
/// tracer.span_default("parent").in_scope(|parent| {
///     prela::rayon::scope(|jobs| {
///         jobs.spawn_traced(|jobs| {
///             // Jobs of jobs: this one is a child of `outer`.
///             tracer.span_default("outer").in_scope(|outer| {
///                 let outer = outer.span_id();
///                 jobs.spawn_traced(move |_| {
///                     assert_eq!(prela::trace_context().span_id(), Some(outer));
///                 });
///             });
///             assert_eq!(prela::current_trace_id(), Some(parent.trace_id()));
///         });
///     });
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub trait ScopeExt<'scope> {
    /// [`Scope::spawn`], with the context of this call.
    fn spawn_traced<F>(&self, f: F)
    where
        F: FnOnce(&Scope<'scope>) + Send + 'scope;
}

impl<'scope> ScopeExt<'scope> for Scope<'scope> {
    fn spawn_traced<F>(&self, f: F)
    where
        F: FnOnce(&Self) + Send + 'scope,
    {
        let cx = TraceContext::current();
        self.spawn(move |scope| cx.run(|| f(scope)));
    }
}
