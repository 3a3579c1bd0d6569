//! Where a client's request goes to, for layers that make spans of their own.

use super::ClientLayer;
use super::attributes;
use super::attributes::Target;
use crate::{SpanBuilder, TraceContext, Tracer};
use http::{HeaderMap, Uri};
use opentelemetry::trace::SpanKind;

/// Where a request goes to, and what a layer makes of that.
#[derive(Debug)]
pub(crate) struct Destination<'a> {
    layer: &'a ClientLayer,
    target: Target<'a>,
}

impl ClientLayer {
    pub(crate) fn destination_of<'a>(
        &'a self,
        uri: &'a Uri,
        headers: &HeaderMap,
    ) -> Destination<'a> {
        let whole = self.destination.as_ref().filter(|_| uri.authority().is_none());
        Destination { layer: self, target: Target::of(whole.unwrap_or(uri), headers) }
    }
}

impl Destination<'_> {
    /// `localhost:11434`.
    pub(crate) fn host_and_port(&self) -> Option<&str> {
        self.target.host_and_port()
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.layer.tracer
    }

    /// The span of a client, with the server's address.
    pub(crate) fn addressed(&self, span: SpanBuilder) -> SpanBuilder {
        let span = span.kind(SpanKind::Client);
        let default_port = if self.target.scheme == Some("https") { 443 } else { 80 };
        attributes::address(span, &self.target, Some(default_port))
    }

    /// Writes a context into the headers, as far as the host may have it.
    pub(crate) fn inject(&self, cx: &TraceContext, headers: &mut HeaderMap) {
        self.layer.outbound.write(cx, self.target.host(), headers);
    }
}
