//! What is polled: futures and streams.

use futures_core::Stream;
use std::future::Future;

/// A future or a stream. Sealed: it cannot be named, let alone implemented.
///
/// `K` says which of the two, and is inferred; without it the compiler could not rule out a type that is
/// both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a future nor a stream",
    label = "not a future or stream",
    note = "a span or a context can be put around what is polled; for a closure there are \
            `span.in_scope(|span| ..)` and `TraceContext::run(|| ..)`"
)]
#[expect(unnameable_types, reason = "sealed")]
pub trait Polled<K> {}

impl<F: Future> Polled<OfFuture> for F {}
impl<S: Stream> Polled<OfStream> for S {}

/// See [`Polled`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfFuture(());

/// See [`Polled`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfStream(());
