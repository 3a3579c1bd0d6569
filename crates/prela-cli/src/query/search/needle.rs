//! The text that is searched for, in each form that it may have in a message.

use super::id_of;
use crate::store::Runs;
use memchr::memmem::Finder;

/// A text that is searched for.
pub(in crate::query) struct Needle {
    /// Whether case matters: it does if the text has capitals.
    is_exact: bool,
    exact: Finder<'static>,
    any_case: AnyCase,
    /// The text as a number or an id, as the bytes that messages have for it.
    others: Vec<Finder<'static>>,
    is_number: bool,
    id: Option<Vec<u8>>,
    /// The runs of three bytes of each form; none if one of the forms is too short to have any.
    runs: Option<Vec<Runs>>,
}

impl Needle {
    pub(in crate::query) fn new(text: &str) -> Self {
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
        let runs =
            others.iter().map(Vec::as_slice).chain([text.as_bytes()]).map(Runs::of).collect();
        let is_exact = text.chars().any(char::is_uppercase);
        Self {
            is_exact,
            exact: Finder::new(text.as_bytes()).into_owned(),
            any_case: AnyCase::new(text),
            others: others.iter().map(|bytes| Finder::new(bytes).into_owned()).collect(),
            is_number,
            id,
            runs,
        }
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_number
    }

    pub(super) fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// Whether any message of a block may have the text.
    pub(super) fn may_be_in(&self, grams: &[u8]) -> bool {
        self.runs.as_ref().is_none_or(|forms| forms.iter().any(|form| form.may_be_in(grams)))
    }

    /// Whether a message has the bytes of the text in one of its forms.
    pub(in crate::query) fn is_in(&self, message: &[u8]) -> bool {
        self.find(message).is_some()
            || self.others.iter().any(|other| other.find(message).is_some())
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        if self.is_exact { self.exact.find(bytes) } else { self.any_case.find(bytes) }
    }

    /// The surroundings of the first place where it stands in `text`, in one line; none if it is not there.
    pub(super) fn excerpt(&self, text: &str) -> Option<String> {
        let at = self.find(text.as_bytes())?;
        let start = text.floor_char_boundary_before(at.saturating_sub(BEFORE));
        let end = text
            .floor_char_boundary_before((at + self.any_case.text.len() + AFTER).min(text.len()));
        let line: Vec<&str> = text[start..end].split_whitespace().collect();
        let line = line.join(" ");
        let (before, after) =
            (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
        Some(format!("{before}{line}{after}"))
    }
}

/// A text that is found in any case of its ASCII letters.
struct AnyCase {
    text: Vec<u8>,
    /// The place of the byte that is looked for first: the rarest, so that few of its finds are not the text.
    anchor: usize,
}

impl AnyCase {
    fn new(text: &str) -> Self {
        let text = text.to_ascii_lowercase().into_bytes();
        let commonness = |byte: u8| COMMON.iter().rev().position(|common| *common == byte);
        let anchor = (0..text.len()).min_by_key(|at| commonness(text[*at])).unwrap_or(0);
        Self { text, anchor }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let Some(rare) = self.text.get(self.anchor) else { return Some(0) };
        let last = bytes.len().checked_sub(self.text.len())?;
        let places = &bytes[self.anchor..=last + self.anchor];
        memchr::memchr2_iter(*rare, rare.to_ascii_uppercase(), places)
            .find(|at| bytes[*at..*at + self.text.len()].eq_ignore_ascii_case(&self.text))
    }
}

/// The bytes that are frequent in names, keys and texts, the most frequent first.
const COMMON: &[u8] = b"e_ationsr.lcdpumgh 0123fby";

/// A stand-in for `str::floor_char_boundary`, which the oldest supported compiler does not have.
trait Boundary {
    fn floor_char_boundary_before(&self, at: usize) -> usize;
}

impl Boundary for str {
    fn floor_char_boundary_before(&self, at: usize) -> usize {
        (0..=at.min(self.len())).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}

/// The most bytes of an excerpt before what was found.
const BEFORE: usize = 40;
/// The most bytes of an excerpt after what was found.
const AFTER: usize = 60;
