//! Reads the fields of any message.

use super::Field;
use super::field::{FIXED32, FIXED64, LENGTH_DELIMITED, VARINT};
use std::borrow::Cow;

/// The fields of a protobuf message, up to where it is malformed.
///
/// Source: [Protocol Buffers, encoding](https://protobuf.dev/programming-guides/encoding/).
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// The content of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    Fixed64(u64),
    Fixed32(u32),
}

impl<'a> Reader<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// How many bytes are not read yet.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    /// Every occurrence of this field.
    pub(crate) fn all(message: &'a [u8], field: Field) -> impl Iterator<Item = Content<'a>> {
        Self(message).filter(move |(it, _)| *it == field).map(|(_, content)| content)
    }

    /// Whether all of it can be read.
    #[cfg(feature = "__otlp")]
    pub(crate) fn is_message(message: &'a [u8]) -> bool {
        let mut fields = Self(message);
        fields.by_ref().for_each(drop);
        fields.0.is_empty()
    }

    /// The last occurrence of this field, which is the one that counts.
    pub(crate) fn last(message: &'a [u8], field: Field) -> Option<Content<'a>> {
        Self::all(message, field).last()
    }

    /// The last occurrence of this field as text, bytes or a message; empty without one.
    pub(crate) fn last_bytes(message: &'a [u8], field: Field) -> &'a [u8] {
        Self::last(message, field).map_or(&[], Content::bytes)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn read(&mut self) -> Option<(Field, Content<'a>)> {
        let field = Field::of_tag(self.varint()?)?;
        let content = match field.wire_type() {
            VARINT => Content::Varint(self.varint()?),
            FIXED64 => Content::Fixed64(u64::from_le_bytes(self.take_array()?)),
            LENGTH_DELIMITED => {
                let length = self.varint()?;
                Content::Bytes(self.take(length)?)
            }
            FIXED32 => Content::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return None,
        };
        Some((field, content))
    }
}

/// Ends at the end, or before a malformed field.
impl<'a> Iterator for Reader<'a> {
    type Item = (Field, Content<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.0;
        let field = self.read();
        if field.is_none() {
            self.0 = before;
        }
        field
    }
}

impl<'a> Content<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// The content as protobuf's `int64` or `int32`.
    pub(crate) fn int(self) -> i64 {
        if let Self::Varint(number) = self { number.cast_signed() } else { 0 }
    }

    pub(crate) fn fixed64(self) -> u64 {
        if let Self::Fixed64(number) = self { number } else { 0 }
    }

    pub(crate) fn fixed32(self) -> u32 {
        if let Self::Fixed32(number) = self { number } else { 0 }
    }

    /// The content as text. What is not UTF-8 is replaced; our own text always is.
    pub(crate) fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// The content as a count.
    pub(crate) fn count(self) -> u32 {
        u32::try_from(self.int()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
#[cfg(feature = "__otlp")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_read_or_passed_over() {
        let message = [
            &b"\x08\x96\x01"[..],                            // 1: 150
            b"\x11\0\0\0\0\0\0\0\0",                         // 2: fixed64
            b"\x1a\x02hi",                                   // 3: "hi"
            b"\x25\0\0\0\0",                                 // 4: fixed32
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // 1: -1
        ]
        .concat();
        assert!(Reader::is_message(&message));
        assert_eq!(Reader(&message).count(), 5);
        assert_eq!(Reader::last(&message, Field::varint(1)).unwrap().int(), -1);
        assert_eq!(Reader::last_bytes(&message, Field::bytes(3)), b"hi");
        assert_eq!(Reader::last(&message, Field::varint(9)), None);
        assert_eq!(Reader::last(&message, Field::bytes(1)), None, "of another kind");
    }

    #[test]
    fn what_is_no_message_is_read_as_far_as_it_goes() {
        let broken: [&[u8]; 6] = [
            b"\x08\x01\x08",
            b"\x08\x01\x1a\x05hi",
            b"\x08\x01\x0b",
            b"\x08\x01\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x08\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x08\x01\x11\0",
        ];
        for message in broken {
            assert!(!Reader::is_message(message), "{message:?}");
            let read: Vec<_> = Reader(message).collect();
            assert_eq!(read, [(Field::varint(1), Content::Varint(1))]);
        }
    }
}
