//! Which attribute keys a span may have already.

/// A set of keys that answers "certainly not" or "perhaps", so that most new keys need no search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys([u64; 4]);

impl Keys {
    /// Whether the key may have been inserted before.
    #[inline]
    pub(super) fn insert(&mut self, key: &[u8]) -> bool {
        let hash = hash(key);
        let word = &mut self.0[hash & 3];
        let bit = 1 << ((hash >> 2) & 63);
        let was_set = *word & bit != 0;
        *word |= bit;
        was_set
    }
}

/// Cheap rather than good: what matters is that the keys of usual conventions differ.
#[inline]
fn hash(key: &[u8]) -> usize {
    let (Some(first), Some(last), Some(middle)) = (key.first(), key.last(), key.get(key.len() / 2))
    else {
        return 0;
    };
    let [first, last, middle] = [*first, *last, *middle].map(usize::from);
    (key.len() * 9) ^ (first * 5) ^ (middle * 3) ^ (last << 2)
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
}
