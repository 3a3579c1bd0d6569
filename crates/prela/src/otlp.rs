//! OTLP: messages and transports. Knows nothing of queues, exporters or configuration.
//! How a span is written on the wire is known by `span::message`.

pub(crate) mod encode;
pub(crate) mod json;
#[cfg(test)]
mod message;
#[cfg(feature = "__otlp")]
mod signal;
mod split;
#[cfg(feature = "__otlp")]
pub(crate) mod transport;

#[cfg(feature = "__otlp")]
pub(crate) use signal::Signal;
pub(crate) use split::split;

#[cfg(test)]
use crate::span::{Batch, SpanData};
#[cfg(test)]
use opentelemetry::InstrumentationScope;
#[cfg(test)]
use std::sync::Arc;

/// The spans of each instrumentation scope, both in the order of the batch.
#[cfg(test)]
fn by_scope(batch: &Batch) -> Vec<(&InstrumentationScope, Vec<&SpanData>)> {
    let mut scopes: Vec<(&Arc<InstrumentationScope>, Vec<&SpanData>)> = Vec::new();
    for span in batch.spans() {
        let same = |known: &Arc<_>| Arc::ptr_eq(known, &span.scope) || *known == span.scope;
        match scopes.iter_mut().find(|(known, _)| same(known)) {
            Some((_, spans)) => spans.push(span),
            None => scopes.push((&span.scope, vec![span])),
        }
    }
    scopes.into_iter().map(|(scope, spans)| (scope.as_ref(), spans)).collect()
}
