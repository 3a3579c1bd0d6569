//! The keys of the attributes that a span has.

/// A set of keys that answers "certainly not" or "very likely", so that a new key needs no search.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// One bit for each value of the hash's highest byte.
    seen: [u64; 4],
    hashes: Vec<Hash>,
}

impl Keys {
    /// Whether a key with this hash was inserted: very likely this key.
    #[inline]
    pub(super) fn may_have(&self, hash: Hash) -> bool {
        let (word, bit) = hash.place();
        self.seen[word] & bit != 0 && self.hashes.contains(&hash)
    }

    #[inline]
    pub(super) fn insert(&mut self, hash: Hash) {
        let (word, bit) = hash.place();
        self.seen[word] |= bit;
        self.hashes.push(hash);
    }

    /// Replaces the content with that of another set.
    #[inline]
    pub(super) fn start_with(&mut self, others: &Self) {
        self.seen = others.seen;
        self.hashes.clear();
        self.hashes.extend_from_slice(&others.hashes);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        self.seen = [0; 4];
        self.hashes.clear();
    }
}

/// The hash of a key. Cheap rather than good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(u32);

impl Hash {
    #[inline]
    pub(super) fn of(key: &[u8]) -> Self {
        Self(hash(key))
    }

    #[inline]
    fn place(self) -> (usize, u64) {
        let [highest, ..] = self.0.to_be_bytes();
        (usize::from(highest >> 6), 1 << (highest & 63))
    }
}

#[inline]
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

/// The bytes of a key below eight bytes.
#[inline]
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

    /// Whether it was taken for one that is there.
    fn insert(keys: &mut Keys, name: &str) -> bool {
        let hash = Hash::of(name.as_bytes());
        let may_have = keys.may_have(hash);
        keys.insert(hash);
        may_have
    }

    #[test]
    fn a_key_that_was_inserted_is_never_denied() {
        let mut keys = Keys::default();
        let names: Vec<_> = (0..300).map(|n| "k".repeat(n % 20) + &n.to_string()).collect();
        for name in &names {
            insert(&mut keys, name);
        }
        assert!(names.iter().all(|name| keys.may_have(Hash::of(name.as_bytes()))));
    }

    #[test]
    fn a_key_that_was_not_is_seldom_taken_for_one() {
        let mut keys = Keys::default();
        let names = (0..2_000).flat_map(|n| {
            ["input.documents.%.id", "key-%", "%", "a.rather.long.name.of.%.parts"]
                .map(|name| name.replace('%', &n.to_string()))
        });
        let taken = names.filter(|name| insert(&mut keys, name)).count();
        assert!(taken <= 2, "{taken} of 8,000 are taken for others");
    }
}
