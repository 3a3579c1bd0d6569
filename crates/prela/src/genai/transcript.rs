//! Messages in whatever form they are at hand.

use super::dialect;
use super::{FinishReason, Input, Message, Role};
use serde_json::Value as Json;

/// What goes to a model, or comes from it, in whatever form it is at hand.
///
/// | from | is |
/// |---|---|
/// | `&str`, `String` | one message: the user's, of an output the model's |
/// | [`Message`], `Vec` and arrays of them | these |
/// | `serde_json::Value`, and a reference to one | the request or response of any provider as a whole, its list of messages, or one message |
///
/// ```
/// use prela::genai::{Message, Role, Transcript};
/// use serde_json::json;
///
/// assert_eq!(Transcript::from("Hi").into_input().messages, [Message::user("Hi")]);
///
/// let response = json!({"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]});
/// let output = Transcript::from(response).into_output();
/// assert_eq!(output, [Message::assistant("Hello").finish_reason("stop")]);
/// ```
#[derive(Clone, Debug)]
pub struct Transcript(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Text(String),
    Messages(Vec<Message>),
    Json(Json),
}

impl Transcript {
    /// Reads it as what goes to a model.
    pub fn into_input(self) -> Input {
        match self.0 {
            Repr::Text(text) => Input { messages: vec![Message::user(text)], ..Input::default() },
            Repr::Messages(messages) => Input { messages, ..Input::default() },
            Repr::Json(json) => Input::read(&json),
        }
    }

    /// Reads it as what comes from a model. A message that does not say why it ended gets `stop`, since
    /// backends leave out those without a reason.
    pub fn into_output(self) -> Vec<Message> {
        self.into_output_or(|_| FinishReason::Stop)
    }

    /// Reads it as what comes from a model. `reason` gives the reason of a message that has none, by its
    /// position.
    pub(super) fn into_output_or(self, reason: impl Fn(usize) -> FinishReason) -> Vec<Message> {
        let mut messages = match self.0 {
            Repr::Text(text) => vec![Message::new(Role::Assistant, text)],
            Repr::Messages(messages) => messages,
            Repr::Json(json) => dialect::output(&json),
        };
        for (at, message) in messages.iter_mut().enumerate() {
            message.finish_reason.get_or_insert_with(|| reason(at));
        }
        messages
    }
}

impl From<&str> for Transcript {
    fn from(text: &str) -> Self {
        Self(Repr::Text(text.to_owned()))
    }
}

impl From<String> for Transcript {
    fn from(text: String) -> Self {
        Self(Repr::Text(text))
    }
}

impl From<&String> for Transcript {
    fn from(text: &String) -> Self {
        Self(Repr::Text(text.clone()))
    }
}

impl From<Message> for Transcript {
    fn from(message: Message) -> Self {
        Self(Repr::Messages(vec![message]))
    }
}

impl From<Vec<Message>> for Transcript {
    fn from(messages: Vec<Message>) -> Self {
        Self(Repr::Messages(messages))
    }
}

impl From<&[Message]> for Transcript {
    fn from(messages: &[Message]) -> Self {
        Self(Repr::Messages(messages.to_vec()))
    }
}

impl<const N: usize> From<[Message; N]> for Transcript {
    fn from(messages: [Message; N]) -> Self {
        Self(Repr::Messages(messages.into()))
    }
}

impl From<Json> for Transcript {
    fn from(json: Json) -> Self {
        Self(Repr::Json(json))
    }
}

impl From<&Json> for Transcript {
    fn from(json: &Json) -> Self {
        Self(Repr::Json(json.clone()))
    }
}
