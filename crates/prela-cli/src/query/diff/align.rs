//! Pairs the children of one span with those of another.

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The properties by which a span is recognised in the other trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kin<'a> {
    pub(super) name: &'a str,
    pub(super) kind: i32,
    /// A hash of all that the span says.
    pub(super) content: u64,
    /// The operation, if the span is a call of a model.
    pub(super) model_call: Option<&'a str>,
}

/// Pairs of indices into `a` and `b`, in B's order. A span that only A has stands behind the one that it followed there.
/// At the top (`is_top`), where there is mostly one root, the only ones that are left are a pair whatever their names.
pub(super) fn align(
    a: &[Kin<'_>],
    b: &[Kin<'_>],
    is_top: bool,
) -> Vec<(Option<usize>, Option<usize>)> {
    let mut pairs = Pairs { to_b: vec![None; a.len()], to_a: vec![None; b.len()] };
    // Spans with the same content come first: they hold the others in place when a new one is put in between.
    pairs.in_order(a, b, |it| (it.name, it.kind, it.content));
    pairs.in_order(a, b, |it| (it.name, it.kind, 0));
    // Siblings that run at once begin in another order in each run.
    pairs.by_ordinal(a, b, |it| Some((it.name, it.kind)));
    // `chat gpt-4o` and `chat gpt-5` are the same call with another model.
    pairs.by_ordinal(a, b, |it| it.model_call);
    if is_top {
        let (only_a, only_b) = (pairs.free_of_a(), pairs.free_of_b());
        if let ([only_a], [only_b]) = (&only_a[..], &only_b[..]) {
            pairs.join(*only_a, *only_b);
        }
    }
    pairs.merged()
}

/// The pairs found so far: for each span the index of its counterpart.
struct Pairs {
    to_b: Vec<Option<usize>>,
    to_a: Vec<Option<usize>>,
}

impl Pairs {
    fn join(&mut self, a: usize, b: usize) {
        self.to_b[a] = Some(b);
        self.to_a[b] = Some(a);
    }

    fn free_of_a(&self) -> Vec<usize> {
        (0..self.to_b.len()).filter(|at| self.to_b[*at].is_none()).collect()
    }

    fn free_of_b(&self) -> Vec<usize> {
        (0..self.to_a.len()).filter(|at| self.to_a[*at].is_none()).collect()
    }

    /// Pairs as many spans of equal keys as possible without a change of order, within each stretch between two pairs.
    fn in_order<'a, K: Hash + Eq + Ord + Clone>(
        &mut self,
        a: &[Kin<'a>],
        b: &[Kin<'a>],
        key: impl Fn(&Kin<'a>) -> K,
    ) {
        // After the deadline the result may have fewer pairs.
        let deadline = Instant::now().checked_add(PATIENCE);
        for (from_a, from_b) in self.stretches() {
            let keys = |all: &[Kin<'a>], at: &[usize]| -> Vec<K> {
                at.iter().map(|at| key(&all[*at])).collect()
            };
            let (keys_a, keys_b) = (keys(a, &from_a), keys(b, &from_b));
            for part in capture_diff_slices_deadline(Algorithm::Myers, &keys_a, &keys_b, deadline) {
                if let DiffOp::Equal { old_index, new_index, len } = part {
                    for at in 0..len {
                        self.join(from_a[old_index + at], from_b[new_index + at]);
                    }
                }
            }
        }
    }

    /// The stretches of spans without a pair between two pairs. It asks for pairs that are in order in both.
    fn stretches(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut stretches = Vec::new();
        let mut next_b = 0;
        let mut free = Vec::new();
        let ends = self.to_b.iter().copied().chain([Some(self.to_a.len())]);
        for (at, end) in ends.enumerate() {
            match end {
                None => free.push(at),
                Some(end) => {
                    if !free.is_empty() && next_b < end {
                        stretches.push((std::mem::take(&mut free), (next_b..end).collect()));
                    }
                    free.clear();
                    next_b = end + 1;
                }
            }
        }
        stretches
    }

    /// Pairs what is left by key: the first of A with the first of B, the second with the second, and so on.
    fn by_ordinal<'a, K: Hash + Eq>(
        &mut self,
        a: &[Kin<'a>],
        b: &[Kin<'a>],
        key: impl Fn(&Kin<'a>) -> Option<K>,
    ) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for at in self.free_of_b() {
            if let Some(key) = key(&b[at]) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        for at in self.free_of_a() {
            let other = key(&a[at]).and_then(|key| waiting.get_mut(&key)?.pop_front());
            if let Some(other) = other {
                self.join(at, other);
            }
        }
    }

    /// All pairs in B's order; a span that only A has comes right behind the one that it followed there.
    fn merged(&self) -> Vec<(Option<usize>, Option<usize>)> {
        let mut is_gone: Vec<bool> = self.to_b.iter().map(Option::is_none).collect();
        let mut merged = Vec::with_capacity(self.to_a.len());
        let mut gone_from = |from: usize, merged: &mut Vec<_>| {
            for (at, is_gone) in is_gone.iter_mut().enumerate().skip(from) {
                if !std::mem::take(is_gone) {
                    break;
                }
                merged.push((Some(at), None));
            }
        };
        gone_from(0, &mut merged);
        for (at, a) in self.to_a.iter().enumerate() {
            merged.push((*a, Some(at)));
            if let Some(a) = *a {
                gone_from(a + 1, &mut merged);
            }
        }
        merged
    }
}

/// The time after which pairs no longer need to be as many as possible.
const PATIENCE: Duration = Duration::from_millis(200);
