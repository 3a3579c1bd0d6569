//! The attributes of a request's span, from its start.
//!
//! No header is recorded but `user-agent`, and no query: those hold tokens and personal data.

use super::grpc;
use crate::semconv::http as keys;
use crate::{SpanBuilder, Value};
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use std::borrow::Cow;
use std::net::IpAddr;

/// The protocol that a request speaks over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Grpc,
}

impl Protocol {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if grpc::is_call(headers) { Self::Grpc } else { Self::Http }
    }
}

/// `GET /items/{id}`, or `GET` without a route. Unknown methods become `HTTP`, since callers can make up any.
pub(super) fn http_name(method: &Method, route: Option<&str>) -> Cow<'static, str> {
    let method = known_method(method).unwrap_or("HTTP");
    match route {
        Some(route) => format!("{method} {route}").into(),
        None => method.into(),
    }
}

/// `package.Service/Method`, from the path.
pub(super) fn rpc_method(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or_default()
}

pub(super) fn server(
    span: SpanBuilder,
    request: &Parts,
    protocol: Protocol,
    route: Option<String>,
    client: Option<IpAddr>,
) -> SpanBuilder {
    let Parts { method, uri, headers, version: http_version, .. } = request;
    let target = Target::of(uri, headers);
    let mut span = common(span, method, uri.path(), protocol);
    if protocol == Protocol::Http {
        let scheme = target.scheme.unwrap_or("http").to_owned();
        span = span.attr(keys::URL_SCHEME, scheme).attr(keys::URL_PATH, uri.path().to_owned());
    }
    span = address(span, &target, None);
    if let Some(version) = version(*http_version) {
        span = span.attr(keys::NETWORK_PROTOCOL_VERSION, version);
    }
    if let Some(client) = client {
        span = span.attr(keys::CLIENT_ADDRESS, client.to_string());
    }
    if let Some(Ok(agent)) = headers.get(USER_AGENT).map(HeaderValue::to_str) {
        span = span.attr(keys::USER_AGENT_ORIGINAL, agent.to_owned());
    }
    match route {
        Some(route) => span.attr(keys::ROUTE, route),
        None => span,
    }
}

pub(super) fn client(
    span: SpanBuilder,
    method: &Method,
    path: &str,
    protocol: Protocol,
    target: &Target<'_>,
) -> SpanBuilder {
    let scheme = target.scheme.unwrap_or("http");
    let default_port = if scheme == "https" { 443 } else { 80 };
    let span = common(span, method, path, protocol);
    let span = address(span, target, Some(default_port));
    match (protocol, target.host_and_port()) {
        (Protocol::Http, Some(host)) => {
            span.attr(keys::URL_FULL, format!("{scheme}://{host}{path}"))
        }
        _ => span,
    }
}

fn common(span: SpanBuilder, method: &Method, path: &str, protocol: Protocol) -> SpanBuilder {
    if protocol == Protocol::Grpc {
        let method = rpc_method(path).to_owned();
        return span.attr(keys::RPC_SYSTEM_NAME, "grpc").attr(keys::RPC_METHOD, method);
    }
    match known_method(method) {
        Some(method) => span.attr(keys::REQUEST_METHOD, method),
        None => span
            .attr(keys::REQUEST_METHOD, keys::OTHER)
            .attr(keys::REQUEST_METHOD_ORIGINAL, method.as_str().to_owned()),
    }
}

pub(super) fn address(
    span: SpanBuilder,
    target: &Target<'_>,
    default_port: Option<u16>,
) -> SpanBuilder {
    let Some(host) = target.host() else { return span };
    let span = span.attr(keys::SERVER_ADDRESS, host.trim_matches(['[', ']']).to_owned());
    match target.port().or(default_port) {
        Some(port) => span.attr(keys::SERVER_PORT, i64::from(port)),
        None => span,
    }
}

pub(super) fn version(version: Version) -> Option<Value> {
    Some(Value::from(match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    }))
}

/// The method, if it is one of those that the conventions know.
fn known_method(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "QUERY", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

/// Where a request goes to, as far as it says.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) scheme: Option<&'a str>,
    authority: Option<Authority>,
}

impl<'a> Target<'a> {
    /// Reads it from the URI or, where that is a path alone, from the header `host`.
    pub(super) fn of(uri: &'a Uri, headers: &HeaderMap) -> Self {
        let host = || Authority::try_from(headers.get(HOST)?.as_bytes()).ok();
        let authority = uri.authority().cloned().or_else(host);
        Self { scheme: uri.scheme_str(), authority }
    }

    /// The host; an IPv6 address is in brackets.
    pub(super) fn host(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::host).filter(|host| !host.is_empty())
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.authority.as_ref().and_then(Authority::port_u16)
    }

    /// Host and port, without a user.
    pub(super) fn host_and_port(&self) -> Option<&str> {
        let authority = self.authority.as_ref()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    }
}
