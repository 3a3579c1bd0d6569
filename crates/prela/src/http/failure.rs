//! The type and the text of an error and of its causes.

use crate::context::guarded;
use crate::semconv;
use crate::span::{Failure, as_error};
use std::any::{Any, type_name};
use std::error::Error;
use std::fmt::Display;
use std::io;
use std::iter::successors;

type Boxed = Box<dyn Error + Send + Sync>;

/// `error.type`: the error's type, if that tells anything; `timeout` if it, or one that caused it, is a known
/// timeout.
pub(crate) fn type_of<E: 'static>(error: &E) -> &'static str {
    let any: &dyn Any = error;
    let is_timeout = || as_error(any).is_some_and(|error| causes(error).any(is_timeout));
    if guarded(is_timeout) == Some(true) {
        semconv::http::TIMEOUT
    } else if any.is::<Boxed>() {
        semconv::http::OTHER
    } else {
        type_name::<E>()
    }
}

/// The text of an error and of its causes, where its type is known to have some.
///
/// A transport's error says little by itself (`transport error`). What it hides can only be had from
/// types that are known: services need not have errors that are [`Error`].
pub(crate) fn message_of<E: Display + 'static>(error: &E) -> String {
    let Some(error) = as_error(error) else { return Failure::of_display(error).message };
    let texts = || causes(error).take(MOST_CAUSES).map(text_of).collect::<Vec<_>>();
    Failure::of_texts(guarded(texts).unwrap_or_default()).message
}

/// The text of an error; empty if it has the URL of the request.
fn text_of(error: &(dyn Error + 'static)) -> String {
    let has_url = HAS_URL.iter().any(|has_url| has_url(error));
    if has_url { String::new() } else { guarded(|| error.to_string()).unwrap_or_default() }
}

/// How many errors of a chain of causes are read.
const MOST_CAUSES: usize = 17;

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    TIMEOUTS.iter().any(|is_timeout| is_timeout(error))
}

type Is = fn(&(dyn Error + 'static)) -> bool;

/// Errors whose text has the URL of the request, with its query.
const HAS_URL: &[Is] = &[
    #[cfg(feature = "reqwest")]
    |error| error.is::<reqwest::Error>(),
    #[cfg(feature = "reqwest")]
    |error| matches!(error.downcast_ref(), Some(reqwest_middleware::Error::Reqwest(_))),
];

const TIMEOUTS: &[Is] = &[
    |error| error.is::<tokio::time::error::Elapsed>(),
    |error| error.downcast_ref().is_some_and(|it: &io::Error| it.kind() == io::ErrorKind::TimedOut),
    // `tower::timeout`'s error, as far as it can be known without that crate.
    |error| error.to_string() == "request timed out" && format!("{error:?}") == "Elapsed(())",
    #[cfg(feature = "otlp-grpc")]
    |error| error.is::<tonic::TimeoutExpired>(),
    #[cfg(feature = "reqwest")]
    |error| error.downcast_ref().is_some_and(reqwest::Error::is_timeout),
    #[cfg(feature = "reqwest")]
    |error| error.downcast_ref().is_some_and(reqwest_middleware::Error::is_timeout),
];
