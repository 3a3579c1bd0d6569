//! Baggage as contexts carry it, in two copies.
//!
//! Other libraries read and write OpenTelemetry's copy; Prela's keeps the order. If OpenTelemetry's is not
//! the one that was stored with Prela's, it is newer.

use crate::value::Baggage;
use opentelemetry::Context;
use opentelemetry::baggage::{BaggageExt as _, BaggageMetadata, KeyValueMetadata};

/// Prela's baggage, a value of the context.
#[derive(Default)]
struct Mirrored {
    baggage: Baggage,
    /// Keeps OpenTelemetry's baggage, so that no other can have its address.
    mirror: Context,
}

/// The context with this baggage in place of its own.
pub(crate) fn with_baggage(cx: &Context, baggage: Baggage) -> Context {
    let entries = baggage.iter().map(|entry| {
        let metadata = BaggageMetadata::from(entry.metadata().unwrap_or_default());
        KeyValueMetadata::new(entry.key().to_owned(), entry.value().to_owned(), metadata)
    });
    // The mirror must not hold the previous baggage: each would hold the one before it.
    let mirror = match cx.get::<Mirrored>() {
        Some(_) => cx.with_value(Mirrored::default()).with_baggage(entries),
        None => cx.with_baggage(entries),
    };
    mirror.with_value(Mirrored { baggage, mirror: mirror.clone() })
}

/// The baggage of a context.
pub(crate) fn baggage_of(cx: &Context) -> Baggage {
    let theirs = cx.baggage();
    let ours = match cx.get::<Mirrored>() {
        Some(Mirrored { baggage, mirror }) if std::ptr::eq(mirror.baggage(), theirs) => {
            return baggage.clone();
        }
        Some(Mirrored { baggage, .. }) => baggage.clone(),
        None => Baggage::default(),
    };
    // Another library changed it: its values in our order, new keys last.
    let mut known: Vec<&str> =
        ours.iter().map(|entry| entry.key()).filter(|key| theirs.get(*key).is_some()).collect();
    let mut new: Vec<&str> =
        theirs.iter().map(|(key, _)| key.as_str()).filter(|key| ours.get(key).is_none()).collect();
    new.sort_unstable();
    known.extend(new);
    known.into_iter().fold(Baggage::default(), |baggage, key| {
        let Some((value, metadata)) = theirs.get_with_metadata(key) else { return baggage };
        let value = || value.as_str().to_owned();
        baggage
            .with_metadata(key, value(), metadata.as_str())
            .or_else(|| baggage.with(key, value()))
            .unwrap_or(baggage)
    })
}
