//! What all typed handles share.

use super::content::{self, Content};
use crate::semconv::{INPUT, OUTPUT, QUERY, Side};
use crate::{Span, Value};
use opentelemetry::Key;
use std::fmt;
use std::ops::Deref;

/// A handle to a span that knows what the span is: [`ChatSpan`](super::ChatSpan), [`ToolSpan`](super::ToolSpan) and
/// the like.
///
/// A view of a [`Span`], to which it dereferences, and as cheap to clone. Nothing else can implement this.
pub trait TypedSpan: Deref<Target = Span> + Clone + fmt::Debug + Send + Sync + Sealed {
    /// The typed view of a span, such as of one that a future runs in. What it writes is the same, whatever the
    /// span's type is.
    ///
    /// ```
    /// use prela::genai::{ToolSpan, TypedSpan as _};
    ///
    /// if let Some(span) = prela::current_span() {
    ///     ToolSpan::of(span).call_id("call_1");
    /// }
    /// ```
    fn of(span: Span) -> Self;

    /// The current span. Writing to it does nothing where there is none.
    fn current() -> Self {
        Self::of(crate::current_span().unwrap_or_else(Span::none))
    }
}

/// Keeps other crates from implementing [`TypedSpan`].
#[expect(unnameable_types, reason = "sealed")]
pub trait Sealed {}

/// Sets an attribute; what examples and many programs call `input`, `output` and `query` is written under the names
/// that backends read, too.
pub(super) fn set(span: &Span, key: Key, value: Value) {
    let side = match key.as_str() {
        INPUT | QUERY => Some(Side::Input),
        OUTPUT => Some(Side::Output),
        _ => None,
    };
    if let Some(side) = side.filter(|_| !matches!(value, Value::Empty)) {
        let is_query = key.as_str() == QUERY;
        span.set_attribute(key, value.clone());
        content::map(span, side, is_query, &Content::from(value));
    } else {
        span.set_attribute(key, value);
    }
}

/// Declares a handle, with what each of them has.
macro_rules! typed_span {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name($crate::Span);

        impl $crate::genai::span::handle::Sealed for $name {}

        impl $crate::genai::TypedSpan for $name {
            fn of(span: $crate::Span) -> Self {
                Self(span)
            }
        }

        impl ::std::ops::Deref for $name {
            type Target = $crate::Span;

            fn deref(&self) -> &$crate::Span {
                &self.0
            }
        }

        impl $name {
            /// Sets an attribute, as [`Span::set_attribute`](crate::Span::set_attribute). `input`, `output` and
            /// `query` are also written as `input.value`, `output.value` and the query of a search: backends
            /// look there.
            pub fn set_attribute(
                &self,
                key: impl Into<$crate::Key>,
                value: impl Into<$crate::Value>,
            ) -> &Self {
                $crate::genai::span::handle::set(&self.0, key.into(), value.into());
                self
            }

            /// Sets several attributes; see [`set_attribute`](Self::set_attribute).
            pub fn set_attributes<K: Into<$crate::Key>, V: Into<$crate::Value>>(
                &self,
                attributes: impl IntoIterator<Item = (K, V)>,
            ) -> &Self {
                for (key, value) in attributes {
                    self.set_attribute(key, value);
                }
                self
            }

            /// Whether content is recorded, on the span or in an event: to ask before putting it together.
            pub fn captures_content(&self) -> bool {
                self.0.is_recording()
                    && self.0.content() != $crate::genai::ContentCapture::Off
            }
        }
    };
}
pub(super) use typed_span;

/// Adds `input` and `output` to handles that have no more exact names for them.
macro_rules! input_and_output {
    ($name:ident) => {
        impl $name {
            /// What went in, if [content is captured](crate::Builder::capture_content): `input.value`.
            pub fn input(&self, input: impl Into<$crate::genai::Content>) -> &Self {
                $crate::genai::span::content::record(&self.0, $crate::semconv::Side::Input, || {
                    input.into()
                });
                self
            }

            /// What came out, if [content is captured](crate::Builder::capture_content): `output.value`.
            pub fn output(&self, output: impl Into<$crate::genai::Content>) -> &Self {
                $crate::genai::span::content::record(
                    &self.0,
                    $crate::semconv::Side::Output,
                    || output.into(),
                );
                self
            }
        }
    };
}
pub(super) use input_and_output;
