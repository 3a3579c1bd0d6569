//! Reads the fields of messages, whatever they are.

use std::borrow::Cow;

/// The fields of a protobuf message, as far as it is one.
///
/// Source: [Protocol Buffers, encoding](https://protobuf.dev/programming-guides/encoding/).
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Number(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    Fixed64(u64),
    Fixed32(u32),
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// How many bytes are not read yet.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    /// The fields with this number.
    pub(crate) fn all(message: &'a [u8], number: u64) -> impl Iterator<Item = Field<'a>> {
        Self(message).filter(move |(it, _)| *it == number).map(|(_, field)| field)
    }

    /// Whether all of it can be read.
    #[cfg(any(feature = "grpc", feature = "http"))]
    pub(crate) fn is_message(message: &'a [u8]) -> bool {
        let mut fields = Self(message);
        fields.by_ref().for_each(drop);
        fields.0.is_empty()
    }

    /// The last field with this number, which is the one that counts.
    pub(crate) fn last(message: &'a [u8], number: u64) -> Option<Field<'a>> {
        Self::all(message, number).last()
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

    fn read(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return None,
        };
        Some((tag >> 3, field))
    }
}

/// Ends where it cannot go on.
impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.0;
        let field = self.read();
        if field.is_none() {
            self.0 = before;
        }
        field
    }
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// As protobuf's `int64` and `int32`.
    pub(crate) fn number(self) -> i64 {
        if let Self::Number(number) = self { number.cast_signed() } else { 0 }
    }

    pub(crate) fn fixed64(self) -> u64 {
        if let Self::Fixed64(number) = self { number } else { 0 }
    }

    pub(crate) fn fixed32(self) -> u32 {
        if let Self::Fixed32(number) = self { number } else { 0 }
    }

    /// Text; nothing of it is lost if it is UTF-8, as all text of ours is.
    pub(crate) fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// A count.
    pub(super) fn count(self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
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
        assert!(Fields::is_message(&message));
        assert_eq!(Fields(&message).count(), 5);
        assert_eq!(Fields::last(&message, 1).unwrap().number(), -1);
        assert_eq!(Fields::last(&message, 3).unwrap().bytes(), b"hi");
        assert_eq!(Fields::last(&message, 9), None);
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
            assert!(!Fields::is_message(message), "{message:?}");
            assert_eq!(Fields(message).collect::<Vec<_>>(), [(1, Field::Number(1))]);
        }
    }
}
