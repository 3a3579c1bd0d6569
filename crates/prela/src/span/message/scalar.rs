//! Values of a few bytes: truth values and numbers.

use crate::Value;
use crate::protobuf::Field;
use crate::protobuf::fields::any_value;
use crate::value::ShortText;

/// A truth value or a number, written as a field of `AnyValue`: in two words, so that calls pass it in registers.
#[derive(Clone, Copy, Debug)]
pub(in crate::span) struct Scalar {
    /// The first eight bytes.
    low: u64,
    /// The number of bytes, and four more bytes above it.
    rest: u64,
}

/// The length of the longest scalar: a tag and a varint of ten bytes; and one byte more.
pub(super) const LONGEST: usize = 12;

impl Scalar {
    #[inline(always)]
    pub(super) fn len(self) -> usize {
        let [len, ..] = self.rest.to_le_bytes();
        len.into()
    }

    /// The bytes, and zeros behind them.
    #[inline(always)]
    pub(super) fn bytes(self) -> [u8; LONGEST] {
        let mut bytes = [0; LONGEST];
        let [_, a, b, c, d, ..] = self.rest.to_le_bytes();
        bytes[..8].copy_from_slice(&self.low.to_le_bytes());
        bytes[8..].copy_from_slice(&[a, b, c, d]);
        bytes
    }

    #[inline(always)]
    pub(in crate::span) fn bool(value: bool) -> Self {
        Self::of(any_value::BOOL, value.into(), 1)
    }

    #[inline(always)]
    pub(in crate::span) fn i64(value: i64) -> Self {
        // Two's complement, as protobuf's `int64` is.
        match value.cast_unsigned() {
            value @ 0..0x80 => Self::of(any_value::INT, value, 1),
            value @ 0x80..0x4000 => {
                Self::of(any_value::INT, value & 0x7f | 0x80 | value >> 7 << 8, 2)
            }
            value => Self::varint(value),
        }
    }

    #[inline(always)]
    pub(in crate::span) fn f64(value: f64) -> Self {
        Self::of(any_value::DOUBLE, value.to_bits(), 8)
    }

    /// A field whose value is the first `len` bytes of a word.
    #[inline(always)]
    fn of(field: Field, value: u64, len: u64) -> Self {
        Self { low: value << 8 | u64::from(field.tag()), rest: value >> 56 << 8 | (len + 1) }
    }

    /// Of a large number. It is apart, so that the code around each attribute stays short.
    #[cold]
    #[inline(never)]
    fn varint(mut value: u64) -> Self {
        let (mut bytes, mut len) = (u128::from(any_value::INT.tag()), 1);
        while value >= 0x80 {
            bytes |= u128::from(value & 0x7f | 0x80) << (8 * len);
            value >>= 7;
            len += 1;
        }
        bytes |= u128::from(value) << (8 * len);
        let [low, high] = [bytes, bytes >> 64].map(|word| {
            let [a, b, c, d, e, f, g, h, ..] = word.to_le_bytes();
            u64::from_le_bytes([a, b, c, d, e, f, g, h])
        });
        Self { low, rest: high << 8 | (len + 1) }
    }
}

/// How a value can be written.
pub(in crate::span) enum Written<'a> {
    Scalar(Scalar),
    Short(ShortText),
    Text(&'a [u8]),
    Other,
}

impl<'a> Written<'a> {
    /// How a value can be written: the compiler mostly knows, where the value is also made.
    #[inline(always)]
    pub(in crate::span) fn of(value: &'a Value) -> Self {
        match value {
            Value::Bool(value) => Self::Scalar(Scalar::bool(*value)),
            Value::I64(value) => Self::Scalar(Scalar::i64(*value)),
            Value::F64(value) => Self::Scalar(Scalar::f64(*value)),
            Value::String(text) => match text.as_short() {
                Some(short) => Self::Short(short),
                None => Self::Text(text.as_bytes()),
            },
            _ => Self::Other,
        }
    }

    /// How a value of OpenTelemetry's API can be written.
    #[inline(always)]
    pub(in crate::span) fn of_otel(value: &'a opentelemetry::Value) -> Self {
        match value {
            opentelemetry::Value::Bool(value) => Self::Scalar(Scalar::bool(*value)),
            opentelemetry::Value::I64(value) => Self::Scalar(Scalar::i64(*value)),
            opentelemetry::Value::F64(value) => Self::Scalar(Scalar::f64(*value)),
            opentelemetry::Value::String(text) => {
                let text = text.as_str().as_bytes();
                ShortText::of(text).map_or(Self::Text(text), Self::Short)
            }
            _ => Self::Other,
        }
    }
}
