//! The keys of the attributes that a span has.

/// A set of keys that answers "certainly not" or "very likely", so that a new key needs no search.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// One bit for each value of the hash's highest byte.
    seen: [u64; 4],
    count: usize,
    /// Up to this many keys, one that is certainly new is added without looking any further.
    quick: usize,
    /// The first hashes. Few spans have more.
    first: [KeyHash; FIRST],
    more: Vec<KeyHash>,
}

const FIRST: usize = 16;
/// The most keys of a small set.
const SMALL: usize = 4;

impl Keys {
    /// Adds a key that is certainly new. Returns false and adds nothing if it may be there already, or if
    /// there are `quick` keys or more.
    #[inline(always)]
    pub(super) fn add_new(&mut self, hash: KeyHash) -> bool {
        let (word, bit) = hash.place();
        let seen = self.seen[word];
        if self.count >= self.quick || seen & bit != 0 {
            return false;
        }
        self.seen[word] = seen | bit;
        self.first[self.count % FIRST] = hash;
        self.count += 1;
        true
    }

    /// Whether a key with this hash was inserted: very likely this key.
    pub(super) fn may_have(&self, hash: KeyHash) -> bool {
        let (word, bit) = hash.place();
        let first = &self.first[..self.count.min(FIRST)];
        self.seen[word] & bit != 0 && (first.contains(&hash) || self.more.contains(&hash))
    }

    pub(super) fn insert(&mut self, hash: KeyHash) {
        let (word, bit) = hash.place();
        self.seen[word] |= bit;
        match self.first.get_mut(self.count) {
            Some(place) => *place = hash,
            None => self.more.push(hash),
        }
        self.count += 1;
    }

    /// Replaces the content with that of another set, which should be small. There may be `most` keys.
    #[inline(always)]
    pub(super) fn start_with(&mut self, others: &Self, most: usize) {
        self.forget_more();
        self.quick = most.min(FIRST);
        self.seen = others.seen;
        self.first[..SMALL].copy_from_slice(&others.first[..SMALL]);
        self.count = others.count.min(SMALL);
        if others.count > SMALL {
            self.insert_rest(others);
        }
    }

    #[cold]
    fn insert_rest(&mut self, others: &Self) {
        let hashes = others.first.iter().take(others.count).chain(&others.more);
        hashes.skip(SMALL).for_each(|hash| self.insert(*hash));
    }

    #[inline]
    fn forget_more(&mut self) {
        if self.count > FIRST {
            self.more.clear();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Forgets all keys. There may be `most`.
    #[inline]
    pub(super) fn clear(&mut self, most: usize) {
        self.forget_more();
        self.quick = most.min(FIRST);
        self.seen = [0; 4];
        self.count = 0;
    }
}

/// The hash of a key. Cheap rather than good. It is computed where the key is known, so that of a literal it is
/// a constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::span) struct KeyHash(u32);

impl KeyHash {
    #[inline(always)]
    pub(in crate::span) fn of(key: &[u8]) -> Self {
        Self(hash(key))
    }

    #[inline(always)]
    fn place(self) -> (usize, u64) {
        let [highest, ..] = self.0.to_be_bytes();
        (usize::from(highest >> 6), 1 << (highest & 63))
    }
}

#[inline(always)]
fn hash(key: &[u8]) -> u32 {
    let (first, last) = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => short(key),
    };
    let mut mixed = first.wrapping_mul(TWICE) ^ last ^ (key.len() as u64).wrapping_mul(ONCE);
    if key.len() > 16 {
        // The rest is among the last eight bytes.
        let (between, _) = key[8..].as_chunks();
        for between in between {
            mixed = mixed.wrapping_mul(ONCE).rotate_left(23) ^ u64::from_le_bytes(*between);
        }
    }
    // Only the high bits of a product depend on all bits of the factor, and not equally: hence two products.
    let once = mixed.wrapping_mul(ONCE);
    let [a, b, c, d, ..] = (once ^ once >> 32).wrapping_mul(TWICE).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// An odd factor without a pattern.
const ONCE: u64 = 0x9e37_79b9_7f4a_7c15;
const TWICE: u64 = 0xc2b2_ae3d_27d4_eb4f;

/// The bytes of a key shorter than eight bytes.
#[inline(always)]
fn short(key: &[u8]) -> (u64, u64) {
    match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => {
            (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
        }
        _ => key.iter().fold((0, 0), |(all, _), byte| (all << 8 | u64::from(*byte), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Keys {
        let mut keys = Keys::default();
        keys.clear(usize::MAX);
        keys
    }

    /// Whether it was taken for one that is there.
    fn insert(keys: &mut Keys, name: &str) -> bool {
        let hash = KeyHash::of(name.as_bytes());
        let may_have = keys.may_have(hash);
        if !keys.add_new(hash) {
            keys.insert(hash);
        }
        may_have
    }

    #[test]
    fn a_key_that_was_inserted_is_never_denied() {
        let mut keys = empty();
        let names: Vec<_> = (0..300).map(|n| "k".repeat(n % 20) + &n.to_string()).collect();
        for name in &names {
            insert(&mut keys, name);
            assert!(!keys.add_new(KeyHash::of(name.as_bytes())));
        }
        let has = |name: &String| keys.may_have(KeyHash::of(name.as_bytes()));
        assert!(names.iter().all(has));
    }

    #[test]
    fn a_set_that_starts_with_another_has_its_keys_and_no_older_ones() {
        for size in [0, 1, 3, 4, 5, FIRST, FIRST + 1, 100] {
            let names = |from: usize| (from..from + size).map(|n| format!("key-{n}"));
            let (mut keys, mut others) = (empty(), empty());
            names(0).for_each(|name| _ = insert(&mut keys, &name));
            names(1_000).for_each(|name| _ = insert(&mut others, &name));
            keys.start_with(&others, usize::MAX);
            let has = |name: String| keys.may_have(KeyHash::of(name.as_bytes()));
            assert!(names(1_000).all(has) && !names(0).any(has), "{size}");
            assert_eq!(keys.len(), size);
        }
    }

    #[test]
    fn a_key_that_was_not_is_seldom_taken_for_one() {
        let mut keys = empty();
        let names = (0..2_000).flat_map(|n| {
            ["input.documents.%.id", "key-%", "%", "a.rather.long.name.of.%.parts"]
                .map(|name| name.replace('%', &n.to_string()))
        });
        let taken = names.filter(|name| insert(&mut keys, name)).count();
        assert!(taken <= 2, "{taken} of 8,000 are taken for others");
    }
}
