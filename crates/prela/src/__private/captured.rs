//! What a function is called with and returns, as content of its span: of types that only the compiler knows.
//!
//! As in [`shown`](super::shown), the first trait that fits a type gives the method.

use crate::genai::{ToolSpan, TypedSpan as _, WorkflowSpan};
use crate::{Span, SpanBuilder, SpanType, context, genai};
use serde_core::Serialize;
use serde_json::{Map, Value as Json};
use std::fmt::Debug;

/// A value, to be read behind five references.
#[derive(Debug)]
pub struct Given<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Given<'a, T> {
    /// To be read.
    pub fn of(value: &'a T) -> Self {
        Self(value)
    }
}

macro_rules! ways {
    ($($doc:literal $name:ident<$($param:ident $(: $bound:path)?),*> for $given:ty, $read:expr;)*) => {$(
        #[doc = $doc]
        pub trait $name {
            /// As JSON, if there is anything to tell.
            fn json(&self) -> Option<Json>;
        }

        impl<$($param $(: $bound)?),*> $name for $given {
            fn json(&self) -> Option<Json> {
                $read(self.0)
            }
        }
    )*};
}

fn text<T: Debug + ?Sized>(value: &T) -> Option<Json> {
    Some(format!("{value:?}").into())
}

fn serialized<T: Serialize + ?Sized>(value: &T) -> Option<Json> {
    serde_json::to_value(value).ok()
}

ways! {
    "The value of a `Result` by `Serialize`; an error is recorded only where `err` asks for it." OkSerialized<T: Serialize, E>
        for &&&&Given<'_, Result<T, E>>, |it: &Result<T, E>| serialized(it.as_ref().ok()?);
    "The value of a `Result` by `Debug`." OkDebugged<T: Debug, E>
        for &&&Given<'_, Result<T, E>>, |it: &Result<T, E>| text(it.as_ref().ok()?);
    "A value by `Serialize`." Serialized<T: Serialize> for &&Given<'_, T>, serialized;
    "A value by `Debug`." Debugged<T: Debug> for &Given<'_, T>, text;
    "A value that cannot be shown." Unshown<T> for Given<'_, T>, |_: &T| None;
}

/// The arguments of a call, by their names.
#[derive(Debug, Default)]
pub struct Arguments(Map<String, Json>);

impl Arguments {
    /// One more. One that panics while it is read is left out.
    pub fn add(&mut self, name: &str, read: impl FnOnce() -> Option<Json>) {
        if let Some(Some(json)) = context::guarded(read) {
            self.0.insert(name.to_owned(), json);
        }
    }
}

/// The span of a function that is called after what it is.
pub fn named(span: SpanBuilder, name: &str) -> SpanBuilder {
    match span.span_type() {
        Some(SpanType::Tool) => genai::named_tool(span, name),
        Some(SpanType::Agent) => genai::named_agent(span, name),
        _ => span,
    }
}

/// With the arguments, if content is captured.
pub fn arguments(mut span: SpanBuilder, read: impl FnOnce(&mut Arguments)) -> SpanBuilder {
    if span.captures_content() {
        let mut arguments = Arguments::default();
        read(&mut arguments);
        let json = Json::Object(arguments.0);
        span.at_start(move |span| match span.span_type() {
            Some(SpanType::Tool) => {
                ToolSpan::of(span.clone()).arguments(json);
            }
            _ => {
                WorkflowSpan::of(span.clone()).input(json);
            }
        });
    }
    span
}

/// Records what a function returns, if content is captured.
pub fn result(span: &Span, read: impl FnOnce() -> Option<Json>) {
    if !span.is_recording() || !WorkflowSpan::of(span.clone()).captures_content() {
        return;
    }
    let Some(Some(json)) = context::guarded(read) else { return };
    match span.span_type() {
        Some(SpanType::Tool) => {
            ToolSpan::of(span.clone()).result(json);
        }
        _ => {
            WorkflowSpan::of(span.clone()).output(json);
        }
    }
}
