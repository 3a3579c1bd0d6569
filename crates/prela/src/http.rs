//! HTTP and gRPC: a span for each request, on both sides, in one trace.
//!
//! [`ServerLayer`] and [`ClientLayer`] are `tower` layers over the types of the crate `http`, so that
//! one pair serves axum, hyper and tonic, with any body. [`Outbound`] says which host gets the trace
//! and which the baggage; [`Trust`] says what a server accepts from its callers.
//!
//! For a client without such a hook, one line makes the headers, and [`Tracer::span`](crate::Tracer::span) the
//! span:
//!
//! ```
//! use prela::{SpanKind, SpanType};
//!
//! let span = prela::tracer().span("fetch", SpanType::Retrieval).kind(SpanKind::Client);
//! span.in_scope(|_| {
//!     let url = "https://api.example.com/v1/items";
//!     let headers = prela::http::headers(url);
//!     // client.get(url).headers(headers).send()
//!     # drop(headers);
//! });
//! ```
//!
//! It makes spans and no metrics, ignores the headers of proxies, and records no query, no body, and no header
//! but `user-agent`.
//!
//! Sources: OpenTelemetry's conventions for [HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/)
//! and [gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/).

mod attributes;
mod body;
mod client;
#[cfg(feature = "llm")]
mod destination;
mod exchange;
mod failure;
mod future;
mod grpc;
mod host;
mod outbound;
mod server;

pub use self::body::TracedBody;
pub use self::client::{ClientLayer, ClientService};
pub use self::future::ResponseFuture;
pub use self::outbound::Outbound;
pub use self::server::{ServerLayer, ServerService, Trust};

#[cfg(feature = "llm")]
pub(crate) use self::failure::{message_of, type_of};
#[cfg(feature = "llm")]
pub(crate) use self::future::{Mark, StartedSpan};

use http::{HeaderMap, Request};

/// The headers that carry the current context in a request to this URL, by the default [`Outbound`]: the trace
/// for every host, baggage for private ones.
///
/// ```
/// prela::baggage::scope([("user_id", "u1")], || {
///     assert_eq!(prela::http::headers("http://worker:8080/run")["baggage"], "user_id=u1");
///     assert!(prela::http::headers("https://api.openai.com/v1").get("baggage").is_none());
/// });
/// ```
pub fn headers(url: impl AsRef<str>) -> HeaderMap {
    Outbound::new().headers(url)
}

/// Writes the current context into a request, by the default [`Outbound`].
pub fn inject_request<B>(request: &mut Request<B>) {
    Outbound::new().inject(request);
}
