//! Reads errors of clients. Some of them are made of a provider's answer, and have its text.

use crate::http::{message_of, type_of};
use std::any::Any;
use std::fmt::Display;

/// An error of a client, as the span gets it.
#[derive(Debug)]
pub(super) struct ClientError {
    pub(super) error_type: String,
    pub(super) message: String,
    /// The status of the provider's answer, if the client tells it.
    pub(super) status: Option<u16>,
}

type Reader = fn(&dyn Any) -> Option<ClientError>;

/// The readers of errors of known clients.
const READERS: &[Reader] = &[
    #[cfg(feature = "async-openai")]
    async_openai,
];

impl ClientError {
    pub(super) fn of<E: Display + 'static>(error: &E) -> Self {
        let known = READERS.iter().find_map(|read| read(error));
        known.unwrap_or_else(|| Self::own(error, message_of(error)))
    }

    fn own<E: 'static>(error: &E, message: String) -> Self {
        Self { error_type: type_of(error).to_owned(), message, status: None }
    }
}

#[cfg(feature = "async-openai")]
fn async_openai(error: &dyn Any) -> Option<ClientError> {
    use super::CallError;
    use async_openai::error::OpenAIError;

    let boxed = error.downcast_ref::<Box<dyn std::error::Error + Send + Sync>>();
    let error = error.downcast_ref().or_else(|| boxed?.downcast_ref::<OpenAIError>())?;
    match error {
        OpenAIError::ApiError(answer) => {
            let (status, error) = (answer.status_code.as_u16(), &answer.api_error);
            let words = [&error.code, &error.r#type];
            let word = words.into_iter().flatten().find(|word| CallError::is_identifier(word));
            Some(ClientError {
                error_type: word.cloned().unwrap_or_else(|| status.to_string()),
                message: error.message.clone(),
                status: Some(status),
            })
        }
        OpenAIError::Reqwest(error) => Some(ClientError::of(error)),
        // Its text has the whole answer in it, and that of its cause a part.
        OpenAIError::JSONDeserialize(error, _) => {
            Some(ClientError::own(error, "the answer is not the expected JSON".to_owned()))
        }
        _ => None,
    }
}
