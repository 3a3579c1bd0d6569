//! What an error says, with what caused it.

use super::recordable::Recordable;
use crate::context::guarded;
#[cfg(feature = "http")]
use std::any::Any;
use std::any::type_name;
use std::error::Error;
use std::fmt::{self, Display, Write as _};
#[cfg(feature = "http")]
use std::io;
use std::iter::successors;
use std::panic::resume_unwind;
#[cfg(feature = "http")]
use std::sync::Arc;

/// An error as a span records it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure {
    /// The texts of the error and its causes, separated by `: `, for the status and `exception.message`.
    pub(crate) message: String,
    /// The content of `exception.stacktrace`, if it says more than the message.
    pub(crate) stacktrace: Option<String>,
}

/// The most causes that are recorded, besides the last one, which says most. Those between are `…`.
const MOST_CAUSES: usize = 16;
/// The depth to which the last cause is looked for: a chain may be endless.
const DEEPEST_CAUSE: usize = 1_000;
/// The most bytes of all texts of a chain together: a text may be endless.
const MOST_BYTES: usize = 64 * 1024;

/// Types that hide an error and its causes, and show all of them on one line by `{:#}`.
const REPORTS: [&str; 3] = ["anyhow::Error", "eyre::Report", "miette::eyreish::Report"];

/// What precedes the frames of a backtrace in texts of `anyhow`, `eyre` and `Backtrace`.
const BACKTRACES: [&str; 3] = ["Stack backtrace:", "Backtrace [", "BACKTRACE"];

impl Failure {
    /// An error and its causes, each by its `Display`.
    pub(crate) fn of_error(error: &(dyn Error + '_)) -> Self {
        Self::of_texts(texts_of(error))
    }

    /// The error that a scope's closure returned.
    pub(crate) fn of<E: Recordable<K>, K>(error: &E) -> Self {
        match (error.as_error(), error.as_text()) {
            (Some(error), _) => Self::of_error(error),
            (None, Some(text)) => Self::of_text(shown(MOST_BYTES, format_args!("{text}"))),
            (None, None) => Self::default(),
        }
    }

    /// A value by its `Display`. Only [`REPORTS`] show their causes.
    pub(crate) fn of_display<E: Display + ?Sized>(error: &E) -> Self {
        let own = shown(MOST_BYTES, format_args!("{error}"));
        let all = is_report(type_name::<E>()).then(|| shown(MOST_BYTES, format_args!("{error:#}")));
        let causes = all.as_deref().and_then(|all| all.strip_prefix(&*own));
        match causes.and_then(|causes| causes.strip_prefix(": ")) {
            Some(causes) => Self {
                stacktrace: Some(format!("{own}\nCaused by: {causes}")),
                message: without_backtrace(&all.unwrap_or_default()).to_owned(),
            },
            None => Self::of_text(own),
        }
    }

    /// An error by its `Debug`, which for a report shows causes and frames.
    #[cfg(feature = "macros")]
    pub(crate) fn of_debug<E: fmt::Debug + ?Sized>(error: &E) -> Self {
        Self::of_text(shown(MOST_BYTES, format_args!("{error:?}")))
    }

    /// An error by its `Debug`, with causes from `as_error`.
    #[cfg(feature = "macros")]
    pub(crate) fn of_debug_error<E: fmt::Debug + ?Sized>(
        error: &E,
        as_error: &(dyn Error + '_),
    ) -> Self {
        let (debug, chain) = (Self::of_debug(error), Self::of_error(as_error));
        if is_report(type_name::<E>()) {
            // Only this text has the frames, if there are any.
            let stacktrace = Some(shown(MOST_BYTES, format_args!("{error:?}")));
            return Self { message: chain.message, stacktrace };
        }
        Self { message: debug.message, stacktrace: debug.stacktrace.or(chain.stacktrace) }
    }

    fn of_text(text: String) -> Self {
        let message = without_backtrace(&text);
        if message.len() == text.len() {
            return Self { message: text, stacktrace: None };
        }
        Self { message: message.to_owned(), stacktrace: Some(text) }
    }

    /// The texts of an error and of its causes.
    pub(crate) fn of_texts(texts: impl IntoIterator<Item = String>) -> Self {
        let (mut message, mut trace) = (String::new(), String::new());
        let (mut before, mut count) = (String::new(), 0);
        for text in texts {
            if text.is_empty() || trace.len() > MOST_BYTES {
                continue;
            }
            let own = without_backtrace(&text);
            // Many errors show their cause in their own text.
            if !own.is_empty() && (message.is_empty() || !before.contains(own)) {
                message.push_str(if message.is_empty() { "" } else { ": " });
                message.push_str(own);
            }
            trace.push_str(if count == 0 { "" } else { "\nCaused by: " });
            trace.push_str(&text);
            own.clone_into(&mut before);
            count += 1;
        }
        let is_more = count > 1 || trace.len() > message.len();
        Self { message, stacktrace: is_more.then_some(trace) }
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::of_text(text)
    }
}

/// The texts of an error and of the chain of its causes.
fn texts_of(error: &(dyn Error + '_)) -> Vec<String> {
    let mut left = MOST_BYTES;
    let mut text_of = |error: &(dyn Error + '_)| {
        let text = shown(left, format_args!("{error}"));
        left = left.saturating_sub(text.len());
        text
    };
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if texts.len() > MOST_CAUSES {
            let deepest = causes(error).take(DEEPEST_CAUSE).last();
            let is_last = deepest.is_none();
            texts.extend((!is_last).then(|| "…".to_owned()));
            texts.push(text_of(deepest.unwrap_or(error)));
            break;
        }
        texts.push(text_of(error));
        next = cause_of(error);
    }
    texts
}

/// The chain of an error's causes.
fn causes<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = &'a (dyn Error + 'a)> {
    successors(cause_of(error), |&error| cause_of(error))
}

fn cause_of<'a>(error: &'a (dyn Error + 'a)) -> Option<&'a (dyn Error + 'a)> {
    guarded(|| error.source()).flatten().map(|cause| cause as _)
}

/// The text, up to `most` bytes, or to where the user's code panics.
fn shown(most: usize, text: fmt::Arguments<'_>) -> String {
    let mut shown = Shown { text: String::new(), most, refused: 0 };
    // An error means that the text is cut or incomplete, which will do.
    let _ = guarded(|| shown.write_fmt(text));
    shown.text
}

/// A text of limited length, which also stops an endless one.
struct Shown {
    text: String,
    most: usize,
    refused: u32,
}

impl fmt::Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = self.most.saturating_sub(self.text.len());
        if self.refused == 0 && text.len() <= left {
            self.text.push_str(text);
            return Ok(());
        }
        if self.refused == 0 {
            let end = (0..=left).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            self.text.push_str(&text[..end]);
            self.text.push('…');
        }
        self.refused += 1;
        // Code that goes on after so many errors ignores them, and would go on for ever.
        if self.refused > 1_000 && cfg!(panic = "unwind") {
            resume_unwind(Box::new("a text without end"));
        }
        Err(fmt::Error)
    }
}

fn is_report(type_name: &str) -> bool {
    REPORTS.contains(&type_name.trim_start_matches('&'))
}

fn without_backtrace(text: &str) -> &str {
    match BACKTRACES.iter().filter_map(|begin| text.find(begin)).min() {
        Some(at) => text[..at].trim_end(),
        None => text,
    }
}

/// A value as an [`Error`], if its type is known to be or to hold one: services may return any type.
#[cfg(feature = "http")]
pub(crate) fn as_error(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    KNOWN.iter().find_map(|as_error| as_error(error))
}

#[cfg(feature = "http")]
type AsError = for<'a> fn(&'a dyn Any) -> Option<&'a (dyn Error + 'static)>;

/// For each known type, the way to see a value of it as an [`Error`].
#[cfg(feature = "http")]
const KNOWN: &[AsError] = &[
    |any| any.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|boxed| &**boxed as _),
    |any| any.downcast_ref::<Box<dyn Error + Send>>().map(|boxed| &**boxed as _),
    |any| any.downcast_ref::<Box<dyn Error>>().map(|boxed| &**boxed),
    |any| any.downcast_ref::<Arc<dyn Error + Send + Sync>>().map(|shared| &**shared as _),
    |any| any.downcast_ref::<Arc<dyn Error>>().map(|shared| &**shared),
    |any| any.downcast_ref::<io::Error>().map(|error| error as _),
    |any| any.downcast_ref::<crate::Error>().map(|error| error as _),
    #[cfg(feature = "otlp-grpc")]
    |any| any.downcast_ref::<tonic::transport::Error>().map(|error| error as _),
    #[cfg(feature = "otlp-grpc")]
    |any| any.downcast_ref::<tonic::Status>().map(|status| status as _),
    #[cfg(feature = "otlp-http")]
    |any| any.downcast_ref::<hyper_util::client::legacy::Error>().map(|error| error as _),
    #[cfg(feature = "reqwest")]
    |any| any.downcast_ref::<reqwest::Error>().map(|error| error as _),
    #[cfg(feature = "reqwest")]
    |any| any.downcast_ref::<reqwest_middleware::Error>().map(|error| error as _),
];
