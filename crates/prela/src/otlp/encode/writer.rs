//! A buffer that is filled from its end.

/// Writes protobuf fields, the last one first. A field's tag is its number times 8 plus its wire type.
pub(super) struct Writer {
    buffer: Vec<u8>,
    /// What is before this is free.
    start: usize,
}

impl Writer {
    /// The buffer's contents do not matter, its length does.
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        let start = buffer.len();
        Self { buffer, start }
    }

    /// The buffer, and where in it the message starts.
    pub(super) fn into_parts(self) -> (Vec<u8>, usize) {
        (self.buffer, self.start)
    }

    /// Where a message ends that is written from here on.
    #[inline]
    pub(super) fn mark(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Completes a message with its length and its tag.
    #[inline]
    pub(super) fn message(&mut self, tag: u8, mark: usize) {
        self.length(tag, self.mark() - mark);
    }

    #[inline]
    fn length(&mut self, tag: u8, len: usize) {
        let [low, high, ..] = len.to_le_bytes();
        if len < 0x80 {
            self.raw([tag, low]);
        } else if len < 0x4000 {
            self.raw([tag, low | 0x80, high << 1 | low >> 7]);
        } else {
            self.long_varint(len as u64);
            self.raw([tag]);
        }
    }

    #[inline]
    pub(super) fn raw<const N: usize>(&mut self, bytes: [u8; N]) {
        self.reserve(N);
        self.start -= N;
        self.buffer[self.start..][..N].copy_from_slice(&bytes);
    }

    /// A `KeyValue` whose lengths all have one byte: the value is `head` and then `tail`.
    #[inline]
    pub(super) fn pair<const N: usize>(&mut self, tag: u8, key: &[u8], head: [u8; N], tail: &[u8]) {
        let [key_len, value_len] = [key.len(), N + tail.len()].map(|len| len.to_le_bytes()[0]);
        let len = 6 + key.len() + N + tail.len();
        self.reserve(len);
        let end = self.start;
        self.start -= len;
        let out = &mut self.buffer[self.start..end];
        let (front, out) = out.split_at_mut(4);
        front.copy_from_slice(&[tag, 4 + key_len + value_len, 0x0a, key_len]);
        let (name, out) = out.split_at_mut(key.len());
        name.copy_from_slice(key);
        let (between, out) = out.split_at_mut(2);
        between.copy_from_slice(&[0x12, value_len]);
        let (first, rest) = out.split_at_mut(N);
        first.copy_from_slice(&head);
        rest.copy_from_slice(tail);
    }

    /// An id, whose length is that of the array.
    #[inline]
    pub(super) fn id<const N: usize>(&mut self, tag: u8, id: [u8; N]) {
        self.raw(id);
        self.raw([tag, N.to_le_bytes()[0]]);
    }

    #[inline]
    pub(super) fn fixed64(&mut self, tag: u8, value: u64) {
        self.raw(value.to_le_bytes());
        self.raw([tag]);
    }

    #[inline]
    pub(super) fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.reserve(bytes.len());
        let end = self.start;
        self.start -= bytes.len();
        self.buffer[self.start..end].copy_from_slice(bytes);
        self.length(tag, bytes.len());
    }

    /// Left out when empty, which is the default.
    #[inline]
    pub(super) fn text(&mut self, tag: u8, text: &[u8]) {
        if !text.is_empty() {
            self.bytes(tag, text);
        }
    }

    /// Left out when 0, which is the default.
    #[inline]
    pub(super) fn count(&mut self, tag: u8, count: u32) {
        if count != 0 {
            self.varint(count.into());
            self.raw([tag]);
        }
    }

    #[inline]
    pub(super) fn varint(&mut self, value: u64) {
        match u8::try_from(value) {
            Ok(value @ 0..0x80) => self.raw([value]),
            _ => self.long_varint(value),
        }
    }

    fn long_varint(&mut self, value: u64) {
        let significant = u64::BITS - value.leading_zeros();
        let mut group = significant.div_ceil(7);
        let mut more = 0;
        // The last group of seven bits is the highest, and the only one without the mark for "more".
        while group > 0 {
            group -= 1;
            let [low, ..] = (value >> (7 * group)).to_le_bytes();
            self.raw([low & 0x7f | more]);
            more = 0x80;
        }
    }

    #[inline]
    fn reserve(&mut self, additional: usize) {
        if self.start < additional {
            self.grow(additional);
        }
    }

    #[cold]
    fn grow(&mut self, additional: usize) {
        let written = self.buffer.len() - self.start;
        let len = (self.buffer.len() * 2).max(written + additional).max(SMALLEST);
        let mut larger = vec![0; len];
        larger[len - written..].copy_from_slice(&self.buffer[self.start..]);
        self.start = len - written;
        self.buffer = larger;
    }
}

const SMALLEST: usize = 64 * 1024;
