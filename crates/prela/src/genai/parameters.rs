//! How a model is asked.

use super::dialect;
use serde_json::Value as Json;

/// How a model is asked: what of it a request says.
///
/// ```
/// use prela::genai::RequestParameters;
/// use serde_json::json;
///
/// let ollama = json!({"model": "llama3.2", "options": {"num_predict": 64, "temperature": 0.2}});
/// let parameters = RequestParameters::read(&ollama);
/// assert_eq!((parameters.max_tokens, parameters.temperature), (Some(64), Some(0.2)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RequestParameters {
    /// Most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// How much is left to chance.
    pub temperature: Option<f64>,
    /// Of the likeliest tokens, how much of the probability is looked at.
    pub top_p: Option<f64>,
    /// How many of the likeliest tokens are looked at.
    pub top_k: Option<f64>,
    /// What tokens lose that came often.
    pub frequency_penalty: Option<f64>,
    /// What tokens lose that came before.
    pub presence_penalty: Option<f64>,
    /// Texts at which the model stops.
    pub stop_sequences: Vec<String>,
    /// What chance begins with.
    pub seed: Option<i64>,
    /// How many answers are asked for, if it is more or less than one.
    pub choice_count: Option<u64>,
    /// Whether the answer comes in pieces.
    pub stream: Option<bool>,
    /// `text`, `json`, `image` or `speech`.
    pub output_type: Option<String>,
    /// Of embeddings: how the numbers are written.
    pub encoding_formats: Vec<String>,
    /// Of embeddings: how many numbers each has.
    pub dimension_count: Option<u64>,
}

impl RequestParameters {
    /// Reads the request of any provider.
    pub fn read(request: &Json) -> Self {
        dialect::parameters(request)
    }
}
