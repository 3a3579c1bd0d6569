//! Counts that many threads add to, and numbers that tell these threads apart.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The number of this thread, for its part of what all threads share. Threads whose locals are gone have 0.
#[inline]
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.try_with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    });
    number.unwrap_or_default()
}

/// A count with parts, so that threads that add to it at once seldom wait for each other's cache line.
#[derive(Debug, Default)]
pub(crate) struct Count([Part; PARTS]);

/// On cache lines of its own: processors fetch them in pairs.
#[repr(align(128))]
#[derive(Debug, Default)]
struct Part(AtomicU64);

/// A power of two.
const PARTS: usize = 16;

impl Count {
    #[inline]
    pub(crate) fn add_one(&self) {
        self.0[thread_number() % PARTS].0.fetch_add(1, Ordering::Relaxed);
    }

    /// The count, which never goes back: each part only grows.
    pub(crate) fn get(&self) -> u64 {
        self.0.iter().map(|part| part.0.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn each_thread_has_a_number_and_all_of_them_count() {
        let count = Count::default();
        let numbers: Vec<_> = thread::scope(|threads| {
            let one = || {
                count.add_one();
                (thread_number(), thread_number())
            };
            let threads: Vec<_> = (0..2 * PARTS).map(|_| threads.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(numbers.iter().all(|(first, second)| first == second));
        assert_eq!(count.get(), 2 * PARTS as u64);
    }
}
