//! What is searched for, in each of the forms that it may have in a message.

use super::id_of;
use memchr::memmem::Finder;

/// What is searched for.
pub(super) struct Needle {
    text: String,
    /// A text with capitals is found only like that, one without in any case.
    is_exact: bool,
    finder: Finder<'static>,
    /// Numbers and ids are not written as texts: these are their bytes in a message.
    others: Vec<Finder<'static>>,
    is_number: bool,
    id: Option<Vec<u8>>,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let mut others = Vec::new();
        let mut is_number = false;
        if let Ok(number) = text.parse::<i64>() {
            // Field 3 of `AnyValue`, a varint.
            let mut bytes = vec![0x18];
            prost::encoding::encode_varint(number.cast_unsigned(), &mut bytes);
            others.push(bytes);
            is_number = true;
        }
        if let Ok(number) = text.parse::<f64>() {
            // Field 4 of `AnyValue`, a double.
            let mut bytes = vec![0x21];
            bytes.extend(number.to_le_bytes());
            others.push(bytes);
            is_number = true;
        }
        let id = id_of(text);
        others.extend(id.clone());
        let is_exact = text.chars().any(char::is_uppercase);
        Self {
            is_exact,
            finder: Finder::new(text.as_bytes()).into_owned(),
            others: others.iter().map(|bytes| Finder::new(bytes).into_owned()).collect(),
            is_number,
            id,
            text: text.to_owned(),
        }
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_number
    }

    pub(super) fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// Whether a message may have it.
    pub(super) fn is_in(&self, message: &[u8]) -> bool {
        let is_text = if self.is_exact {
            self.finder.find(message).is_some()
        } else {
            find_in_any_case(message, &self.text).is_some()
        };
        is_text || self.others.iter().any(|other| other.find(message).is_some())
    }

    /// The text around the first place in a text where it stands, in one line.
    pub(super) fn excerpt(&self, text: &str) -> Option<String> {
        let at = if self.is_exact {
            text.find(&self.text)?
        } else {
            find_in_any_case(text.as_bytes(), &self.text)?
        };
        let start = text.floor_char_boundary_before(at.saturating_sub(BEFORE));
        let end = text.floor_char_boundary_before((at + self.text.len() + AFTER).min(text.len()));
        let line: Vec<&str> = text[start..end].split_whitespace().collect();
        let line = line.join(" ");
        let (before, after) =
            (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
        Some(format!("{before}{line}{after}"))
    }
}

/// The place of a text in bytes; letters of ASCII may differ in their case.
fn find_in_any_case(bytes: &[u8], text: &str) -> Option<usize> {
    let text = text.as_bytes();
    let Some(first) = text.first() else { return Some(0) };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let last = bytes.len().checked_sub(text.len())?;
    memchr::memchr2_iter(lower, upper, &bytes[..=last])
        .find(|at| bytes[*at..*at + text.len()].eq_ignore_ascii_case(text))
}

/// `str::floor_char_boundary`, which is younger than the oldest compiler that is promised.
trait Boundary {
    fn floor_char_boundary_before(&self, at: usize) -> usize;
}

impl Boundary for str {
    fn floor_char_boundary_before(&self, at: usize) -> usize {
        (0..=at.min(self.len())).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}

/// Bytes of an excerpt around what was found.
const BEFORE: usize = 40;
const AFTER: usize = 60;
