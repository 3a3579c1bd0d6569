//! Events as log records.

use super::fields::Fields;
use crate::context::is_suppressed;
use crate::span::{LogRecord, Provider, Severity};
use crate::{Span, Value, semconv};
use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, Key};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use tracing_core::{Level, Metadata};

/// The global instance, if it takes log records here and now.
pub(super) fn provider() -> Option<Arc<Provider>> {
    let provider = crate::tracer::global::provider()?;
    (provider.logs.is_some() && !is_suppressed(provider.id)).then_some(provider)
}

/// Gives an event to the instance's pipeline of log records. `more`: attributes beside its fields.
pub(super) fn write(
    provider: &Provider,
    fields: &Fields,
    metadata: &'static Metadata<'static>,
    more: Vec<(Key, Value)>,
    span: Option<&Span>,
) {
    let Some(logs) = &provider.logs else { return };
    let mut attributes = fields.pairs.clone();
    if let Some(failure) = &fields.failure {
        attributes.push((semconv::EXCEPTION_MESSAGE.into(), failure.message.clone().into()));
        let stacktrace = failure.stacktrace.clone();
        attributes.push((semconv::EXCEPTION_STACKTRACE.into(), stacktrace.into()));
    }
    attributes.extend(more);
    let most = provider.limits.attributes;
    let (attributes, dropped_attributes_count) = provider.limits.collect(attributes, most);
    let event_name = Some(metadata.name()).filter(|name| !name.starts_with("event "));
    logs.take(LogRecord {
        scope: scope(fields.target.as_deref().unwrap_or(metadata.target())),
        time: provider.now_in(span),
        severity: severity(*metadata.level()),
        event_name,
        body: fields.message.clone().into(),
        attributes,
        dropped_attributes_count,
        span_context: span.map_or(SpanContext::NONE, Span::span_context),
    });
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

/// The scope of a target, always the same one: records of one scope are kept together.
fn scope(target: &str) -> Arc<InstrumentationScope> {
    static SCOPES: LazyLock<RwLock<HashMap<String, Arc<InstrumentationScope>>>> =
        LazyLock::new(RwLock::default);
    let known = SCOPES.read().unwrap_or_else(PoisonError::into_inner).get(target).cloned();
    known.unwrap_or_else(|| {
        let scope = InstrumentationScope::builder(target.to_owned()).build();
        let mut scopes = SCOPES.write().unwrap_or_else(PoisonError::into_inner);
        if scopes.len() >= MOST_SCOPES && !scopes.contains_key(target) {
            return Arc::new(scope);
        }
        scopes.entry(target.to_owned()).or_insert_with(|| Arc::new(scope)).clone()
    })
}

/// The most scopes that are kept. Targets are names of modules, so more are made up at run time.
const MOST_SCOPES: usize = 1_000;
