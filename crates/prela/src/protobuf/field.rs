//! The identity of a field within its message.

/// A field of a message, as it begins on the wire: its number times 8, and how its value is encoded.
///
/// Source: [Protocol Buffers, message structure](https://protobuf.dev/programming-guides/encoding/#structure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field(u32);

/// How a value is encoded.
pub(super) const VARINT: u32 = 0;
pub(super) const FIXED64: u32 = 1;
pub(super) const LENGTH_DELIMITED: u32 = 2;
pub(super) const FIXED32: u32 = 5;

impl Field {
    /// An integer, an enumeration or a truth value.
    pub(super) const fn varint(number: u32) -> Self {
        Self(number << 3 | VARINT)
    }

    /// Eight bytes.
    pub(super) const fn fixed64(number: u32) -> Self {
        Self(number << 3 | FIXED64)
    }

    /// Text, bytes or a message.
    pub(super) const fn bytes(number: u32) -> Self {
        Self(number << 3 | LENGTH_DELIMITED)
    }

    /// Four bytes.
    pub(super) const fn fixed32(number: u32) -> Self {
        Self(number << 3 | FIXED32)
    }

    /// The field that begins with this tag; none if it is too large for one.
    pub(super) fn of_tag(tag: u64) -> Option<Self> {
        u32::try_from(tag).ok().map(Self)
    }

    pub(super) fn wire_type(self) -> u32 {
        self.0 & 7
    }

    /// What begins the field on the wire, for numbers up to 15: one byte.
    #[inline(always)]
    pub(crate) const fn tag(self) -> u8 {
        debug_assert!(self.0 < 0x80, "the tag has two bytes");
        self.0.to_le_bytes()[0]
    }

    /// What begins the field on the wire, for numbers from 16 up to 2,047: two bytes.
    #[inline(always)]
    pub(crate) const fn long_tag(self) -> [u8; 2] {
        debug_assert!(self.0 >= 0x80 && self.0 < 0x4000, "the tag does not have two bytes");
        let [low, high, ..] = self.0.to_le_bytes();
        [low | 0x80, high << 1 | low >> 7]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_number_and_the_encoding() {
        assert_eq!(Field::varint(1).tag(), 0x08);
        assert_eq!(Field::fixed64(7).tag(), 0x39);
        assert_eq!(Field::bytes(15).tag(), 0x7a);
        assert_eq!(Field::fixed32(16).long_tag(), [0x85, 0x01]);
        assert_eq!(Field::varint(2_047).long_tag(), [0xf8, 0x7f]);
    }
}
