//! Fields as they stand on the wire, to be copied into another message.

use super::{Field, Reader};

/// The fields of a message, in order. A malformed one is given as none, and is the last.
pub(crate) struct RawFields<'a> {
    message: &'a [u8],
    reader: Reader<'a>,
}

/// A field, encoded.
pub(crate) struct RawField<'a> {
    pub(crate) id: Field,
    /// With its tag and length.
    pub(crate) whole: &'a [u8],
    /// Without them; empty for a field that has no length.
    pub(crate) content: &'a [u8],
}

impl<'a> RawFields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { message, reader: Reader::of(message) }
    }
}

impl<'a> Iterator for RawFields<'a> {
    type Item = Option<RawField<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.reader.left();
        if left == 0 {
            return None;
        }
        let Some((id, content)) = self.reader.next() else {
            self.reader = Reader::of(&[]);
            return Some(None);
        };
        let end = self.message.len();
        let whole = &self.message[end - left..end - self.reader.left()];
        Some(Some(RawField { id, whole, content: content.bytes() }))
    }
}
