//! Handles to a span.

use super::failure::Failure;
use super::lifecycle::{
    AnySpan, Provider, SharedRecord, attribute_pairs, context_with, give_back, give_back_message,
    record_of,
};
use crate::context::{self, ContextScope};
use crate::{SpanType, TraceContext, Value};
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceContextExt as _, TraceId};
use opentelemetry::{Context, Key, KeyValue};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display};
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;

/// A handle to a span: cheap to clone, `Send` and `Sync`.
///
/// Every operation can be called at any time, from any thread. On a span that has ended, is not
/// sampled, or was made before [`init`](crate::init), it does nothing. Dropping a handle does not
/// end the span; its scope does.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::SpanType;
///
/// tracer.span("search", SpanType::Retrieval).in_scope(|span| {
///     span.set_attribute("query", "rust tracing").set_attribute("top_k", 5);
///     span.add_event("cache_miss", [("shard", 3)]);
/// });
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone)]
pub struct Span {
    pub(super) span: AnySpan,
}

/// The span of scopes without an instance, which have no destructor to run.
pub(super) static NONE: Span = Span { span: AnySpan::None };

impl Span {
    /// No span: every operation does nothing.
    pub fn none() -> Self {
        Self { span: AnySpan::None }
    }

    pub(super) fn of(record: SharedRecord) -> Self {
        Self { span: AnySpan::Own(record) }
    }

    /// Ends the span, and keeps its memory for another one if this was the last handle.
    pub(super) fn finish(self) {
        if let AnySpan::Own(record) = self.span {
            let message = record.end(None);
            give_back(record, message);
        }
    }

    pub(super) fn foreign(cx: Context) -> Self {
        Self { span: AnySpan::Foreign(cx) }
    }

    /// Makes a context current that has this span in it. Children that begin there need not ask it for their parent.
    pub(crate) fn enter(&self, cx: Context) -> ContextScope {
        match self.record() {
            Some(record) if !Provider::is_one_of_several() => {
                ContextScope::enter_with(cx, Some(&record.origin))
            }
            _ => ContextScope::enter(cx),
        }
    }

    pub(crate) fn record(&self) -> Option<&SharedRecord> {
        match &self.span {
            AnySpan::Own(record) => Some(record),
            AnySpan::None | AnySpan::Inherited(_) | AnySpan::Foreign(_) => None,
        }
    }

    /// Sets an attribute; the last write of a key wins. `None` changes nothing.
    ///
    /// [`Value`] lists the types that can be values: text, numbers, lists, maps, options, durations and JSON.
    /// An empty key is refused and counted; so is a new key that exceeds [`SpanLimits`](crate::span::SpanLimits),
    /// which may also cut long text.
    /// Cost: a lock of this span alone, and a copy of key and value into its message.
    #[inline(always)]
    pub fn set_attribute(&self, key: impl Into<Key>, value: impl Into<Value>) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => {
                let key: ManuallyDrop<Key> = ManuallyDrop::new(key.into());
                record.write_attribute(key.as_str(), ManuallyDrop::new(value.into()));
                drop(ManuallyDrop::into_inner(key));
            }
            AnySpan::Foreign(cx) => set_in(cx, key.into(), value.into()),
        }
        self
    }

    /// Sets several attributes; see [`Span::set_attribute`]. [`attributes!`](crate::attributes) makes a list
    /// with values of several types.
    pub fn set_attributes<K: Into<Key>, V: Into<Value>>(
        &self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> &Self {
        for (key, value) in attributes {
            self.set_attribute(key, value);
        }
        self
    }

    /// Adds an event at the current time.
    pub fn add_event<K: Into<Key>, V: Into<Value>>(
        &self,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => record.add_event(&name.into(), None, attributes),
            AnySpan::Foreign(cx) => {
                let attributes = attributes.into_iter().filter_map(|(key, value)| {
                    let value = value.into();
                    (!matches!(value, Value::Empty)).then(|| KeyValue::new(key, value))
                });
                cx.span().add_event(name, attributes.collect());
            }
        }
        self
    }

    /// Links to the span of another context, such as the message that a batch consumer handles.
    pub fn add_link(&self, to: &TraceContext) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => record.add_link(to.span_context(), attribute_pairs(Vec::new())),
            AnySpan::Foreign(cx) => cx.span().add_link(to.span_context(), Vec::new()),
        }
        self
    }

    /// Sets the status: `Ok` is final, `Unset` is ignored, of two errors the last one stays.
    pub fn set_status(&self, status: Status) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => record.set_status(status),
            AnySpan::Foreign(cx) => cx.span().set_status(status),
        }
        self
    }

    /// Records an error by its text: status `Error`, `error.type`, and one `exception` event.
    ///
    /// For `anyhow::Error` and `eyre::Report` the text includes the causes. For an [`Error`], use
    /// [`Span::record_exception`], which asks for them.
    pub fn record_error<E: Display + ?Sized>(&self, error: &E) -> &Self {
        self.record_failure(error, Failure::of_display)
    }

    /// Records an error as [`Span::record_error`] does, and its causes: in the status and in
    /// `exception.message` the texts of its [`source`](Error::source)s follow, separated by `: `.
    /// `exception.stacktrace` has one line for each, `Caused by: …`.
    ///
    /// A cause whose text the one before it contains is not repeated. Of more than 16 causes the first 16 and the
    /// deepest are recorded, and at most 64 KiB. The status has no backtrace.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// # #[derive(Debug)]
    /// # struct CallFailed(std::io::Error);
    /// # impl std::fmt::Display for CallFailed {
    /// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("call model") }
    /// # }
    /// # impl std::error::Error for CallFailed {
    /// #     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { Some(&self.0) }
    /// # }
    /// # fn call_model() -> Result<(), CallFailed> { Err(CallFailed(std::io::Error::other("connection reset"))) }
    /// tracer.span("ask", SpanType::Llm).in_scope(|span| {
    ///     if let Err(error) = call_model() {
    ///         span.record_exception(&error); // error: call model: connection reset
    ///     }
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # assert_eq!(memory.spans()[0].status, prela::Status::error("call model: connection reset"));
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// Source: [Exceptions in spans](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/).
    pub fn record_exception<E: Error + ?Sized>(&self, error: &E) -> &Self {
        self.record_failure(error, |error| Failure::of_error(&error))
    }

    /// Records an error, read by `read`, if the span is recorded.
    pub(crate) fn record_failure<E: ?Sized>(
        &self,
        error: &E,
        read: impl FnOnce(&E) -> Failure,
    ) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => {
                if record.is_recording() {
                    record.record_error(std::any::type_name::<E>().to_owned(), read(error));
                }
            }
            AnySpan::Foreign(cx) => cx.span().set_status(Status::error(read(error).message)),
        }
        self
    }

    /// Changes the name.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) -> &Self {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => {
                // Outside the lock: the conversion is the caller's code.
                let name = name.into();
                record.set_name(&name);
            }
            AnySpan::Foreign(cx) => cx.span().update_name(name),
        }
        self
    }

    /// Ends the span now. Nothing changes it afterwards, and ending it again does nothing.
    pub fn end(&self) {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => {}
            AnySpan::Own(record) => give_back_message(record.end(None)),
            AnySpan::Foreign(cx) => cx.span().end(),
        }
    }

    /// The name; empty for a span that is not recording, or is not Prela's.
    pub fn name(&self) -> Cow<'static, str> {
        self.record().and_then(|record| record.name()).unwrap_or_default()
    }

    /// The type; none for a span that is not recording, or is not Prela's.
    pub fn span_type(&self) -> Option<SpanType> {
        self.record().and_then(|record| record.span_type())
    }

    /// Ids, flags and trace state, as they go to other services. Invalid for [`Span::none`].
    pub fn span_context(&self) -> SpanContext {
        match &self.span {
            AnySpan::None => SpanContext::NONE,
            AnySpan::Own(record) => record.span_context.clone(),
            AnySpan::Inherited(cx) | AnySpan::Foreign(cx) => cx.span().span_context().clone(),
        }
    }

    /// The trace id; all zero for [`Span::none`].
    pub fn trace_id(&self) -> TraceId {
        self.span_context().trace_id()
    }

    /// The span id; all zero for [`Span::none`].
    pub fn span_id(&self) -> SpanId {
        self.span_context().span_id()
    }

    /// The parent's span id; none for a root, and for a span that is not Prela's. A span below one that is not
    /// sampled shares that one's context, and so its id.
    pub fn parent_span_id(&self) -> Option<SpanId> {
        match &self.span {
            AnySpan::Own(record) => record.parent_span_id,
            AnySpan::Inherited(cx) => Some(cx.span().span_context().span_id()),
            AnySpan::None | AnySpan::Foreign(_) => None,
        }
    }

    /// Whether what is written now will be exported.
    pub fn is_recording(&self) -> bool {
        match &self.span {
            AnySpan::None | AnySpan::Inherited(_) => false,
            AnySpan::Own(record) => record.is_recording(),
            AnySpan::Foreign(cx) => cx.span().is_recording(),
        }
    }

    /// The current context with this span as the current span: for children elsewhere, and for links.
    pub fn context(&self) -> TraceContext {
        match &self.span {
            AnySpan::None => TraceContext::current(),
            AnySpan::Own(record) => context_with(&context::current(), record).into(),
            AnySpan::Inherited(cx) => match record_of(&cx.span()) {
                Some(record) => context_with(&context::current(), &record).into(),
                None => cx.clone().into(),
            },
            AnySpan::Foreign(cx) => cx.clone().into(),
        }
    }
}

#[cold]
fn set_in(cx: &Context, key: Key, value: Value) {
    if !matches!(value, Value::Empty) {
        cx.span().set_attribute(KeyValue::new(key, value));
    }
}

impl From<AnySpan> for Span {
    #[inline(always)]
    fn from(span: AnySpan) -> Self {
        Self { span }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.span {
            AnySpan::None => f.write_str("Span(none)"),
            AnySpan::Own(record) => record.fmt(f),
            AnySpan::Inherited(cx) | AnySpan::Foreign(cx) => {
                f.debug_tuple("Span").field(cx.span().span_context()).finish()
            }
        }
    }
}

/// A span with an owner: it ends when this is dropped.
///
/// It is not the current span of any thread; its children name it by
/// `.parent(&span.context())`. `Send` and `Sync`: it may end on another thread than it began.
#[must_use = "the span ends when this is dropped"]
#[derive(Debug)]
pub struct OwnedSpan(pub(super) Span);

impl Deref for OwnedSpan {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.0
    }
}

impl Drop for OwnedSpan {
    fn drop(&mut self) {
        mem::replace(&mut self.0, Span::none()).finish();
    }
}
