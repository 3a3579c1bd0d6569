//! What a provider says about its answer.

use super::dialect;
use serde_json::Value as Json;

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

impl Response {
    /// Reads the response of any provider.
    ///
    /// OpenAI's responses have a status instead of reasons: `completed` is read as `stop`, or as `tool_calls` if
    /// there are some; `incomplete` as its reason.
    ///
    /// ```
    /// use prela::genai::Response;
    /// use serde_json::json;
    ///
    /// let response = json!({"id": "m1", "model": "claude-sonnet-4-5-20250929", "stop_reason": "end_turn"});
    /// let response = Response::read(&response);
    /// assert_eq!((response.id.as_deref(), response.finish_reasons), (Some("m1"), vec!["end_turn".to_owned()]));
    /// ```
    pub fn read(response: &Json) -> Self {
        dialect::response(response)
    }
}
