//! What models cost, as the user says.

use std::sync::Arc;

/// What models cost; for [`Builder::prices`](crate::Builder::prices).
///
/// Prices change, and contracts differ, so Prela knows none. A model is looked up by the name that the provider
/// answers with, then by the one that was asked for, each also without a date at its end. One without a price has no
/// cost.
///
/// ```
/// use prela::genai::{Price, Prices};
///
/// let prices = Prices::new()
///     .model("gpt-4o", Price::per_million(2.50, 10.00).cache_read(1.25))
///     .model("text-embedding-3-small", Price::per_million(0.02, 0.0));
/// assert!(prices.of("gpt-4o-2024-08-06").is_some());
/// assert!(prices.of("gpt-4o-mini").is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prices(Arc<Vec<(String, Price)>>);

/// What a model costs, in the currency of the whole table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

impl Prices {
    /// A table without prices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the price of a model, in place of an earlier one for it.
    #[must_use]
    pub fn model(mut self, name: impl Into<String>, price: Price) -> Self {
        let (name, table) = (name.into(), Arc::make_mut(&mut self.0));
        table.retain(|(known, _)| *known != name);
        table.push((name, price));
        self
    }

    /// The price of a model, by its name, or else by that without the date at its end.
    pub fn of(&self, model: &str) -> Option<Price> {
        let find = |name: &str| self.0.iter().find(|(known, _)| known == name);
        find(model).or_else(|| find(undated(model)?)).map(|(_, price)| *price)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `gpt-4o` of `gpt-4o-2024-08-06`, `claude-sonnet-4-5` of `claude-sonnet-4-5-20250929`.
fn undated(model: &str) -> Option<&str> {
    let name = model.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let rest = &model[name.len()..];
    // The version's own digits are not the date's.
    let date = rest.char_indices().filter(|(_, c)| *c == '-').find_map(|(at, _)| {
        let date: String = rest[at..].chars().filter(char::is_ascii_digit).collect();
        let dashes = rest[at..].bytes().filter(|byte| *byte == b'-').count();
        let is_date = date.len() == 8 && matches!(dashes, 1 | 3);
        is_date.then_some(name.len() + at)
    })?;
    Some(&model[..date])
}

impl Price {
    /// The price for a million tokens of input, and of output.
    pub const fn per_million(input: f64, output: f64) -> Self {
        Self { input, output, cache_read: None, cache_write: None }
    }

    /// Sets the price for a million input tokens that are read from the provider's cache. Default: as other input.
    #[must_use]
    pub const fn cache_read(mut self, price: f64) -> Self {
        self.cache_read = Some(price);
        self
    }

    /// Sets the price for a million input tokens that are written to the provider's cache. Default: as other input.
    #[must_use]
    pub const fn cache_write(mut self, price: f64) -> Self {
        self.cache_write = Some(price);
        self
    }

    /// What these tokens cost: the input, which includes those of the cache, and the output.
    pub(crate) fn cost(&self, input: u64, read: u64, written: u64, output: u64) -> (f64, f64) {
        let of = |tokens: u64, price: f64| count(tokens) * price / 1e6;
        let plain = input.saturating_sub(read).saturating_sub(written);
        let cached = of(read, self.cache_read.unwrap_or(self.input))
            + of(written, self.cache_write.unwrap_or(self.input));
        (rounded(of(plain, self.input) + cached), rounded(of(output, self.output)))
    }
}

/// Beyond 2^32 nobody pays by the token.
fn count(tokens: u64) -> f64 {
    u32::try_from(tokens).unwrap_or(u32::MAX).into()
}

/// Rounds to a millionth of a millionth: later digits come from how floats are stored.
pub(crate) fn rounded(cost: f64) -> f64 {
    (cost * 1e12).round() / 1e12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_no_part_of_the_name() {
        for (model, name) in [
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("claude-sonnet-4-5-20250929", Some("claude-sonnet-4-5")),
            ("gpt-4-0613", None),
            ("gpt-4o", None),
            ("gpt-4o-mini", None),
            ("", None),
        ] {
            assert_eq!(undated(model), name, "{model}");
        }
    }

    #[test]
    fn tokens_of_the_cache_are_part_of_the_input() {
        let price = Price::per_million(2.0, 8.0).cache_read(0.5).cache_write(3.0);
        assert_eq!(price.cost(1_000_000, 400_000, 100_000, 500_000), (1.0 + 0.2 + 0.3, 4.0));
        assert_eq!(Price::per_million(2.0, 8.0).cost(1_000_000, 400_000, 0, 0), (2.0, 0.0));
        assert_eq!(price.cost(1, 5, 5, 0).1, 0.0);
    }
}
