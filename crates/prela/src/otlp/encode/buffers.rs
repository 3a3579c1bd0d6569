//! Buffers of requests that are over, for requests to come.

use super::writer::Writer;
use bytes::Bytes;
use std::sync::Mutex;

/// As many as there are requests under way in a usual program.
const MOST: usize = 4;
/// One that grew for a rare large batch is not kept.
const LARGEST: usize = 8 * 1024 * 1024;

static RETURNED: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer with anything in it, or nothing.
pub(super) fn take() -> Vec<u8> {
    // Not waited for: whoever has the lock may be in the parent of this forked process.
    RETURNED.try_lock().ok().and_then(|mut returned| returned.pop()).unwrap_or_default()
}

/// What was written, as bytes that give their buffer back when the last clone is dropped.
pub(super) fn lend(writer: Writer) -> Bytes {
    let (buffer, start) = writer.into_parts();
    Bytes::from_owner(Lent { buffer, start })
}

struct Lent {
    buffer: Vec<u8>,
    start: usize,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.len() > LARGEST {
            return;
        }
        if let Ok(mut returned) = RETURNED.try_lock()
            && returned.len() < MOST
        {
            returned.push(buffer);
        }
    }
}
