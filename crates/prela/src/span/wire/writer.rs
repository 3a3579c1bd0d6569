//! A buffer that grows while protobuf fields are written to it.

use super::scalar::{self, Scalar};

/// Writes protobuf fields, one after the other. A field's tag is its number times 8 plus its wire type.
///
/// The buffer is longer than what is written, and always initialized: so that a field of several parts
/// checks for room once.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    buffer: Vec<u8>,
    len: usize,
}

impl Writer {
    /// What is in the buffer does not matter, its length does.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, len: 0 }
    }

    /// The buffer, whatever is behind what was written, and how long that is.
    pub(crate) fn into_parts(self) -> (Vec<u8>, usize) {
        (self.buffer, self.len)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn written(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    #[inline]
    pub(super) fn written_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.len]
    }

    /// Forgets what was written from here on.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets everything, and the buffer if that is larger.
    #[inline]
    pub(super) fn clear(&mut self, largest: usize) {
        self.len = 0;
        if self.buffer.len() > largest {
            self.buffer = Vec::new();
        }
    }

    /// So much more can be written without growing again.
    #[inline]
    pub(crate) fn reserve(&mut self, additional: usize) {
        if self.buffer.len() - self.len < additional {
            self.grow(additional);
        }
    }

    #[cold]
    fn grow(&mut self, additional: usize) {
        let len = (self.buffer.len() * 2).max(self.len + additional).max(SMALLEST);
        self.buffer.resize(len, 0);
    }

    /// The next bytes, to be written by the caller.
    #[inline]
    fn next(&mut self, len: usize) -> &mut [u8] {
        self.reserve(len);
        let from = self.len;
        self.len += len;
        &mut self.buffer[from..][..len]
    }

    #[inline]
    pub(crate) fn raw<const N: usize>(&mut self, bytes: [u8; N]) {
        self.next(N).copy_from_slice(&bytes);
    }

    #[inline]
    pub(super) fn all(&mut self, bytes: &[u8]) {
        copy(self.next(bytes.len()), bytes);
    }

    /// A `KeyValue` whose lengths all have one byte, with a short key. The value is `head`, and then `tail`.
    #[inline(always)]
    pub(super) fn short_pair(&mut self, tag: u8, key: &[u8], head: Scalar, tail: &[u8]) {
        // All of `head`'s bytes are written, and what comes next over those that are too much.
        const MOST: usize = 4 + SHORT_KEY + 2 + scalar::LONGEST;
        self.reserve(MOST + tail.len());
        let value_len = head.len + tail.len();
        let [key_len, head_and_tail] = [key.len(), value_len].map(|len| len.to_le_bytes()[0]);
        let Some(out) = self.buffer[self.len..].first_chunk_mut::<MOST>() else { return };
        out[..4].copy_from_slice(&[tag, 4 + key_len + head_and_tail, 0x0a, key_len]);
        copy(&mut out[4..], key);
        let out = &mut out[4 + key.len()..];
        out[..2].copy_from_slice(&[0x12, head_and_tail]);
        out[2..2 + scalar::LONGEST].copy_from_slice(&head.bytes);
        let from = self.len + 6 + key.len() + head.len;
        if !tail.is_empty() {
            copy(&mut self.buffer[from..], tail);
        }
        self.len = from + tail.len();
    }

    /// What begins a message, or a text, of this length.
    #[inline]
    pub(crate) fn length(&mut self, tag: u8, len: usize) {
        let [low, high, ..] = len.to_le_bytes();
        if len < 0x80 {
            self.raw([tag, low]);
        } else if len < 0x4000 {
            self.raw([tag, low | 0x80, high << 1 | low >> 7]);
        } else {
            self.raw([tag]);
            self.long_varint(len as u64);
        }
    }

    #[inline]
    pub(crate) fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.length(tag, bytes.len());
        self.all(bytes);
    }

    /// Left out when empty, which is the default.
    #[inline]
    pub(crate) fn text(&mut self, tag: u8, text: &[u8]) {
        if !text.is_empty() {
            self.bytes(tag, text);
        }
    }

    /// Left out when 0, which is the default.
    #[inline]
    pub(super) fn count(&mut self, tag: u8, count: u32) {
        if count != 0 {
            self.number(tag, count.into());
        }
    }

    #[inline]
    pub(super) fn number(&mut self, tag: u8, value: u64) {
        match u8::try_from(value) {
            Ok(value @ 0..0x80) => self.raw([tag, value]),
            _ => {
                self.raw([tag]);
                self.long_varint(value);
            }
        }
    }

    fn long_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            let [low, ..] = value.to_le_bytes();
            self.raw([low | 0x80]);
            value >>= 7;
        }
        let [low, ..] = value.to_le_bytes();
        self.raw([low]);
    }
}

/// Copies to the start of `to`. What is this short is copied before a call of `memcpy` has begun to.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    let to = &mut to[..from.len()];
    if let (9..=16, Some(first), Some(last)) =
        (from.len(), from.first_chunk::<8>(), from.last_chunk::<8>())
    {
        to[..8].copy_from_slice(first);
        to[from.len() - 8..].copy_from_slice(last);
    } else if let (4..=8, Some(first), Some(last)) =
        (from.len(), from.first_chunk::<4>(), from.last_chunk::<4>())
    {
        to[..4].copy_from_slice(first);
        to[from.len() - 4..].copy_from_slice(last);
    } else if let (17..=32, Some(first), Some(last)) =
        (from.len(), from.first_chunk::<16>(), from.last_chunk::<16>())
    {
        to[..16].copy_from_slice(first);
        to[from.len() - 16..].copy_from_slice(last);
    } else {
        to.copy_from_slice(from);
    }
}

/// Bytes of a field with a tag of one byte and contents of this length.
#[inline]
pub(crate) fn field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

/// The same for a text, which is left out when it is empty.
#[inline]
pub(super) fn text_len(text: &[u8]) -> usize {
    if text.is_empty() { 0 } else { field_len(text.len()) }
}

/// The same for a count, which is left out when it is 0.
#[inline]
pub(super) fn count_len(count: u32) -> usize {
    if count == 0 { 0 } else { 1 + varint_len(count.into()) }
}

#[inline]
pub(super) fn varint_len(value: u64) -> usize {
    let significant = u64::BITS - (value | 1).leading_zeros();
    significant.div_ceil(7) as usize
}

/// A key with less bytes is a short one.
pub(super) const SHORT_KEY: usize = 64;

const SMALLEST: usize = 512;
