//! The id of one request.

use crate::context::{Correlated, Correlation, Polled};
use crate::id::{IdGenerator as _, RandomIds};
use crate::propagation::{Extractor, Injector};
use crate::{InContext, TraceContext, Value, context, semconv};
use opentelemetry::{Context, Key, StringValue};
use std::fmt;
use std::sync::Arc;

/// The id of one request. It is on every span that begins in its scope, as `request.id`.
///
/// A scope ends, so the next request has an id of its own. Inner scopes, threads and tasks that have the
/// context have the id too. Cheap to clone.
///
/// ```
/// use prela::RequestId;
///
/// # let request = [("x-request-id", "req-42")];
/// // What a server does without a layer for it:
/// let id = RequestId::from_headers(&request); // the caller's, or a new one
/// let mut response = Vec::<(String, String)>::new();
/// id.scope(|| {
///     // Every span in here has `request.id`.
///     assert_eq!(RequestId::current().as_ref(), Some(&id));
/// });
/// id.inject(&mut response);
/// assert_eq!(response, [("x-request-id".to_owned(), "req-42".to_owned())]);
/// assert_eq!(RequestId::current(), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId {
    text: Arc<str>,
    in_baggage: bool,
}

impl RequestId {
    /// Most bytes of an id.
    pub const MAX_LEN: usize = 128;

    /// A new id: a random UUID, as text.
    pub fn new() -> Self {
        let mut bytes = RandomIds.new_trace_id().to_bytes();
        // Version 4 and the variant of RFC 9562.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        let text = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        Self { text: text.into(), in_baggage: false }
    }

    /// Takes an id from elsewhere. None unless it is 1 to [`MAX_LEN`](Self::MAX_LEN) printable ASCII
    /// characters without spaces, which a header can hold.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=Self::MAX_LEN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Self { text: text.into(), in_baggage: false })
    }

    /// Sends it to other services too, as the baggage entry `request.id`.
    #[must_use]
    pub fn in_baggage(mut self) -> Self {
        self.in_baggage = true;
        self
    }

    /// The id of the current scope.
    pub fn current() -> Option<Self> {
        Self::of(&context::current())
    }

    pub(crate) fn of(cx: &Context) -> Option<Self> {
        Correlation::of(cx)?.get().cloned()
    }

    /// The id of the current scope or, without one, a new id.
    pub fn current_or_new() -> Self {
        Self::current().unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Runs `f` with this id; afterwards the previous one is current again. For futures there is
    /// [`bind`](Self::bind).
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        TraceContext::current().with_request_id(self).run(f)
    }

    /// A future or stream that runs in the current context with this id.
    pub fn bind<T: Polled<K>, K>(&self, future_or_stream: T) -> InContext<T> {
        TraceContext::current().with_request_id(self).bind(future_or_stream)
    }

    /// The id in a request's header `x-request-id`; a new one if there is no such header, more than one, or
    /// one that [`RequestId::parse`] refuses.
    pub fn from_headers<C: Extractor + ?Sized>(request: &C) -> Self {
        let (mut found, mut count) = (None, 0);
        request.values(HEADER, &mut |value| {
            count += 1;
            found = std::str::from_utf8(value).ok().and_then(Self::parse);
        });
        found.filter(|_| count == 1).unwrap_or_default()
    }

    /// Writes the header `x-request-id`, of a response or of a request to another service.
    pub fn inject<C: Injector + ?Sized>(&self, headers: &mut C) {
        headers.set(HEADER, self.as_str().to_owned());
    }
}

const HEADER: &str = "x-request-id";

impl Correlated for RequestId {
    fn attribute(&self, place: usize) -> Option<(Key, Value)> {
        let value = || Value::from(StringValue::from(self.text.clone()));
        (place == 0).then(|| (Key::from_static_str(semconv::REQUEST_ID), value()))
    }

    fn baggage(&self) -> Vec<(&'static str, &str)> {
        Vec::from_iter(self.in_baggage.then_some((semconv::REQUEST_ID, &*self.text)))
    }
}

impl TraceContext {
    /// This context with this request id, for a span's [`parent`](crate::SpanBuilder::parent) and for layers.
    #[must_use]
    pub fn with_request_id(&self, id: &RequestId) -> Self {
        Correlation::with(self.as_otel(), id.clone()).into()
    }
}

/// A new id.
impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.text).finish()
    }
}
