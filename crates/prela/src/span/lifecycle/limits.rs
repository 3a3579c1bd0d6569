//! How much one span may hold.

use crate::span::message::{AllTypes, KeyHash, SpanMessage};
use crate::value::ShortText;
use crate::{SpanType, Value, semconv};
use opentelemetry::Key;

/// How much one span may hold. What comes after a count is reached is refused, and the number refused is exported.
///
/// ```
/// use prela::span::SpanLimits;
///
/// let limits = SpanLimits { attributes: 32, attribute_value_length: Some(4_096), ..SpanLimits::default() };
/// let builder = prela::builder().span_limits(limits);
/// # drop(builder);
/// ```
///
/// Source: [OpenTelemetry SDK, Span Limits](https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the specification closes the list, and `..default()` keeps users short"
)]
pub struct SpanLimits {
    /// Most attributes of a span. Default: 128. Environment: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, then
    /// `OTEL_ATTRIBUTE_COUNT_LIMIT`. A key that is already there can always be written again.
    pub attributes: usize,
    /// Most characters of a text value, and bytes of a bytes value; longer ones are cut. What Prela writes for
    /// machines to compare, such as types, ids and names of functions, is not cut: a part of one would be
    /// another one. Default: no limit. Environment: `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then
    /// `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`.
    pub attribute_value_length: Option<usize>,
    /// Most events of a span. Default: 128. Environment: `OTEL_SPAN_EVENT_COUNT_LIMIT`.
    pub events: usize,
    /// Most links of a span. Default: 128. Environment: `OTEL_SPAN_LINK_COUNT_LIMIT`.
    pub links: usize,
    /// Most attributes of an event. Default: 128. Environment: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`,
    /// then `OTEL_ATTRIBUTE_COUNT_LIMIT`.
    pub attributes_per_event: usize,
    /// Most attributes of a link. Default: 128. Environment: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`, then
    /// `OTEL_ATTRIBUTE_COUNT_LIMIT`.
    pub attributes_per_link: usize,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attributes: 128,
            attribute_value_length: None,
            events: 128,
            links: 128,
            attributes_per_event: 128,
            attributes_per_link: 128,
        }
    }
}

impl SpanLimits {
    /// Writes one attribute of a span: over the value of the same key, or else at the end, if the limit allows it.
    pub(in crate::span) fn set(&self, message: &mut SpanMessage, key: &str, value: &mut Value) {
        if matches!(value, Value::Empty) {
            return;
        }
        self.cut(key, value);
        message.set(key, value);
    }

    /// Writes one attribute whose value is a short text, as [`set`](Self::set) does.
    #[inline(always)]
    pub(super) fn set_short(
        &self,
        message: &mut SpanMessage,
        key: &str,
        hash: KeyHash,
        text: ShortText,
    ) {
        if !message.set_short(key.as_bytes(), hash, text) {
            self.set(message, key, &mut Value::from(text));
        }
    }

    /// Writes the attributes of a span type.
    #[inline]
    pub(super) fn set_type(
        &self,
        message: &mut SpanMessage,
        types: &AllTypes,
        span_type: SpanType,
    ) {
        let of_type = types.of(span_type);
        if self.attributes >= of_type.count {
            return message.set_type(of_type);
        }
        let set = |key: Key, mut value: Value| self.set(message, key.as_str(), &mut value);
        span_type.write_attributes(types.conventions, set);
    }

    /// The attributes of an event or a link within the limits, and the number of those refused.
    pub(crate) fn collect<K: Into<Key>, V: Into<Value>>(
        &self,
        pairs: impl IntoIterator<Item = (K, V)>,
        most: usize,
    ) -> (Vec<(Key, Value)>, u32) {
        let pairs = pairs.into_iter();
        let mut attributes: Vec<(Key, Value)> = Vec::with_capacity(pairs.size_hint().0.min(most));
        let mut dropped: u32 = 0;
        for (key, value) in pairs {
            let (key, mut value) = (key.into(), value.into());
            if matches!(value, Value::Empty) {
                continue;
            }
            self.cut(key.as_str(), &mut value);
            match attributes.iter().position(|(known, _)| *known == key) {
                Some(place) => attributes[place].1 = value,
                None if attributes.len() < most && !key.as_str().is_empty() => {
                    attributes.push((key, value));
                }
                None => dropped = dropped.saturating_add(1),
            }
        }
        (attributes, dropped)
    }

    /// The most characters of a text; the largest number without a limit.
    #[inline]
    pub(super) fn longest_text(&self) -> usize {
        self.attribute_value_length.unwrap_or(usize::MAX)
    }

    fn cut(&self, key: &str, value: &mut Value) {
        if matches!(value, Value::Array(_) | Value::Map(_)) {
            value.limit_depth();
        }
        if let Some(length) = self.attribute_value_length
            && !semconv::is_identifier(key)
        {
            value.truncate(length);
        }
    }
}
