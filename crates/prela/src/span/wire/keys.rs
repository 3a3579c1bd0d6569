//! Which attribute keys a span may have already.

/// A set of keys that answers "certainly not" or "perhaps", so that most new keys need no search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys([u64; 4]);

impl Keys {
    /// Whether the key may have been inserted before.
    #[inline]
    pub(super) fn insert(&mut self, key: &[u8]) -> bool {
        let hash = hash(key);
        let word = &mut self.0[usize::from(hash >> 6)];
        let bit = 1 << (hash & 63);
        let was_set = *word & bit != 0;
        *word |= bit;
        was_set
    }
}

/// Cheap rather than good: of long keys the middle does not count.
#[inline]
fn hash(key: &[u8]) -> u8 {
    let (first, last) = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => short(key),
    };
    let mixed = (first.rotate_left(23) ^ last).wrapping_add(key.len() as u64);
    // Of a product only the high bits depend on all of the factor, and not on each alike: so twice.
    let once = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [highest, ..] = (once ^ once >> 32).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).to_be_bytes();
    highest
}

/// Of a key with less than eight bytes.
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
    use super::Keys;

    #[test]
    fn a_key_that_was_inserted_is_never_denied() {
        let mut keys = Keys::default();
        let names: Vec<_> = (0..300).map(|n| "k".repeat(n % 20) + &n.to_string()).collect();
        for name in &names {
            keys.insert(name.as_bytes());
        }
        assert!(names.iter().all(|name| keys.insert(name.as_bytes())));
    }

    #[test]
    fn keys_of_one_convention_differ() {
        let mut keys = Keys::default();
        let names = [
            crate::semconv::PRELA_SPAN_TYPE,
            crate::semconv::GEN_AI_OPERATION_NAME,
            crate::semconv::GEN_AI_TIME_TO_FIRST_CHUNK,
            crate::semconv::OPENINFERENCE_SPAN_KIND,
            crate::semconv::ERROR_TYPE,
            "text",
            "whole",
            "part",
            "truth",
        ];
        let taken = names.iter().filter(|name| keys.insert(name.as_bytes())).count();
        assert!(taken <= 1, "{taken} of {} share a place", names.len());
    }

    #[test]
    fn keys_with_numbers_differ() {
        let mut keys = Keys::default();
        let names: Vec<_> = (0..32).map(|n| format!("input.documents.{n}.id")).collect();
        let taken = names.iter().filter(|name| keys.insert(name.as_bytes())).count();
        assert!(taken <= 4, "{taken} of {} share a place", names.len());
    }
}
