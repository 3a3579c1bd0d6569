//! Names, values and durations as text that is safe on a terminal.

use crate::Value;
use crate::semconv;
use crate::span::SpanData;
use crate::{SpanKind, SpanType};
use opentelemetry::Key;
use std::fmt::{self, Display, Write};
use std::time::Duration;

/// At most `limit` characters of a text, with control characters as escapes.
pub(super) fn shown(text: impl Display, limit: usize) -> String {
    let mut cut = Cut { text: String::new(), left: limit };
    // The error ends the writing of a long value early: there may be megabytes of it.
    let _cut_short = write!(cut, "{text}");
    cut.text
}

struct Cut {
    text: String,
    left: usize,
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left == 0 {
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.left -= 1;
            match c {
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                c if c.is_control() || reorders(c) => self.text.extend(c.escape_unicode()),
                c => self.text.push(c),
            }
        }
        Ok(())
    }
}

/// Characters that change lines or the direction of the text around them.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Attributes as `{key: value, key: value}`, without those that repeat the span's type, or another attribute
/// under a backend's name; nothing if there are none.
pub(super) fn attributes<'a>(
    attributes: impl IntoIterator<Item = &'a (Key, Value), IntoIter: Clone>,
    limit: usize,
) -> String {
    let mut text = String::new();
    let attributes = attributes.into_iter();
    for (key, value) in attributes.clone() {
        let repeats = semconv::REPEATING.iter().any(|(known, of)| {
            *known == key.as_str()
                && of.is_none_or(|of| {
                    attributes.clone().any(|(other, it)| {
                        other.as_str() == of && it.to_string() == value.to_string()
                    })
                })
        });
        // Backends need the empty value; a person does not.
        let says_nothing = semconv::FILLED.contains(&key.as_str()) && value == &Value::from("");
        if !repeats && !says_nothing {
            text.push_str(if text.is_empty() { "{" } else { ", " });
            text.push_str(&shown(key, limit));
            text.push_str(": ");
            text.push_str(&shown(value, limit));
        }
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}

/// Three digits and a unit, such as `1.24s` and `320ms`; from a minute on `2m 05s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => {}
        1..60 => return three_digits(duration.as_nanos(), 1_000_000_000, "s"),
        60..3_600 => return format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => return format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => return format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
    match duration.as_nanos() {
        nanos @ 0..1_000 => format!("{nanos}ns"),
        nanos @ 1_000..1_000_000 => three_digits(nanos, 1_000, "µs"),
        nanos => three_digits(nanos, 1_000_000, "ms"),
    }
}

/// Cut, not rounded: 999.9 must not become 1000.
fn three_digits(nanos: u128, unit: u128, name: &str) -> String {
    let (whole, hundredths) = (nanos / unit, nanos * 100 / unit % 100);
    match whole {
        0..10 => format!("{whole}.{hundredths:02}{name}"),
        10..100 => format!("{whole}.{}{name}", hundredths / 10),
        _ => format!("{whole}{name}"),
    }
}

/// The type of a span; its kind if it has none of Prela's types, such as a request.
pub(super) fn type_of(span: &SpanData) -> &'static str {
    match (span.span_type, &span.kind) {
        (SpanType::Custom, SpanKind::Server) => "server",
        (SpanType::Custom, SpanKind::Client) => "client",
        (SpanType::Custom, SpanKind::Producer) => "producer",
        (SpanType::Custom, SpanKind::Consumer) => "consumer",
        (span_type, _) => span_type.as_str(),
    }
}
