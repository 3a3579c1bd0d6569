//! Typed spans that last until something is dropped.

use super::handle::TypedSpan;
use crate::span::{OwnedSpan, SpanGuard};
use std::ops::Deref;

/// A [`SpanGuard`] with a typed handle. From [`TypedSpanBuilder::enter`](super::TypedSpanBuilder::enter).
#[must_use = "the span ends when this is dropped"]
#[derive(Debug)]
pub struct TypedSpanGuard<S> {
    // Dropped first: memory is reused only if no other handle is left.
    typed: S,
    _guard: SpanGuard,
}

impl<S: TypedSpan> TypedSpanGuard<S> {
    pub(super) fn of(guard: SpanGuard) -> Self {
        Self { typed: S::of((*guard).clone()), _guard: guard }
    }
}

impl<S> Deref for TypedSpanGuard<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.typed
    }
}

/// An [`OwnedSpan`] with a typed handle. From [`TypedSpanBuilder::start`](super::TypedSpanBuilder::start).
#[must_use = "the span ends when this is dropped"]
#[derive(Debug)]
pub struct TypedOwnedSpan<S> {
    typed: S,
    _span: OwnedSpan,
}

impl<S: TypedSpan> TypedOwnedSpan<S> {
    pub(super) fn of(span: OwnedSpan) -> Self {
        Self { typed: S::of((*span).clone()), _span: span }
    }
}

impl<S> Deref for TypedOwnedSpan<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.typed
    }
}
