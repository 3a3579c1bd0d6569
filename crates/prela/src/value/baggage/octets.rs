//! The characters of the `baggage` header.
//!
//! Source: [W3C Baggage, Definition](https://www.w3.org/TR/baggage/#definition).

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

/// What is percent-encoded in a value: all that is not a `baggage-octet`, and `%` itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'\\');
/// The same with `=`.
const ENCODED_WITH_EQUALS: &AsciiSet = &ENCODED.add(b'=');

/// A token of RFC 7230: one or more `tchar`.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Without optional whitespace (spaces and tabs) at either end.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Writes a value percent-encoded. `=` may stand in one, so encoding it is the caller's choice.
pub(crate) fn push_encoded(out: &mut String, value: &str, with_equals: bool) {
    let set = if with_equals { ENCODED_WITH_EQUALS } else { ENCODED };
    out.extend(utf8_percent_encode(value, set));
}

/// Bytes that [`push_encoded`] writes with `=` left as it is.
pub(super) fn encoded_len(value: &str) -> usize {
    value.bytes().map(|byte| if is_octet(byte) && byte != b'%' { 1 } else { 3 }).sum()
}

/// A value decoded; none if it has a character that no value may have.
pub(super) fn decode(value: &str) -> Option<Cow<'_, str>> {
    value.bytes().all(is_octet).then(|| percent_decode_str(value).decode_utf8_lossy())
}

/// Properties without whitespace and without empty ones; none if one breaks the grammar.
///
/// They are kept as they are, encoded: decoding them could make a delimiter of their text, and with it
/// a new member.
pub(super) fn properties(text: &str) -> Option<String> {
    let mut properties = String::with_capacity(text.len());
    for property in text.split(';').map(trim).filter(|property| !property.is_empty()) {
        let (key, value) = match property.split_once('=') {
            Some((key, value)) => (trim(key), Some(trim(value))),
            None => (property, None),
        };
        if !is_token(key.as_bytes()) || !value.is_none_or(|value| value.bytes().all(is_octet)) {
            return None;
        }
        if !properties.is_empty() {
            properties.push(';');
        }
        properties.push_str(key);
        if let Some(value) = value {
            properties.push('=');
            properties.push_str(value);
        }
    }
    Some(properties)
}

/// `baggage-octet`: printable ASCII but for space, `"`, `,`, `;` and `\`.
fn is_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}
