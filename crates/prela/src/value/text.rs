//! Text of attributes, short texts without an allocation.

use opentelemetry::StringValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// The text of an attribute: a `str` that is owned, shared, `'static`, or, up to 22 bytes, kept in
/// place.
///
/// ```
/// use prela::{Text, Value};
///
/// let name = Text::from("search");
/// assert_eq!(name.as_str(), "search");
/// assert_eq!(Value::String(name), Value::from("search"));
/// ```
///
/// Cost: from a `&str` a copy; it allocates only above 22 bytes.
#[derive(Clone)]
pub struct Text(Repr);

thread_local! {
    /// The memory of the last long text that was recorded, so that prompts and answers, set one after the
    /// other, cost a copy and no allocation.
    static BUFFER: Cell<Option<Buffer>> = const { Cell::new(None) };
}

/// Boxed, since a `Text` has no room for a `String`.
type Buffer = Box<String>;

/// For shorter texts an allocation is faster than the buffer.
const SMALLEST_BUFFER: usize = 256;
/// More memory than this is not kept.
const LARGEST_BUFFER: usize = 64 * 1024;

#[derive(Clone)]
enum Repr {
    Short {
        len: u8,
        bytes: [u8; LONGEST_SHORT],
    },
    Static(&'static str),
    Owned(Box<str>),
    /// In a buffer that will be used again.
    Buffered(Buffer),
    Shared(Arc<str>),
}

/// The bytes that fit beside tag and length into the size of the other forms.
const LONGEST_SHORT: usize = 22;

impl Text {
    /// The text as a `str`.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // It is UTF-8: it was written from a whole `str`.
            Repr::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Repr::Static(text) => text,
            Repr::Owned(text) => text,
            Repr::Buffered(text) => text,
            Repr::Shared(text) => text,
        }
    }

    /// The bytes of the text. Cheaper than [`as_str`](Self::as_str), which checks short texts again.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short { len, bytes } => &bytes[..usize::from(*len).min(LONGEST_SHORT)],
            Repr::Static(text) => text.as_bytes(),
            Repr::Owned(text) => text.as_bytes(),
            Repr::Buffered(text) => text.as_bytes(),
            Repr::Shared(text) => text.as_bytes(),
        }
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether dropping it does nothing.
    #[inline]
    pub(super) fn owns_nothing(&self) -> bool {
        matches!(self.0, Repr::Short { .. } | Repr::Static(_))
    }

    /// Drops the text, and keeps its memory for the next long one on this thread.
    #[inline(always)]
    pub(super) fn discard(self) {
        let buffer = match self.0 {
            Repr::Buffered(text) => text,
            Repr::Owned(text) if text.len() >= SMALLEST_BUFFER => Box::new(text.into_string()),
            Repr::Owned(_) | Repr::Short { .. } | Repr::Static(_) | Repr::Shared(_) => return,
        };
        if buffer.capacity() <= LARGEST_BUFFER {
            let _ = BUFFER.try_with(|kept| kept.set(Some(buffer)));
        }
    }

    /// The text in a buffer of this thread, if it is worth it and one is free.
    fn buffered(text: &str) -> Option<Self> {
        if !(SMALLEST_BUFFER..=LARGEST_BUFFER).contains(&text.len()) {
            return None;
        }
        let mut buffer = BUFFER.try_with(Cell::take).ok().flatten()?;
        buffer.clear();
        buffer.push_str(text);
        Some(Self(Repr::Buffered(buffer)))
    }

    fn long(text: &str) -> Self {
        Self::buffered(text).unwrap_or_else(|| Self(Repr::Owned(text.into())))
    }

    #[inline(always)]
    pub(super) fn owned(text: Box<str>) -> Self {
        Self(Repr::Owned(text))
    }

    #[inline(always)]
    fn short(text: &str) -> Option<Self> {
        ShortText::of(text.as_bytes()).map(Self::from)
    }

    /// The text in words, if it is kept in place.
    #[inline(always)]
    pub(crate) fn as_short(&self) -> Option<ShortText> {
        let Repr::Short { len, bytes } = &self.0 else { return None };
        let mut third = [0; 8];
        third[..LONGEST_SHORT - 16].copy_from_slice(&bytes[16..]);
        let words = [*bytes.first_chunk()?, *bytes[8..].first_chunk()?, third];
        Some(ShortText { len: *len, words: words.map(u64::from_le_bytes) })
    }
}

/// A text of at most [`LONGEST_SHORT`] bytes in words, with zeros behind its end. A call passes it in registers; bytes
/// that are read in other pieces than they were written in have to reach the memory first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortText {
    pub(crate) len: u8,
    pub(crate) words: [u64; 3],
}

impl ShortText {
    #[inline(always)]
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok().filter(|len| usize::from(*len) <= LONGEST_SHORT)?;
        let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (first, last) = (word(text.first_chunk()), word(text.last_chunk()));
        // The last word begins in the one before: what belongs to that is shifted out.
        let words = match len {
            0..8 => [below_word(text), 0, 0],
            8..16 => [first, last >> (8 * (15 - len)) >> 8, 0],
            16.. => [first, word(text[8..].first_chunk()), last >> (8 * (23 - len)) >> 8],
        };
        Some(Self { len, words })
    }
}

/// Less than eight bytes as a word.
#[inline(always)]
fn below_word(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << (8 * (text.len() - 4))
        }
        _ => text.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Repr::Static(""))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

/// Copies the text.
impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Self {
        Self::short(text).unwrap_or_else(|| Self::long(text))
    }
}

impl From<ShortText> for Text {
    #[inline(always)]
    fn from(text: ShortText) -> Self {
        let ShortText { len, words: [first, second, third] } = text;
        let mut bytes = [0; LONGEST_SHORT];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..16].copy_from_slice(&second.to_le_bytes());
        bytes[16..].copy_from_slice(&third.to_le_bytes()[..LONGEST_SHORT - 16]);
        Self(Repr::Short { len, bytes })
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::owned(text.into_boxed_str())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self(Repr::Shared(text))
    }
}

impl From<Cow<'static, str>> for Text {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self(Repr::Static(text)),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<StringValue> for Text {
    fn from(text: StringValue) -> Self {
        Self::short(text.as_str()).unwrap_or_else(|| String::from(text).into())
    }
}

impl From<Text> for StringValue {
    fn from(text: Text) -> Self {
        match text.0 {
            Repr::Short { .. } => text.as_str().to_owned().into(),
            Repr::Static(text) => text.into(),
            Repr::Owned(text) => text.into_string().into(),
            Repr::Buffered(text) => text.as_str().to_owned().into(),
            Repr::Shared(text) => text.into(),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_the_same_in_words() {
        let longest: String = ('a'..).take(LONGEST_SHORT + 1).collect();
        for len in 0..=LONGEST_SHORT {
            let text = Text::from(&longest[..len]);
            let short = text.as_short().unwrap();
            let bytes = short.words.map(u64::to_le_bytes).concat();
            assert_eq!(&bytes[..usize::from(short.len)], &longest.as_bytes()[..len]);
            assert!(bytes[len..].iter().all(|byte| *byte == 0), "{len}");
            assert_eq!(text, longest[..len]);
        }
        assert!(Text::from(longest.as_str()).as_short().is_none());
    }
}
