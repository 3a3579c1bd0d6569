//! A lock that is held for a few instructions, as spans and queues take for each thing that is recorded.

use spin::{Mutex, MutexGuard};
use std::hint;
use std::thread;
use std::time::Duration;

/// A lock for work that is as good as done when it begins: writing or moving a few bytes.
///
/// Taking it and giving it back is one locked operation of the processor, half of what the lock in std takes. Who does
/// not get it spins, then yields, then sleeps, so whatever waits long should not wait for this one.
#[derive(Debug, Default)]
pub(crate) struct BriefLock<T>(Mutex<T>);

impl<T> BriefLock<T> {
    pub(crate) const fn new(content: T) -> Self {
        Self(Mutex::new(content))
    }

    #[inline(always)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.0.try_lock() {
            Some(guard) => guard,
            None => self.wait(),
        }
    }

    /// The lock, or none if its holder keeps it for long: in a forked process the holder may be a thread that is not
    /// there.
    #[inline]
    pub(crate) fn lock_soon(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().or_else(|| (0..YIELDS).find_map(|attempts| self.try_again(attempts)))
    }

    /// Waits for another thread. It may have been interrupted, even by this one if this has a higher priority, so it
    /// is given time to go on.
    #[cold]
    fn wait(&self) -> MutexGuard<'_, T> {
        let mut attempts: u32 = 0;
        loop {
            if let Some(guard) = self.try_again(attempts) {
                return guard;
            }
            attempts = attempts.saturating_add(1);
        }
    }

    #[cold]
    fn try_again(&self, attempts: u32) -> Option<MutexGuard<'_, T>> {
        match attempts {
            0..SPINS => hint::spin_loop(),
            SPINS..YIELDS => thread::yield_now(),
            _ => thread::sleep(A_MOMENT),
        }
        self.0.try_lock()
    }

    /// The content, without the lock, where nobody else refers to it.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

/// Attempts to get the lock while its holder most likely runs on another core.
const SPINS: u32 = 100;
/// Attempts, including those, while its holder most likely waits for a core.
const YIELDS: u32 = 200;
const A_MOMENT: Duration = Duration::from_micros(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_in_it_together_with_another() {
        let lock = BriefLock::<(u32, u32)>::default();
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..1_000 {
                        let mut content = lock.lock();
                        let (a, b) = *content;
                        assert_eq!(a, b, "seen between two writes");
                        content.0 = a + 1;
                        thread::yield_now();
                        content.1 = b + 1;
                    }
                });
            }
        });
        assert_eq!(*lock.lock(), (8_000, 8_000));
    }
}
