//! Finds where two trees differ.

use super::tree::{Node, Tree};

/// One difference between the trees. Of two numbers the first is that of an expected node, the second of a recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// The expected node was not recorded.
    Missing(usize),
    /// The recorded node is not expected.
    Unexpected(usize),
    /// The node was recorded at another place among its siblings.
    Moved(usize, usize),
    /// The node failed and is expected not to, or the other way round.
    Outcome(usize, usize),
}

/// All differences, from the top of the trees.
pub(super) fn compare(expected: &Tree, recorded: &Tree) -> Vec<Difference> {
    let mut differences = Vec::new();
    // The pairs of spans whose children are still to be compared; `None` stands for the roots.
    let mut waiting: Vec<Option<(usize, usize)>> = vec![None];
    while let Some(pair) = waiting.pop() {
        if let Some((left, right)) = pair
            && expected.nodes[left].is_error != recorded.nodes[right].is_error
        {
            differences.push(Difference::Outcome(left, right));
        }
        let (left, right) = pair.unzip();
        let siblings = Siblings {
            expected,
            recorded,
            left: expected.below(left),
            right: in_expected_order(expected, left, recorded, recorded.below(right)),
        };
        let pairs = siblings.align();
        siblings.note_unpaired(&pairs, &mut differences);
        waiting.extend(pairs.into_iter().rev().map(Some));
    }
    differences
}

/// The recorded siblings in order of start, and those that started at one moment in the order that is expected.
fn in_expected_order(
    expected: &Tree,
    parent: Option<usize>,
    recorded: &Tree,
    siblings: &[usize],
) -> Vec<usize> {
    let node = |at: usize| &recorded.nodes[at];
    let mut order = siblings.to_vec();
    let mut at = 0;
    for wanted in expected.below(parent).iter().map(|at| &expected.nodes[*at]) {
        let Some(start) = order.get(at).map(|first| node(*first).start) else { break };
        let group = order[at..].iter().take_while(|other| node(**other).start == start);
        let group: Vec<&Node> = group.map(|other| node(*other)).collect();
        let find = |fits: &dyn Fn(&Node) -> bool| group.iter().position(|other| fits(other));
        let best = find(&|other| other.print == wanted.print)
            .or_else(|| find(&|it| it.is_called_like(wanted) && it.is_error == wanted.is_error))
            .or_else(|| find(&|other| other.is_called_like(wanted)));
        // An expected span that was not recorded takes no place.
        if let Some(best) = best {
            order[at..=at + best].rotate_right(1);
            at += 1;
        }
    }
    order
}

/// The children of a span on both sides, which are compared with one another.
struct Siblings<'a> {
    expected: &'a Tree,
    recorded: &'a Tree,
    left: &'a [usize],
    right: Vec<usize>,
}

impl Siblings<'_> {
    fn is_pair(&self, left: usize, right: usize) -> bool {
        self.expected.nodes[left].is_called_like(&self.recorded.nodes[right])
    }

    /// The longest sequence of pairs, in the order of both sides.
    fn align(&self) -> Vec<(usize, usize)> {
        // Most trees are as expected: siblings that match from the front need no table.
        let both = self.left.iter().copied().zip(self.right.iter().copied());
        let mut pairs: Vec<_> =
            both.take_while(|(left, right)| self.is_pair(*left, *right)).collect();
        let (a, b) = (&self.left[pairs.len()..], &self.right[pairs.len()..]);

        // `longest[i][j]`: the length of the longest sequence from `i` and `j` on.
        let mut longest = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i][j] = match self.is_pair(a[i], b[j]) {
                    true => longest[i + 1][j + 1] + 1,
                    false => longest[i + 1][j].max(longest[i][j + 1]),
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if self.is_pair(a[i], b[j]) {
                pairs.push((a[i], b[j]));
                (i, j) = (i + 1, j + 1);
            } else if longest[i + 1][j] >= longest[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        pairs
    }

    /// Notes the siblings that have no counterpart at their place.
    fn note_unpaired(&self, pairs: &[(usize, usize)], differences: &mut Vec<Difference>) {
        let is_single = |at: &&usize| !pairs.iter().any(|(_, right)| right == *at);
        let mut extra: Vec<usize> = self.right.iter().filter(is_single).copied().collect();
        let is_single = |at: &&usize| !pairs.iter().any(|(left, _)| left == *at);
        for at in self.left.iter().filter(is_single) {
            let elsewhere = extra.iter().position(|other| self.is_pair(*at, *other));
            differences.push(match elsewhere {
                Some(found) => Difference::Moved(*at, extra.remove(found)),
                None => Difference::Missing(*at),
            });
        }
        differences.extend(extra.into_iter().map(Difference::Unexpected));
    }
}
