//! Buffers that are over, for those to come.

use std::sync::Mutex;

/// Keeps buffers for all threads: not more than `most`, and none that grew beyond `largest` bytes.
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

    /// A buffer with anything in it, or nothing.
    pub(crate) fn take(&self) -> Vec<u8> {
        // Not waited for: whoever has the lock may be in the parent of this forked process.
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
