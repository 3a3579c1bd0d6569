//! Who may ask, and by which host name.

use crate::receive::{is_local_host, is_local_origin};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use std::sync::Arc;

/// Who may come in. By default everybody on this machine.
#[derive(Clone, Default)]
pub struct Access {
    token: Option<Arc<str>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("has_token", &self.token.is_some()).finish()
    }
}

impl Access {
    /// Only for requests with `authorization: Bearer <token>`.
    pub fn by_token(token: &str) -> Self {
        Self { token: Some(token.into()) }
    }

    /// Whether a request has the token, if one is needed.
    pub(super) fn is_granted(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let given = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let given = given.and_then(|it| {
            let (scheme, token) = it.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        given.is_some_and(|given| is_same(given.as_bytes(), token.as_bytes()))
    }
}

/// Compares in a time that does not depend on where the first difference is.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    let differences = given.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == expected.len() && differences == 0
}

/// Lets only requests with the token through, and preflight requests of browsers, which never have it.
pub(super) async fn check_token(access: Access, request: Request, next: Next) -> Response {
    let is_preflight =
        request.method() == Method::OPTIONS && request.uri().path().starts_with("/v1/");
    if is_preflight || access.is_granted(request.headers()) {
        return next.run(request).await;
    }
    let message = "a token is needed: send the header `authorization: Bearer <token>`";
    let code = tonic::Code::Unauthenticated;
    refuse(request.headers(), StatusCode::UNAUTHORIZED, code, message)
}

/// Lets only requests through that were meant for this program: a page of another site, whose host name
/// was made to lead here, must not read prompts.
pub(super) async fn check_host(access: Access, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let is_meant = host(request.headers(), request.uri()).is_some_and(is_local_host);
    // With a token, other names of this machine are fine: foreign pages do not know the token.
    if access.token.is_some() || (is_meant && origin.is_none_or(is_local_origin)) {
        return next.run(request).await;
    }
    let message = "ask by localhost or by an address, and not from a page of another host";
    let code = tonic::Code::PermissionDenied;
    refuse(request.headers(), StatusCode::FORBIDDEN, code, message)
}

/// The host that was asked. In HTTP/2 it may be only in the URI.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let header = headers.get(header::HOST).map(HeaderValue::to_str);
    match header {
        Some(host) => host.ok(),
        None => uri.authority().map(|authority| authority.as_str()),
    }
}

fn refuse(headers: &HeaderMap, status: StatusCode, code: tonic::Code, message: &str) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        return tonic::Status::new(code, message).into_http();
    }
    let mut response = Response::new(format!("{message}\n").into());
    *response.status_mut() = status;
    response
}
