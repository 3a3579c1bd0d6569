//! What a client's error says: which some make of a provider's answer, with its text in theirs.

use super::CallError;
use crate::http::{message_of, type_of};
use std::any::Any;
use std::fmt::Display;

/// What a client's error says.
#[derive(Debug)]
pub(super) enum ClientError {
    /// The provider's answer, and the status that it came with.
    Answer(CallError, u16),
    /// The client's own, by its type and its text.
    Own(String, String),
}

type Reader = fn(&dyn Any) -> Option<ClientError>;

/// Clients whose errors are known.
const READERS: &[Reader] = &[
    #[cfg(feature = "async-openai")]
    async_openai,
];

impl ClientError {
    pub(super) fn of<E: Display + 'static>(error: &E) -> Self {
        let known = READERS.iter().find_map(|read| read(error));
        known.unwrap_or_else(|| Self::Own(type_of(error).to_owned(), message_of(error)))
    }
}

#[cfg(feature = "async-openai")]
fn async_openai(error: &dyn Any) -> Option<ClientError> {
    use async_openai::error::OpenAIError;

    let boxed = error.downcast_ref::<Box<dyn std::error::Error + Send + Sync>>();
    let error = error.downcast_ref().or_else(|| boxed?.downcast_ref::<OpenAIError>())?;
    match error {
        OpenAIError::ApiError(answer) => {
            let (status, error) = (answer.status_code.as_u16(), &answer.api_error);
            let words = [&error.code, &error.r#type];
            let word = words.into_iter().flatten().find(|word| CallError::is_identifier(word));
            Some(ClientError::Answer(
                CallError {
                    error_type: word.cloned().unwrap_or_else(|| status.to_string()),
                    message: Some(error.message.clone()),
                },
                status,
            ))
        }
        OpenAIError::Reqwest(error) => Some(ClientError::of(error)),
        // Its text has the whole answer in it, and that of its cause a part.
        OpenAIError::JSONDeserialize(error, _) => {
            Some(ClientError::Own(type_of(error).to_owned(), "answer is no such JSON".to_owned()))
        }
        _ => None,
    }
}
