//! How an error is read whose type the compiler knows only where a macro is used.
//!
//! A call of [`Shown`]'s method takes the first of these traits that fits the type: the compiler looks at
//! the type as it stands, and then behind one reference after the other.

use crate::span;
use std::error::Error;
use std::fmt::{Debug, Display};

/// An error, to be read behind six references.
#[derive(Debug)]
pub struct Shown<'a, E>(&'a E);

impl<'a, E> Shown<'a, E> {
    /// To be read.
    pub fn of(error: &'a E) -> Self {
        Self(error)
    }
}

/// What was read.
#[derive(Debug, Default)]
pub struct Failure(pub(super) span::Failure);

/// What a function returns, for an option that looks at its errors.
#[diagnostic::on_unimplemented(
    message = "`err` and `retry` need a function that returns a `Result`",
    label = "this is no `Result`",
    note = "leave the option out, or return a `Result`"
)]
pub trait Fallible {
    /// Without an error.
    type Value;
    /// Of the `Result`.
    type Error;

    /// The error, if there is one.
    fn error(&self) -> Option<&Self::Error>;
    /// As what it is.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
    /// The way back.
    fn of(result: Result<Self::Value, Self::Error>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;

    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    fn into_result(self) -> Self {
        self
    }

    fn of(result: Self) -> Self {
        result
    }
}

/// So that an error without `Display` is told in the compiler's own words.
pub fn needs_display<E: Display>(_: &E) {}

/// The same for `Debug`.
pub fn needs_debug<E: Debug>(_: &E) {}

macro_rules! ways {
    ($($name:ident for $shown:ty, $bound:path, $as_error:expr;)*) => {$(
        /// Reads an error of a kind, with its causes.
        pub trait $name {
            /// By `Display`.
            fn display(&self) -> Failure;
        }

        impl<E: $bound> $name for $shown {
            fn display(&self) -> Failure {
                let as_error: fn(&E) -> &dyn Error = $as_error;
                Failure(span::Failure::of_error(as_error(self.0)))
            }
        }
    )*};
}

macro_rules! debug_ways {
    ($($name:ident for $shown:ty, $bound:path, $as_error:expr;)*) => {$(
        /// Reads an error of a kind, with its causes.
        pub trait $name {
            /// By `Debug`.
            fn debug(&self) -> Failure;
        }

        impl<E: Debug + $bound> $name for $shown {
            fn debug(&self) -> Failure {
                let as_error: fn(&E) -> &dyn Error = $as_error;
                Failure(span::Failure::of_debug_error(self.0, as_error(self.0)))
            }
        }
    )*};
}

/// What a `Box<dyn Error>` gives, or an `anyhow::Error`.
type Shared = dyn Error + Send + Sync;
type OnlySend = dyn Error + Send;
type Local = dyn Error;

ways! {
    ErrorDisplayed for &&&&&Shown<'_, E>, Error, |error| error;
    SharedDisplayed for &&&&Shown<'_, E>, AsRef<Shared>, |error| AsRef::<Shared>::as_ref(error);
    SendDisplayed for &&&Shown<'_, E>, AsRef<OnlySend>, |error| AsRef::<OnlySend>::as_ref(error);
    LocalDisplayed for &&Shown<'_, E>, AsRef<Local>, |error| AsRef::<Local>::as_ref(error);
}

debug_ways! {
    ErrorDebugged for &&&&&Shown<'_, E>, Error, |error| error;
    SharedDebugged for &&&&Shown<'_, E>, AsRef<Shared>, |error| AsRef::<Shared>::as_ref(error);
    SendDebugged for &&&Shown<'_, E>, AsRef<OnlySend>, |error| AsRef::<OnlySend>::as_ref(error);
    LocalDebugged for &&Shown<'_, E>, AsRef<Local>, |error| AsRef::<Local>::as_ref(error);
}

/// Reads what has a text and nothing else.
pub trait TextDisplayed {
    /// By `Display`.
    fn display(&self) -> Failure;
}

impl<E: Display> TextDisplayed for &Shown<'_, E> {
    fn display(&self) -> Failure {
        Failure(span::Failure::of_display(self.0))
    }
}

/// Reads what has a text for programmers and nothing else.
pub trait TextDebugged {
    /// By `Debug`.
    fn debug(&self) -> Failure;
}

impl<E: Debug> TextDebugged for &Shown<'_, E> {
    fn debug(&self) -> Failure {
        Failure(span::Failure::of_debug(self.0))
    }
}

/// What has no text. [`needs_display`] and [`needs_debug`] have told so.
pub trait Textless {
    /// Nothing.
    fn display(&self) -> Failure;
    /// Nothing.
    fn debug(&self) -> Failure;
}

impl<E> Textless for Shown<'_, E> {
    fn display(&self) -> Failure {
        Failure::default()
    }

    fn debug(&self) -> Failure {
        Failure::default()
    }
}
