//! The resource: what produced the spans.

use crate::{Value, semconv};
use opentelemetry::Key;

/// Attributes of the process that produced the spans, sent once with each batch.
///
/// Holds `service.name`, `telemetry.sdk.{name, language, version}`, those of `OTEL_RESOURCE_ATTRIBUTES`
/// and those of [`Builder::resource`](crate::Builder::resource).
///
/// Source: [OpenTelemetry Resource SDK](https://opentelemetry.io/docs/specs/otel/resource/sdk/).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<(Key, Value)>,
}

impl Resource {
    /// The attributes, in the order in which they were first set.
    pub fn attributes(&self) -> &[(Key, Value)] {
        &self.attributes
    }

    /// The value of one attribute.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known.as_str() == key).map(|(_, value)| value)
    }

    pub(crate) fn service_name(&self) -> String {
        self.get(semconv::SERVICE_NAME).map(ToString::to_string).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        if matches!(value, Value::Empty) {
            return;
        }
        match self.attributes.iter_mut().find(|(known, _)| *known == key) {
            Some(entry) => entry.1 = value,
            None => self.attributes.push((key, value)),
        }
    }
}
