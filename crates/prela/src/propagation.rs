//! The context across processes: into a carrier on one side, out of it on the other.
//!
//! A carrier is whatever travels with a request or message and has fields: headers, gRPC metadata, a
//! map, a list, the environment of a child process. By default the formats of W3C Trace Context
//! Level 2 and W3C Baggage are written and read; [`Builder::propagator`](crate::Builder::propagator)
//! and `OTEL_PROPAGATORS` choose others, and [`Propagator`] chooses for one carrier.
//!
//! | field | holds | format |
//! |---|---|---|
//! | `traceparent` | trace id, span id, whether the trace is sampled and its id random | [`TraceContext`](Format::TraceContext), default |
//! | `tracestate` | what each tracing system on the way wants to carry | the same |
//! | `baggage` | the entries of [`baggage`](crate::baggage) | [`Baggage`](Format::Baggage), default |
//! | `b3` | ids and sampling state, for Zipkin | [`B3`](Format::B3) |
//! | `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled`, `x-b3-flags` | the same in fields of their own | [`B3Multi`](Format::B3Multi) |
//! | `x-trace-id`, `x-span-id` | ids, for services with Prela for Python | [`LegacyIds`](Format::LegacyIds) |
//!
//! A field that breaks its format is not used and harms nothing: without a usable trace a new one
//! begins. [`extract_report`] says why.
//!
//! Baggage goes to wherever the carrier goes. For a carrier that leaves your own services,
//! [`Propagator::without`] holds it back.
//!
//! # Examples
//!
//! A client puts its context into the request, and a server takes it out:
//!
//! ```
//! # let memory = prela::export::MemoryExporter::new();
//! # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
//! # let tracer = prela.tracer();
//! use prela::{SpanKind, SpanType};
//! use std::collections::HashMap;
//!
//! // In the client:
//! let (headers, call) = tracer.span("call", SpanType::Tool).kind(SpanKind::Client).in_scope(|span| {
//!     let mut headers: HashMap<String, String> = HashMap::new();
//!     prela::inject(&mut headers);
//!     // .. and send the request with them.
//!     (headers, span.clone())
//! });
//!
//! // In the server:
//! let caller = prela::extract(&headers);
//! let handle = tracer.span("handle", SpanType::Agent).kind(SpanKind::Server).parent(&caller);
//! handle.in_scope(|span| {
//!     assert_eq!(span.trace_id(), call.trace_id());
//!     assert_eq!(span.parent_span_id(), Some(call.span_id()));
//! });
//! # Ok::<(), prela::Error>(())
//! ```
//!
//! A consumer of messages does the same with their headers. Of one message the publisher is the parent.
//! A span for several has no parent among them, but links to all:
//!
//! ```
//! # let memory = prela::export::MemoryExporter::new();
//! # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
//! # let tracer = prela.tracer();
//! use prela::{SpanKind, SpanType};
//!
//! struct Message {
//!     headers: Vec<(String, Vec<u8>)>,
//! }
//! # let batch = [Message { headers: Vec::new() }, Message { headers: Vec::new() }];
//!
//! for message in &batch {
//!     let publisher = prela::extract(&message.headers);
//!     let process = tracer.span("process", SpanType::Custom).kind(SpanKind::Consumer);
//!     process.parent(&publisher).in_scope(|_| { /* .. */ });
//! }
//!
//! let publishers = batch.iter().map(|message| prela::extract(&message.headers));
//! let process = tracer.span("process_batch", SpanType::Custom).kind(SpanKind::Consumer);
//! process.root().links(publishers).in_scope(|_| { /* .. */ });
//! # Ok::<(), prela::Error>(())
//! ```
//!
//! Sources: [Trace Context Level 2](https://www.w3.org/TR/trace-context-2/),
//! [Baggage](https://www.w3.org/TR/baggage/).

mod b3;
mod baggage;
mod carrier;
mod fields;
mod hex;
mod legacy_ids;
mod process;
mod propagator;
mod refused;
mod text_map;
mod traceparent;
mod tracestate;

pub use self::carrier::{Extractor, Injector};
pub use self::process::{CommandExt, from_env, to_env};
pub use self::propagator::{Format, Propagator};
pub use self::refused::{Reason, Refused};

use crate::TraceContext;

/// Writes the current context into a carrier; [`TraceContext::inject`] does it for any other.
///
/// Uses the formats of [`Propagator::global`], by default those of W3C. Fields of these formats that are in
/// the carrier already are replaced or removed: outside every span a `traceparent`, without entries a
/// `baggage`. A context without a span still sends its baggage.
///
/// Cost: one allocation for each field written, besides those of the carrier.
///
/// ```
/// use prela::baggage;
///
/// let mut headers = vec![("traceparent".to_owned(), "left by an earlier attempt".to_owned())];
/// baggage::scope([("user_id", "user123")], || prela::inject(&mut headers));
/// assert_eq!(headers, [("baggage".to_owned(), "user_id=user123".to_owned())]);
/// ```
pub fn inject<C: Injector + ?Sized>(carrier: &mut C) {
    TraceContext::current().inject(carrier);
}

/// Reads the context that a carrier holds, to be the parent of a span or to be attached.
///
/// Uses the formats of [`Propagator::global`]. What is current on this thread plays no part. A carrier
/// without a usable trace gives a context without a span, in which a new trace begins.
///
/// Cost: four allocations for a trace, two for `tracestate` and two for each of its members, four for
/// all of the baggage, and one for each of its values that is percent-encoded. OpenTelemetry's form of
/// the baggage costs more than all of that; it is made when the context becomes current or a parent.
///
/// ```
/// let headers = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
/// let caller = prela::extract(&headers);
/// assert!(caller.is_sampled() && caller.span_context().is_remote());
///
/// let nobody = prela::extract(&[("traceparent", "00-00-00-00")]);
/// assert_eq!(nobody.trace_id(), None);
/// ```
pub fn extract<C: Extractor + ?Sized>(carrier: &C) -> TraceContext {
    Propagator::global().extract(carrier)
}

/// Does what [`extract`] does, and says what it could not use.
///
/// ```
/// use prela::propagation::{Reason, extract_report};
///
/// let extracted = extract_report(&[("traceparent", "00-1-1-1"), ("baggage", "plan=pro")]);
/// assert_eq!(extracted.context.baggage().get("plan"), Some("pro"));
/// assert_eq!(extracted.refused[0].reason, Reason::Length);
/// assert_eq!(extracted.refused[0].to_string(), "traceparent has the wrong length");
/// ```
pub fn extract_report<C: Extractor + ?Sized>(carrier: &C) -> Extracted {
    Propagator::global().extract_report(carrier)
}

/// What came out of a carrier; see [`extract_report`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Extracted {
    /// The context, from what could be used.
    pub context: TraceContext,
    /// What could not be used. Empty if a field was not there at all.
    pub refused: Vec<Refused>,
}

impl TraceContext {
    /// Writes this context into a carrier, as [`inject`](crate::inject) does with the current one.
    pub fn inject<C: Injector + ?Sized>(&self, carrier: &mut C) {
        Propagator::global().inject(self, carrier);
    }
}
