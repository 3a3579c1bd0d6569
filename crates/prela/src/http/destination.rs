//! Where a client's request goes to, for layers that make spans of their own.

use super::ClientLayer;
use super::attributes;
use super::target::Target;
use crate::{SpanBuilder, SpanType, TraceContext};
use http::{HeaderMap, Uri};
use opentelemetry::trace::SpanKind;
use std::borrow::Cow;

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

    /// A client's span of another type, with the server's address.
    pub(crate) fn span(&self, name: impl Into<Cow<'static, str>>, kind: SpanType) -> SpanBuilder {
        let span = self.layer.tracer.span(name, kind).kind(SpanKind::Client);
        let default_port = if self.target.scheme == Some("https") { 443 } else { 80 };
        attributes::address(span, &self.target, Some(default_port))
    }

    /// Writes a context into the headers, as far as the host is to have it.
    pub(crate) fn inject(&self, cx: &TraceContext, headers: &mut HeaderMap) {
        self.layer.outbound.write(cx, self.target.host(), headers);
    }
}
