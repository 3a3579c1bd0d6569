//! Row numbers of what was written lately, so that most rows need no look-up in an index, the block that
//! is being filled, and spans of traces that are still being summed up.

use super::blocks::Blocks;
use super::usage::Recent;
use crate::ids::TraceId;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Caches of the tables that spans refer to.
#[derive(Debug, Default)]
pub(super) struct Caches {
    pub(super) traces: Cache<TraceId, i64>,
    pub(super) strings: Cache<String, i64>,
    pub(super) resources: Cache<Vec<u8>, i64>,
    pub(super) scopes: Cache<Vec<u8>, i64>,
    pub(super) runs: Cache<String, i64>,
    pub(super) blocks: Blocks,
    pub(super) used: Recent,
}

/// A cache that forgets what was not asked for lately: what is asked for moves to the young half, and when
/// that is full, the old half is dropped.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Hash + Eq, V: Copy> Cache<K, V> {
    pub(super) fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(*value);
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value);
        Some(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

const HALF: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::{Cache, HALF};

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut cache = Cache::default();
        for number in 0..HALF * 5 {
            cache.insert(number, number);
            assert_eq!(cache.get(&0), Some(0));
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * HALF);
        assert_eq!((cache.get(&1), cache.get(&(HALF * 5 - 1))), (None, Some(HALF * 5 - 1)));
    }
}
