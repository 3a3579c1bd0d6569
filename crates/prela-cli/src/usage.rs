//! Tokens and cost, and how they are summed up.
//!
//! An agent may repeat what its calls of models used, or leave it to them. So a span counts with what it says itself, or
//! else with the sum of what its children count with: nothing is counted twice, and nothing is left out. Tokens and
//! cost are looked at each for itself, since an agent may know the tokens and leave the price to its calls.
//! `page/sums.js` does the same for the page.

use crate::tree::Node;

/// Tokens and cost of a span, or of spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Billionths of a US dollar.
    pub cost_nusd: u64,
}

impl Usage {
    /// Whether nothing was used, or nothing is said of it.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// The sum of both, or the greatest number there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_nusd: self.cost_nusd.saturating_add(other.cost_nusd),
        }
    }

    /// What a span counts with that says this, and whose children count with that.
    fn or_below(self, below: Self) -> Self {
        let says_tokens = self.input_tokens > 0 || self.output_tokens > 0;
        let tokens = if says_tokens { self } else { below };
        let cost_nusd = if self.cost_nusd > 0 { self.cost_nusd } else { below.cost_nusd };
        Self { cost_nusd, ..tokens }
    }
}

/// What each span of a tree counts with, and the sum of those at its top; `own` is what each span says itself.
///
/// Cost: proportional to the number of spans.
pub(crate) fn sums(nodes: &[Node], own: impl Fn(usize) -> Usage) -> (Vec<Usage>, Usage) {
    let mut spans = vec![Usage::default(); nodes.len()];
    let mut whole = Usage::default();
    // From the bottom up, so `spans` has the sum of a span's children when its turn comes.
    for node in nodes.iter().rev() {
        let counted = own(node.span).or_below(spans[node.span]);
        spans[node.span] = counted;
        let above = node.parent.map_or(&mut whole, |parent| &mut spans[parent]);
        *above = above.plus(counted);
    }
    (spans, whole)
}

#[cfg(test)]
mod tests {
    use super::{Usage, sums};
    use crate::ids::SpanId;
    use crate::tree::Tree;

    /// A span's number, its parent's (0: none), and what it says: tokens in and out, cost.
    type Said = (u64, u64, [u64; 3]);

    #[test]
    fn a_span_counts_with_what_it_says_or_else_with_its_children() {
        let shapes: [(&str, &[Said], [u64; 3]); 9] = [
            ("one call", &[(1, 0, [5, 2, 9])], [5, 2, 9]),
            (
                "an agent that says nothing",
                &[(1, 0, [0; 3]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1])],
                [6, 3, 10],
            ),
            (
                "one that repeats its calls",
                &[(1, 0, [6, 3, 10]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1])],
                [6, 3, 10],
            ),
            (
                "tokens above, the price below",
                &[(1, 0, [6, 3, 0]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1])],
                [6, 3, 10],
            ),
            ("the price above, tokens below", &[(1, 0, [0, 0, 7]), (2, 1, [5, 2, 9])], [5, 2, 7]),
            ("answers alone above", &[(1, 0, [0, 3, 0]), (2, 1, [5, 2, 0])], [0, 3, 0]),
            (
                "agents in agents",
                &[
                    (1, 0, [0; 3]),
                    (2, 1, [9, 9, 0]),
                    (3, 2, [4, 4, 0]),
                    (4, 3, [4, 4, 2]),
                    (5, 1, [0; 3]),
                    (6, 5, [1, 1, 1]),
                ],
                [10, 10, 3],
            ),
            ("the parent is missing", &[(2, 9, [5, 2, 9]), (1, 0, [1, 1, 1])], [6, 3, 10]),
            ("a circle", &[(1, 2, [0; 3]), (2, 1, [5, 2, 9])], [5, 2, 9]),
        ];
        for (shape, said, expected) in shapes {
            let id = |number: u64| SpanId(number.to_be_bytes());
            let links: Vec<_> = said
                .iter()
                .map(|(own, above, _)| (id(*own), (*above > 0).then(|| id(*above))))
                .collect();
            let usage = |[input_tokens, output_tokens, cost_nusd]: [u64; 3]| Usage {
                input_tokens,
                output_tokens,
                cost_nusd,
            };
            let (spans, whole) = sums(&Tree::of_links(&links).nodes, |at| usage(said[at].2));
            assert_eq!(whole, usage(expected), "{shape}");
            assert_eq!(spans.len(), said.len(), "{shape}");
        }
        let most = Usage { input_tokens: u64::MAX, output_tokens: 1, cost_nusd: 0 };
        assert_eq!(most.plus(most), Usage { output_tokens: 2, ..most });
    }
}
