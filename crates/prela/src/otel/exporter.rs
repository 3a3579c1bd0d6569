//! Any `opentelemetry_sdk` span exporter behind Prela's pipeline.

use crate::export::{Batch, ExportFuture, Exported, SpanExporter};
use crate::span::SpanData;
use crate::{Error, ErrorKind, Resource, Value};
use opentelemetry::trace::{Event, Link, SpanId};
use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace as sdk;
use std::fmt;
use std::sync::Arc;

/// An exporter of `opentelemetry_sdk`, made by `build` on the export thread.
///
/// `build` runs inside the export thread's tokio runtime, so that exporters which need one, such as
/// `opentelemetry-otlp` over tonic, can be made by a program that has none. Bytes, maps and mixed
/// lists, which `opentelemetry_sdk` cannot carry, become text.
///
/// ```
/// use opentelemetry_sdk::trace::InMemorySpanExporter;
///
/// let exporter = InMemorySpanExporter::default();
/// let builder = prela::builder().exporter(prela::otel::exporter("in memory", {
///     let exporter = exporter.clone();
///     move || Ok::<_, std::convert::Infallible>(exporter)
/// }));
/// # drop(builder);
/// ```
pub fn exporter<X, E>(
    name: impl Into<String>,
    build: impl FnOnce() -> Result<X, E> + Send + 'static,
) -> SdkExporter<X>
where
    X: sdk::SpanExporter + 'static,
    E: fmt::Display,
{
    let build = Box::new(move || build().map_err(|error| error.to_string()));
    SdkExporter { name: name.into(), state: State::New(build) }
}

/// An `opentelemetry_sdk` exporter as a [`SpanExporter`]. From [`exporter`].
pub struct SdkExporter<X> {
    name: String,
    state: State<X>,
}

enum State<X> {
    New(Box<dyn FnOnce() -> Result<X, String> + Send>),
    Ready { exporter: X, resource: Option<Arc<Resource>> },
    Failed(String),
}

impl<X: sdk::SpanExporter> SdkExporter<X> {
    fn ready(&mut self, resource: &Arc<Resource>) -> Result<&X, Error> {
        if let State::New(_) = self.state {
            let failed = State::Failed("its construction panicked".to_owned());
            if let State::New(build) = std::mem::replace(&mut self.state, failed) {
                self.state = match build() {
                    Ok(exporter) => State::Ready { exporter, resource: None },
                    Err(error) => State::Failed(error),
                };
            }
        }
        match &mut self.state {
            State::Ready { exporter, resource: known } => {
                if known.as_ref() != Some(resource) {
                    exporter.set_resource(&sdk_resource(resource));
                    *known = Some(resource.clone());
                }
                Ok(exporter)
            }
            State::Failed(error) => {
                Err(Error::new(ErrorKind::Config, format!("build {}: {error}", self.name)))
            }
            State::New(_) => Err(Error::new(ErrorKind::Config, "build an exporter twice")),
        }
    }
}

impl<X: sdk::SpanExporter + 'static> SpanExporter for SdkExporter<X> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async move {
            let exporter = self.ready(batch.resource())?;
            let spans = batch.spans().iter().map(|span| sdk_span((**span).clone())).collect();
            exporter.export(spans).await.map_err(error)?;
            Ok(Exported::all())
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        Box::pin(async move {
            match &self.state {
                State::Ready { exporter, .. } => exporter.shutdown().map_err(error),
                State::New(_) | State::Failed(_) => Ok(()),
            }
        })
    }
}

impl<X> fmt::Debug for SdkExporter<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkExporter").field("name", &self.name).finish_non_exhaustive()
    }
}

fn error(error: OTelSdkError) -> Error {
    let kind = match error {
        OTelSdkError::AlreadyShutdown => ErrorKind::ShutDown,
        OTelSdkError::Timeout(_) => ErrorKind::Timeout,
        OTelSdkError::InternalFailure(_) => ErrorKind::Io,
    };
    Error::new(kind, "export through opentelemetry_sdk").with_source(error)
}

fn sdk_resource(resource: &Resource) -> opentelemetry_sdk::Resource {
    opentelemetry_sdk::Resource::builder_empty()
        .with_attributes(key_values(resource.attributes().to_vec()))
        .build()
}

fn key_values(attributes: Vec<(Key, Value)>) -> Vec<KeyValue> {
    attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect()
}

fn sdk_span(span: SpanData) -> sdk::SpanData {
    let mut events = sdk::SpanEvents::default();
    events.dropped_count = span.dropped_events_count;
    events.events = span
        .events
        .into_iter()
        .map(|event| {
            let dropped = event.dropped_attributes_count;
            Event::new(event.name, event.time, key_values(event.attributes), dropped)
        })
        .collect();
    let mut links = sdk::SpanLinks::default();
    links.dropped_count = span.dropped_links_count;
    links.links = span
        .links
        .into_iter()
        .map(|link| {
            let dropped = link.dropped_attributes_count;
            Link::new(link.span_context, key_values(link.attributes), dropped)
        })
        .collect();
    sdk::SpanData {
        span_context: span.span_context,
        parent_span_id: span.parent_span_id.unwrap_or(SpanId::INVALID),
        parent_span_is_remote: span.parent_is_remote,
        span_kind: span.kind,
        name: span.name,
        start_time: span.start_time,
        end_time: span.end_time,
        attributes: key_values(span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events,
        links,
        status: span.status,
        instrumentation_scope: (*span.scope).clone(),
    }
}
