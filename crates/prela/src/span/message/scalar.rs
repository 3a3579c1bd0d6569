//! Values of a few bytes: truth values and numbers.

use crate::Value;
use crate::protobuf::Field;
use crate::protobuf::fields::any_value;

/// A truth value or a number, written as a field of `AnyValue`.
#[derive(Clone, Copy, Debug)]
pub(in crate::span) struct Scalar {
    pub(super) bytes: [u8; LONGEST],
    len: u8,
}

/// The length of the longest scalar: a tag and a varint of ten bytes.
pub(super) const LONGEST: usize = 11;

impl TryFrom<Value> for Scalar {
    type Error = Value;

    #[inline(always)]
    fn try_from(value: Value) -> Result<Self, Value> {
        let scalar = match &value {
            Value::Bool(value) => Self::bool(*value),
            Value::I64(value) => Self::i64(*value),
            Value::F64(value) => Self::f64(*value),
            _ => return Err(value),
        };
        value.discard();
        Ok(scalar)
    }
}

impl Scalar {
    #[inline]
    pub(super) fn len(self) -> usize {
        self.len.into()
    }

    #[inline]
    pub(super) fn bool(value: bool) -> Self {
        Self::of(any_value::BOOL, [u8::from(value)])
    }

    #[inline]
    pub(super) fn i64(value: i64) -> Self {
        match u8::try_from(value) {
            Ok(value @ 0..0x80) => Self::of(any_value::INT, [value]),
            // Two's complement, as protobuf's `int64` is.
            _ => Self::varint(value.cast_unsigned()),
        }
    }

    #[inline]
    pub(super) fn f64(value: f64) -> Self {
        Self::of(any_value::DOUBLE, value.to_bits().to_le_bytes())
    }

    /// The first bytes of a text below 128 bytes.
    #[inline]
    pub(super) fn text(len: u8) -> Self {
        Self::of(any_value::STRING, [len])
    }

    #[inline]
    fn of<const N: usize>(field: Field, value: [u8; N]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[0] = field.tag();
        bytes[1..=N].copy_from_slice(&value);
        let [len, ..] = (1 + N).to_le_bytes();
        Self { bytes, len }
    }

    fn varint(mut value: u64) -> Self {
        let mut bytes = [any_value::INT.tag(); LONGEST];
        let mut len = 1;
        while value >= 0x80 {
            let [low, ..] = value.to_le_bytes();
            bytes[len] = low | 0x80;
            value >>= 7;
            len += 1;
        }
        [bytes[len], ..] = value.to_le_bytes();
        let [len, ..] = (len + 1).to_le_bytes();
        Self { bytes, len }
    }
}
