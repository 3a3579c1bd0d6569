//! The types that the scopes of a span accept as errors.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::ops::DerefMut;
use std::rc::Rc;
use std::sync::Arc;

/// An error that a scope can record, with its causes. Sealed: it cannot be named or implemented.
///
/// That is every [`Error`]; every report or box that dereferences to one by [`DerefMut`], such as
/// `anyhow::Error`, `eyre::Report` and `Box<dyn Error>`; and every text.
///
/// `K` says which of these it is, and is inferred; without it the compiler could not rule out a type that is
/// more than one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error that a span can record",
    label = "neither an `Error`, nor a report of one, nor a text",
    note = "implement `std::error::Error` for it, or make it a text: `.map_err(|error| error.to_string())`"
)]
#[expect(unnameable_types, reason = "sealed")]
pub trait Recordable<K> {
    /// The error, whose causes are recorded too.
    #[doc(hidden)]
    fn as_error(&self) -> Option<&(dyn Error + '_)>;

    /// The text, if it is not an error.
    #[doc(hidden)]
    fn as_text(&self) -> Option<&(dyn Display + '_)> {
        None
    }
}

/// See [`Recordable`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfError(());

impl<E: Error> Recordable<OfError> for E {
    fn as_error(&self) -> Option<&(dyn Error + '_)> {
        Some(self)
    }
}

/// Kinds for types that dereference to an error. By [`DerefMut`], since references and `Arc`s of errors are
/// errors themselves.
macro_rules! reports {
    ($($kind:ident: $error:ty,)*) => {$(
        /// See [`Recordable`].
        #[derive(Debug)]
        #[expect(unnameable_types, reason = "sealed")]
        pub struct $kind(());

        impl<R: DerefMut<Target = $error>> Recordable<$kind> for R {
            fn as_error(&self) -> Option<&(dyn Error + '_)> {
                Some(&**self)
            }
        }
    )*};
}

reports! {
    OfReport: dyn Error + Send + Sync,
    OfSendReport: dyn Error + Send,
    OfLocalReport: dyn Error,
}

/// See [`Recordable`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfText(());

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Recordable<OfText> for $text {
            fn as_error(&self) -> Option<&(dyn Error + '_)> {
                None
            }

            fn as_text(&self) -> Option<&(dyn Display + '_)> {
                Some(self)
            }
        }
    )*};
}

texts!(String, &String, &str, Cow<'_, str>, Box<str>, Rc<str>, Arc<str>);

// Request handlers return it in place of an error.
#[cfg(any(feature = "__otlp", feature = "http"))]
texts!(http::StatusCode);
