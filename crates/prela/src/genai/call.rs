//! A call of a model, as its request and its answer say it.

use super::{Message, Part, ToolDefinition};

/// The parameters of a request to a model, as far as it has them.
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
    /// The most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// The sampling temperature: how much is left to chance.
    pub temperature: Option<f64>,
    /// The share of the probability, from the likeliest token on, that is considered.
    pub top_p: Option<f64>,
    /// How many of the likeliest tokens are considered.
    pub top_k: Option<f64>,
    /// The penalty for tokens that came often.
    pub frequency_penalty: Option<f64>,
    /// The penalty for tokens that came before.
    pub presence_penalty: Option<f64>,
    /// Texts at which the model stops.
    pub stop_sequences: Vec<String>,
    /// The seed of the random numbers.
    pub seed: Option<i64>,
    /// How many answers are asked for, if not one.
    pub choice_count: Option<u64>,
    /// Whether the answer comes in pieces.
    pub stream: Option<bool>,
    /// The form of the answer: `text`, `json`, `image` or `speech`.
    pub output_type: Option<String>,
    /// How the numbers of embeddings are written, such as `float`.
    pub encoding_formats: Vec<String>,
    /// How many numbers each embedding has.
    pub dimension_count: Option<u64>,
}

/// What a request says to a model.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// The messages, with those of the system that stand among them.
    pub messages: Vec<Message>,
    /// Instructions that a provider takes beside the messages.
    pub system_instructions: Vec<Part>,
    /// The tools that the model may ask for.
    pub tools: Vec<ToolDefinition>,
}

/// What a provider says about its answer, beside the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that answered: often more exact than the one that was asked for.
    pub model: Option<String>,
    /// Why each answer ended, in the provider's words.
    pub finish_reasons: Vec<String>,
}
