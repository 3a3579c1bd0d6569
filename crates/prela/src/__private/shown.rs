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

/// So that an error without `Debug` is told in the compiler's own words.
pub fn needs_debug<E: Debug>(_: &E) {}

macro_rules! ways {
    ($($name:ident<$($lifetime:lifetime),*> for $shown:ty, $bound:path, $as_error:expr;)*) => {$(
        /// Reads an error of a kind, with its causes.
        pub trait $name {
            /// By `Display`.
            fn failure_by_display(&self) -> Failure;
        }

        impl<$($lifetime: 'e,)* E: $bound> $name for $shown {
            fn failure_by_display(&self) -> Failure {
                let as_error: fn(&'e E) -> &'e (dyn Error + 'e) = $as_error;
                Failure(span::Failure::of_error(as_error(self.0)))
            }
        }
    )*};
}

macro_rules! debug_ways {
    ($($name:ident<$($lifetime:lifetime),*> for $shown:ty, $bound:path, $as_error:expr;)*) => {$(
        /// Reads an error of a kind, with its causes.
        pub trait $name {
            /// By `Debug`.
            fn failure_by_debug(&self) -> Failure;
        }

        impl<$($lifetime: 'e,)* E: Debug + $bound> $name for $shown {
            fn failure_by_debug(&self) -> Failure {
                let as_error: fn(&'e E) -> &'e (dyn Error + 'e) = $as_error;
                Failure(span::Failure::of_debug_error(self.0, as_error(self.0)))
            }
        }
    )*};
}

/// What a `Box<dyn Error>` gives, or an `anyhow::Error`. It may borrow, and then lives as long as that.
type Shared<'l> = dyn Error + Send + Sync + 'l;
type OnlySend<'l> = dyn Error + Send + 'l;
type Local<'l> = dyn Error + 'l;

ways! {
    ErrorDisplayed<'e> for &&&&&Shown<'e, E>, Error, |error| error;
    SharedDisplayed<'e, 'l> for &&&&Shown<'e, E>, AsRef<Shared<'l>>, |error| AsRef::<Shared<'l>>::as_ref(error);
    SendDisplayed<'e, 'l> for &&&Shown<'e, E>, AsRef<OnlySend<'l>>, |error| AsRef::<OnlySend<'l>>::as_ref(error);
    LocalDisplayed<'e, 'l> for &&Shown<'e, E>, AsRef<Local<'l>>, |error| AsRef::<Local<'l>>::as_ref(error);
}

debug_ways! {
    ErrorDebugged<'e> for &&&&&Shown<'e, E>, Error, |error| error;
    SharedDebugged<'e, 'l> for &&&&Shown<'e, E>, AsRef<Shared<'l>>, |error| AsRef::<Shared<'l>>::as_ref(error);
    SendDebugged<'e, 'l> for &&&Shown<'e, E>, AsRef<OnlySend<'l>>, |error| AsRef::<OnlySend<'l>>::as_ref(error);
    LocalDebugged<'e, 'l> for &&Shown<'e, E>, AsRef<Local<'l>>, |error| AsRef::<Local<'l>>::as_ref(error);
}

/// Reads what has a text and nothing else.
pub trait TextDisplayed {
    /// By `Display`.
    fn failure_by_display(&self) -> Failure;
}

impl<E: Display> TextDisplayed for &Shown<'_, E> {
    fn failure_by_display(&self) -> Failure {
        Failure(span::Failure::of_display(self.0))
    }
}

/// Reads what has a text for programmers and nothing else.
pub trait TextDebugged {
    /// By `Debug`.
    fn failure_by_debug(&self) -> Failure;
}

impl<E: Debug> TextDebugged for &Shown<'_, E> {
    fn failure_by_debug(&self) -> Failure {
        Failure(span::Failure::of_debug(self.0))
    }
}

/// What has no text. [`needs_display`] and [`needs_debug`] have told so.
pub trait Textless {
    /// Nothing.
    fn failure_by_display(&self) -> Failure;
    /// Nothing.
    fn failure_by_debug(&self) -> Failure;
}

impl<E> Textless for Shown<'_, E> {
    fn failure_by_display(&self) -> Failure {
        Failure::default()
    }

    fn failure_by_debug(&self) -> Failure {
        Failure::default()
    }
}
