//! The characters of the `baggage` header.
//!
//! Source: [W3C Baggage, Definition](https://www.w3.org/TR/baggage/#definition).

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

/// What is percent-encoded in a value: everything but `baggage-octet`s, and `%` itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'\\');
/// The characters of [`ENCODED`], and `=`.
const ENCODED_WITH_EQUALS: &AsciiSet = &ENCODED.add(b'=');

/// What a byte may be part of, one bit each.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0x21;
    while byte < 0x7f_u8 {
        let mut class = 0;
        if !matches!(byte, b'"' | b',' | b';' | b'\\') {
            class |= OCTET;
        }
        if matches!(byte, b'%' | b'=') {
            class |= ESCAPE;
        }
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
        {
            class |= TOKEN;
        }
        classes[byte as usize] = class;
        byte += 1;
    }
    classes
};

/// `baggage-octet`: printable ASCII but for space, `"`, `,`, `;` and `\`.
const OCTET: u8 = 1;
/// `tchar` of RFC 7230.
const TOKEN: u8 = 2;
/// `%`, which must be encoded, and `=`, which may be.
const ESCAPE: u8 = 4;

fn are_all(class: u8, text: &str) -> bool {
    text.bytes().all(|byte| CLASSES[usize::from(byte)] & class != 0)
}

/// A token of RFC 7230: one or more `tchar`.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && are_all(TOKEN, text)
}

/// The token that a text begins with, and what is after it.
pub(super) fn take_token(text: &str) -> Option<(&str, &str)> {
    let is_other = |byte: u8| CLASSES[usize::from(byte)] & TOKEN == 0;
    let end = text.bytes().position(is_other).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The value that a text begins with, decoded; whether it was sent without escapes; and what is after it.
/// The value may be empty.
pub(super) fn take_value(text: &str) -> (Cow<'_, str>, bool, &str) {
    let mut seen = 0;
    let is_other = |byte: u8| {
        let class = CLASSES[usize::from(byte)];
        seen |= class;
        class & OCTET == 0
    };
    let end = text.bytes().position(is_other).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    if seen & ESCAPE == 0 {
        (Cow::Borrowed(value), true, rest)
    } else {
        (percent_decode_str(value).decode_utf8_lossy(), false, rest)
    }
}

/// The text without optional whitespace (spaces and tabs) before it.
pub(super) fn trim_start(text: &str) -> &str {
    let is_other = |byte: u8| !matches!(byte, b' ' | b'\t');
    &text[text.bytes().position(is_other).unwrap_or(text.len())..]
}

/// Writes a value percent-encoded. `=` may stand in one, so encoding it is the caller's choice.
pub(super) fn push_encoded(out: &mut String, value: &str, with_equals: bool) {
    let set = if with_equals { ENCODED_WITH_EQUALS } else { ENCODED };
    out.extend(utf8_percent_encode(value, set));
}

/// Bytes that [`push_encoded`] writes with `=` left as it is, and how many `=` there are.
pub(super) fn encoded_len(value: &str) -> (usize, usize) {
    let (mut len, mut equals) = (0, 0);
    for byte in value.bytes() {
        len += if is_octet(byte) && byte != b'%' { 1 } else { 3 };
        equals += usize::from(byte == b'=');
    }
    (len, equals)
}

/// Properties without whitespace and without empty ones; none if one breaks the grammar.
///
/// They stay encoded: decoding could turn part of a value into a delimiter, and so make a new member.
pub(super) fn properties(text: &str) -> Option<String> {
    let mut properties = String::with_capacity(text.len());
    for property in text.split(';').map(trim).filter(|property| !property.is_empty()) {
        let (key, value) = match property.split_once('=') {
            Some((key, value)) => (trim(key), Some(trim(value))),
            None => (property, None),
        };
        if !is_token(key) || !value.is_none_or(|value| are_all(OCTET, value)) {
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

/// The text without optional whitespace at either end.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn is_octet(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & OCTET != 0
}
