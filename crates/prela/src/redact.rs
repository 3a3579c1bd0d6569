//! Takes secrets out of spans before anything keeps them.

mod cards;
mod detect;
mod emails;
mod keys;

#[cfg(test)]
mod tests;

use self::detect::Detector;
#[cfg(feature = "genai")]
use crate::json_text;
use crate::span::SpanData;
use crate::{Value, context};
use opentelemetry::Key;
use opentelemetry::trace::Status;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What must not leave the program; for [`Builder::redact`](crate::Builder::redact).
///
/// Applied when a span has ended and before it is queued, on the thread that ended it: to attributes of the
/// span, its events and its links, also within lists, maps and the JSON of typed spans. With
/// [`Builder::pending_spans`](crate::Builder::pending_spans) also to each copy that is shown while the span runs,
/// on another thread. Detectors also
/// search the span's name, its events' names and its status description. The resource, keys and bytes are left
/// as they are.
///
/// A detector replaces what it finds by its name, such as `[redacted email]`, and leaves the rest of
/// the text. All are off until they are switched on: they cost time for each text, and they may take out what
/// is no secret. No detector finds everything; content that must not leave is better not recorded.
///
/// Cost: each span is read back from its message and written again, which is about twice the work of
/// recording it, besides what detectors and rules take.
///
/// ```
/// use prela::export::MemoryExporter;
/// use prela::redact::Redactor;
/// use prela::Exporter;
///
/// let memory = MemoryExporter::new();
/// let prela = prela::builder()
///     .service_name("doc")
///     .exporter(memory.clone())
///     .redact(Redactor::new().key("user.name").emails().api_keys())
///     .build()?;
/// prela.tracer().span_default("login").in_scope(|span| {
///     span.set_attribute("user.name", "Anna");
///     span.set_attribute("note", "write to anna@example.com");
/// });
/// prela.flush(std::time::Duration::from_secs(5))?;
/// let span = &memory.spans()[0];
/// assert_eq!(span.attribute("user.name"), Some(&"[redacted]".into()));
/// assert_eq!(span.attribute("note"), Some(&"write to [redacted email]".into()));
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    keys: Vec<String>,
    parts_of_keys: Vec<String>,
    detectors: Vec<Detector>,
    rules: Vec<Arc<Rule>>,
}

type Rule = dyn Fn(&str, &Value) -> Option<Value> + Send + Sync;

impl Redactor {
    /// Makes a redactor that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the value of this attribute, and of entries of maps with this key, by `[redacted]`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Replaces the values of keys that have this in them, in upper or lower case, such as `password`.
    #[must_use]
    pub fn keys_with(mut self, part: impl Into<String>) -> Self {
        self.parts_of_keys.push(part.into().to_ascii_lowercase());
        self
    }

    /// Finds keys of model providers, clouds and code hosts by their usual prefixes, JSON web tokens,
    /// and PEM private keys.
    #[must_use]
    pub fn api_keys(self) -> Self {
        self.with(Detector::ApiKey)
    }

    /// Finds what follows `Bearer` or `Basic`, as in an `Authorization` header.
    #[must_use]
    pub fn bearer_tokens(self) -> Self {
        self.with(Detector::BearerToken)
    }

    /// Finds e-mail addresses.
    #[must_use]
    pub fn emails(self) -> Self {
        self.with(Detector::Email)
    }

    /// Finds payment card numbers: 13 to 19 digits with the right check digit, in one piece or in
    /// groups.
    #[must_use]
    pub fn card_numbers(self) -> Self {
        self.with(Detector::CardNumber)
    }

    /// Switches on all detectors.
    #[must_use]
    pub fn everything_known(self) -> Self {
        self.api_keys().bearer_tokens().emails().card_numbers()
    }

    /// Adds a rule of your own: given a key and a value, it returns what to put in its place, or `None` to
    /// leave it. Called for each attribute, before all else, and not for what is inside lists and maps. If it
    /// panics the value becomes `[redacted]`.
    #[must_use]
    pub fn rule(
        mut self,
        rule: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static,
    ) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    fn with(mut self, detector: Detector) -> Self {
        if !self.detectors.contains(&detector) {
            self.detectors.push(detector);
        }
        self
    }

    /// Takes out of a span what must not leave.
    pub(crate) fn apply(&self, span: &mut SpanData) {
        self.name(&mut span.name);
        self.pairs(&mut span.attributes, true);
        for event in &mut span.events {
            self.name(&mut event.name);
            self.pairs(&mut event.attributes, true);
        }
        for link in &mut span.links {
            self.pairs(&mut link.attributes, true);
        }
        if let Status::Error { description } = &mut span.status {
            self.name(description);
        }
    }

    pub(super) fn pairs(&self, pairs: &mut [(Key, Value)], is_outermost: bool) {
        for (key, value) in pairs {
            let key = key.as_str();
            if is_outermost {
                for rule in &self.rules {
                    // User code.
                    match context::hook(|| rule(key, value)) {
                        Some(Some(replacement)) => *value = replacement,
                        Some(None) => {}
                        None => *value = REDACTED.into(),
                    }
                }
            }
            if self.is_secret(key) {
                *value = REDACTED.into();
            } else if !self.json(key, value) {
                self.value(value);
            }
        }
    }

    /// Cleans JSON that is written as text, as maps are cleaned. False if the value is no such JSON.
    #[cfg(feature = "genai")]
    fn json(&self, key: &str, value: &mut Value) -> bool {
        use serde_json::Value as Json;
        let Value::String(text) = &*value else { return false };
        let Some(mut json) = json_text::read(key, text.as_str()) else { return false };
        let mut is_changed = false;
        json_text::each(&mut json, &mut |name, value| {
            let clean = match (name, &*value) {
                (Some(name), _) if self.is_secret(name) => Some(REDACTED.to_owned()),
                (None, Json::String(text)) => self.text(text),
                (None, Json::Number(number)) => self.text(&number.to_string()),
                _ => None,
            };
            if let Some(clean) = clean {
                *value = clean.into();
                is_changed = true;
            }
        });
        if is_changed {
            *value = json.to_string().into();
        }
        true
    }

    #[cfg(not(feature = "genai"))]
    #[expect(clippy::unused_self, reason = "without typed spans nothing is JSON")]
    fn json(&self, _: &str, _: &mut Value) -> bool {
        false
    }

    fn is_secret(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
            || self.parts_of_keys.iter().any(|part| contains_ignoring_case(key, part))
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(clean) = self.text(text.as_str()) {
                    *text = clean.into();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Map(entries) => self.pairs(entries, false),
            Value::I64(number) => {
                // It may be a card number.
                if *number >= 1_000_000_000_000
                    && self.detectors.contains(&Detector::CardNumber)
                    && let Some(clean) = self.text(&number.to_string())
                {
                    *value = clean.into();
                }
            }
            Value::Empty | Value::Bool(_) | Value::F64(_) | Value::Bytes(_) => {}
        }
    }

    fn name(&self, name: &mut Cow<'static, str>) {
        if let Some(clean) = self.text(name) {
            *name = clean.into();
        }
    }

    /// The text without what the detectors find; none if they find nothing.
    fn text(&self, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        for detector in &self.detectors {
            let found = detector.find(clean.as_deref().unwrap_or(text));
            if !found.is_empty() {
                let before = clean.as_deref().unwrap_or(text);
                clean = Some(detect::replace(before, &found, detector.replacement()));
            }
        }
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("keys", &self.keys)
            .field("keys_with", &self.parts_of_keys)
            .field("detectors", &self.detectors)
            .field("rules", &self.rules.len())
            .finish()
    }
}

/// Whether a key contains `part`, which is in lower case.
fn contains_ignoring_case(key: &str, part: &str) -> bool {
    !part.is_empty()
        && key.as_bytes().windows(part.len()).any(|it| it.eq_ignore_ascii_case(part.as_bytes()))
}

const REDACTED: &str = "[redacted]";
