//! The resource: what produced the spans.

#[cfg(test)]
mod tests;

use crate::{Value, semconv};
use opentelemetry::Key;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::process;

/// Attributes of the process that produced the spans, sent once with each batch.
///
/// Holds `service.name`, `telemetry.sdk.{name, language, version}`, those of `OTEL_RESOURCE_ATTRIBUTES`
/// and those of [`Builder::resource`](crate::Builder::resource).
///
/// Source: [OpenTelemetry Resource SDK](https://opentelemetry.io/docs/specs/otel/resource/sdk/).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<(Key, Value)>,
    /// Those of the keys that Prela set to tell this process from others.
    own_identity: Vec<&'static str>,
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

    /// Lists the entries of the baggage that spans have as attributes: nothing else tells whoever shows a span that
    /// these were carried to it.
    pub(crate) fn list_baggage(&mut self, keys: &[Key]) {
        if !keys.is_empty() {
            let keys: Vec<_> = keys.iter().map(Key::as_str).collect();
            self.set(semconv::PRELA_BAGGAGE_ATTRIBUTES, keys);
        }
    }

    /// Says which process this is, where nothing else says it.
    pub(crate) fn identify(&mut self) {
        let values: [(&'static str, Value); 2] = [
            (semconv::SERVICE_INSTANCE_ID, random_uuid().into()),
            (semconv::PROCESS_PID, i64::from(process::id()).into()),
        ];
        for (key, value) in values {
            if self.get(key).is_none() {
                self.set(key, value);
                self.own_identity.push(key);
            }
        }
    }

    /// This resource in a forked process, which is another one.
    pub(crate) fn for_fork(&self) -> Self {
        let mut new = self.clone();
        let own = std::mem::take(&mut new.own_identity);
        if !own.is_empty() {
            new.attributes.retain(|(key, _)| !own.contains(&key.as_str()));
            new.identify();
        }
        new
    }
}

/// Of version 4, which the conventions ask for.
///
/// Source: [RFC 9562, section 5.4](https://www.rfc-editor.org/rfc/rfc9562#section-5.4).
fn random_uuid() -> String {
    let bits = SmallRng::from_os_rng().random::<u128>() & !(0xf << 76) & !(0b11 << 62)
        | 4 << 76
        | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}
