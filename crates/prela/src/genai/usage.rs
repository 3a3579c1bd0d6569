//! Tokens that a call took.

use std::ops::AddAssign;

/// Tokens that a call took: each as far as its provider tells.
///
/// Providers count differently; here the conventions' rules always hold: the input includes what was read from
/// and written to a cache, the output includes what the model thought.
///
/// ```
/// use prela::genai::Usage;
/// use serde_json::json;
///
/// // Gemini counts thoughts beside the output.
/// let gemini = json!({"promptTokenCount": 8, "candidatesTokenCount": 20, "thoughtsTokenCount": 30});
/// let usage = Usage::read(&gemini).unwrap();
/// assert_eq!((usage.output_tokens, usage.reasoning_output_tokens), (Some(50), Some(30)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request, including those in a cache.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, including the model's thoughts.
    pub output_tokens: Option<u64>,
    /// The part of the input that was read from the provider's cache.
    pub cache_read_input_tokens: Option<u64>,
    /// The part of the input that was written to the provider's cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// The part of the output that is the model's thoughts.
    pub reasoning_output_tokens: Option<u64>,
}

impl Usage {
    /// Tokens of input and output, by the conventions' rules.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens: Some(input_tokens),
            output_tokens: Some(output_tokens),
            ..Self::default()
        }
    }

    /// Sets how much of the input was read from the provider's cache.
    #[must_use]
    pub fn cache_read(mut self, tokens: u64) -> Self {
        self.cache_read_input_tokens = Some(tokens);
        self
    }

    /// Sets how much of the input was written to the provider's cache.
    #[must_use]
    pub fn cache_creation(mut self, tokens: u64) -> Self {
        self.cache_creation_input_tokens = Some(tokens);
        self
    }

    /// Sets how much of the output was the model's thoughts.
    #[must_use]
    pub fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning_output_tokens = Some(tokens);
        self
    }

    /// Tokens of input and output together; none if neither is known.
    pub fn total_tokens(&self) -> Option<u64> {
        match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (input, output) => {
                Some(input.unwrap_or_default().saturating_add(output.unwrap_or_default()))
            }
        }
    }
}

/// Adds the tokens of another call.
impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |sum: &mut Option<u64>, more: Option<u64>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or_default().saturating_add(more));
            }
        };
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_input_tokens, other.cache_read_input_tokens);
        add(&mut self.cache_creation_input_tokens, other.cache_creation_input_tokens);
        add(&mut self.reasoning_output_tokens, other.reasoning_output_tokens);
    }
}
