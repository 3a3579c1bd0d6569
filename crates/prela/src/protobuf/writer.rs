//! A buffer that grows while fields are written to it.

use super::Field;
use std::sync::Mutex;

/// Writes protobuf fields, one after the other.
///
/// The buffer is longer than what is written, and always initialized, so that a field of several parts
/// needs one check for room.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    buffer: Vec<u8>,
    len: usize,
}

impl Writer {
    /// Writes into this buffer, over its content and up to its length before it grows.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, len: 0 }
    }

    /// The whole buffer, and how many of its bytes were written.
    pub(crate) fn into_parts(self) -> (Vec<u8>, usize) {
        (self.buffer, self.len)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn written(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    #[inline]
    pub(crate) fn written_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.len]
    }

    /// Forgets what was written from here on.
    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets everything.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets everything and frees the buffer, if that is larger.
    #[inline]
    pub(crate) fn trim(&mut self, largest: usize) {
        if self.buffer.len() > largest {
            *self = Self::default();
        }
    }

    /// Makes room for this many more bytes.
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
    pub(crate) fn all(&mut self, bytes: &[u8]) {
        copy(self.next(bytes.len()), bytes);
    }

    /// Room for at least `most` bytes. The caller writes there, and then says by [`Writer::advance`] how many
    /// bytes it wrote.
    #[inline(always)]
    pub(crate) fn spare(&mut self, most: usize) -> &mut [u8] {
        self.reserve(most);
        &mut self.buffer[self.len..]
    }

    /// Counts the next bytes as written, after [`Writer::spare`].
    #[inline(always)]
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(self.buffer.len() - self.len >= len, "what was written has room");
        self.len += len;
    }

    /// Writes a message. Its length is filled in afterwards, into `guess` bytes; if it takes more or fewer, the
    /// content is moved.
    #[inline]
    pub(crate) fn message(&mut self, field: Field, guess: Guess, write: impl FnOnce(&mut Self)) {
        let guess = guess as usize;
        self.next(1 + guess)[0] = field.tag();
        let from = self.len;
        write(self);
        let len = self.len - from;
        let taken = varint_len(len as u64);
        if taken != guess {
            self.reserve(taken);
            self.buffer.copy_within(from..self.len, from - guess + taken);
        }
        self.len = from - guess;
        self.varint(len as u64);
        self.len += len;
    }

    #[inline]
    pub(crate) fn bytes(&mut self, field: Field, bytes: &[u8]) {
        self.begin_bytes(field, bytes.len());
        self.all(bytes);
    }

    /// Writes the tag and the length of a field whose content follows.
    #[inline]
    pub(crate) fn begin_bytes(&mut self, field: Field, len: usize) {
        let tag = field.tag();
        let [low, high, ..] = len.to_le_bytes();
        let (bytes, count) = match len {
            0..0x80 => ([tag, low, 0], 2),
            0x80..0x4000 => ([tag, low | 0x80, high << 1 | low >> 7], 3),
            _ => {
                self.raw([tag]);
                return self.long_varint(len as u64);
            }
        };
        // All three are written; what comes next overwrites an unused one.
        if let Some(out) = self.spare(bytes.len()).first_chunk_mut() {
            *out = bytes;
        }
        self.advance(count);
    }

    /// How many bytes a field takes whose tag has one byte, and whose content has `len`.
    #[inline]
    pub(crate) fn len_of_bytes(len: usize) -> usize {
        1 + varint_len(len as u64) + len
    }

    /// Writes text, unless it is empty, which is the default.
    #[inline]
    pub(crate) fn text(&mut self, field: Field, text: &[u8]) {
        if !text.is_empty() {
            self.bytes(field, text);
        }
    }

    /// Writes a count, unless it is 0, which is the default.
    #[inline]
    pub(crate) fn count(&mut self, field: Field, count: u32) {
        if count != 0 {
            self.raw([field.tag()]);
            self.varint(count.into());
        }
    }

    #[inline(always)]
    fn varint(&mut self, value: u64) {
        let [low, high, ..] = value.to_le_bytes();
        match value {
            0..0x80 => self.raw([low]),
            0x80..0x4000 => self.raw([low | 0x80, high << 1 | low >> 7]),
            _ => self.long_varint(value),
        }
    }

    #[cold]
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

/// How many bytes the length of a message will take. A wrong guess only costs a move of the content.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guess {
    /// Up to 127 bytes.
    Small = 1,
    /// Up to 16 KiB.
    Medium = 2,
    /// Up to 2 MiB.
    Large = 3,
}

impl Guess {
    /// The guess for contents of this length, and a few bytes around them.
    pub(crate) fn of(len: usize) -> Self {
        match len {
            0..100 => Self::Small,
            100..16_300 => Self::Medium,
            _ => Self::Large,
        }
    }
}

#[inline]
fn varint_len(value: u64) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => (u64::BITS - value.leading_zeros()).div_ceil(7) as usize,
    }
}

/// Copies to the start of `to`. Up to 32 bytes are copied here, faster than by a call of `memcpy`.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    let to = &mut to[..from.len()];
    if from.len() > 16 {
        if from.len() > 32 {
            return to.copy_from_slice(from);
        }
        copy_ends::<16>(to, from);
    } else if from.len() > 8 {
        copy_ends::<8>(to, from);
    } else if from.len() >= 4 {
        copy_ends::<4>(to, from);
    } else {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
}

/// Copies the first and the last `N` bytes, which overlap: `from` is at most twice as long.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        to[..N].copy_from_slice(first);
        to[from.len() - N..].copy_from_slice(last);
    }
}

const SMALLEST: usize = 512;

/// Keeps buffers for all threads: at most `most`, and none that grew beyond `largest` bytes.
#[derive(Debug)]
pub(crate) struct Buffers {
    most: usize,
    largest: usize,
    returned: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    pub(crate) const fn new(most: usize, largest: usize) -> Self {
        Self { most, largest, returned: Mutex::new(Vec::new()) }
    }

    /// A buffer, with any content or empty.
    pub(crate) fn take(&self) -> Vec<u8> {
        // Without waiting: in a forked process, a thread of the parent may hold the lock for ever.
        self.returned.try_lock().ok().and_then(|mut returned| returned.pop()).unwrap_or_default()
    }

    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        if buffer.capacity() > self.largest {
            return;
        }
        if let Ok(mut returned) = self.returned.try_lock()
            && returned.len() < self.most
        {
            returned.push(buffer);
        }
    }
}
