//! The runs of three bytes that messages have, in a small bitmap. Messages without one of the runs of a text cannot have
//! the text, and need not be read to know it.
//!
//! ASCII letters count the same in either case. All other bytes are taken as they are, so the numbers and ids of a
//! message are found as well.

/// The runs of all messages that were added: a bit for each value of their hash.
#[derive(Debug, Clone)]
pub(crate) struct Grams {
    bits: Box<[u64]>,
    /// How many of the bits are set.
    ones: usize,
}

impl Default for Grams {
    fn default() -> Self {
        Self { bits: vec![0; MOST_BITS / 64].into(), ones: 0 }
    }
}

impl Grams {
    /// Adds the runs of a message. Cost: less than two nanoseconds a byte.
    pub(crate) fn add(&mut self, text: &[u8]) {
        each(text, |hash| {
            let word = &mut self.bits[hash / 64];
            let bit = 1 << (hash % 64);
            self.ones += usize::from(*word & bit == 0);
            *word |= bit;
        });
    }

    /// Whether so many bits are set that short texts would seem to be in it by chance: it should take no more.
    pub(crate) fn is_full(&self) -> bool {
        is_dense(self.ones, MOST_BITS)
    }

    /// The bitmap, in as few bytes as still tell texts apart. It is halved by merging its two halves, since a hash then
    /// only loses its highest bit.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bits = self.bits.to_vec();
        while bits.len() > LEAST_BITS / 64 {
            let (low, high) = bits.split_at(bits.len() / 2);
            let half: Vec<u64> = low.iter().zip(high).map(|(low, high)| low | high).collect();
            let ones = half.iter().map(|word| word.count_ones() as usize).sum();
            if is_dense(ones, half.len() * 64) {
                break;
            }
            bits = half;
        }
        bits.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// The hashes of the runs of a text that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Runs(Vec<usize>);

impl Runs {
    /// The runs of a text. None if it is shorter than a run: it may be anywhere then.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let mut runs = Vec::new();
        each(text, |hash| runs.push(hash));
        (!runs.is_empty()).then_some(Self(runs))
    }

    /// Whether a text with these runs may be in messages whose runs are [`Grams::to_bytes`].
    pub(crate) fn may_be_in(&self, grams: &[u8]) -> bool {
        let bits = grams.len() * 8;
        // An empty bitmap, which only a damaged store has, excludes nothing.
        bits == 0
            || self.0.iter().all(|hash| {
                let at = hash % bits;
                grams[at / 8] & (1 << (at % 8)) != 0
            })
    }
}

/// Calls `run` with the hash of each run of a text.
fn each(text: &[u8], mut run: impl FnMut(usize)) {
    let mut last = 0_u32;
    for (at, byte) in text.iter().enumerate() {
        last = (last << 8 | u32::from(byte.to_ascii_lowercase())) & 0x00ff_ffff;
        if at >= 2 {
            // All bits of the run have an influence on the upper half of the product.
            run((last.wrapping_mul(0x9e37_79b1) >> 16) as usize);
        }
    }
}

/// Whether more than three tenths of the bits are set.
fn is_dense(ones: usize, bits: usize) -> bool {
    ones * 10 > bits * 3
}

/// The size of a bitmap that is being filled: a bit for each value of the hash.
const MOST_BITS: usize = 1 << 16;
/// The smallest size of a bitmap that is stored.
const LEAST_BITS: usize = 1 << 9;

#[cfg(test)]
mod tests {
    use super::{Grams, Runs};

    #[test]
    fn what_was_added_is_found_at_every_size() {
        for texts in [1, 10, 100, 1_000, 10_000] {
            let mut grams = Grams::default();
            let text = |number: u64| {
                format!("Request {:016X} failed", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            };
            for number in 0..texts {
                grams.add(text(number).as_bytes());
            }
            let bytes = grams.to_bytes();
            assert!(bytes.len().is_power_of_two() && bytes.len() <= 8 << 10, "{}", bytes.len());
            let may = |text: &str| Runs::of(text.as_bytes()).unwrap().may_be_in(&bytes);
            for number in 0..texts {
                assert!(may(&text(number)) && may(&text(number)[3..20]), "{number}");
            }
            assert!(may("request") && may("FAILED"), "in either case");
            assert!(!may("nowhere to be found"), "{texts}");
        }
    }

    #[test]
    fn few_runs_need_few_bytes() {
        let mut grams = Grams::default();
        assert_eq!(grams.to_bytes().len(), 64);
        assert!(!Runs::of(b"abc").unwrap().may_be_in(&grams.to_bytes()));
        for _ in 0..100 {
            grams.add(b"the same again");
        }
        assert_eq!(grams.to_bytes().len(), 64);
        assert_eq!((Runs::of(b""), Runs::of(b"ab")), (None, None));
        let mut number = 1_u64;
        while !grams.is_full() {
            number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            grams.add(&number.to_le_bytes());
        }
        assert_eq!(grams.to_bytes().len(), 8 << 10);
    }
}
