//! The page's files.

use crate::page::{Asset, assets, version};
use axum::Router;
use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The page. It is not secret: where a token is needed, the page asks the user for it and sends it along.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/", get(async |headers: HeaderMap| front(&headers)))
        .route(
            "/page/{version}/{name}",
            get(async |Path((version, name)): Path<(String, String)>| part(&version, &name)),
        )
        .layer(from_fn(guard))
}

/// The only file whose address stays the same, so browsers ask for it each time.
fn front(headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", version());
    let given = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let is_known = given.is_some_and(|given| given.split(',').any(|it| it.trim() == tag));
    let Some(asset) = find("index.html") else { return StatusCode::NOT_FOUND.into_response() };
    let caching = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let text = asset.text.replace("{version}", version());
    (caching, [(header::CONTENT_TYPE, asset.kind())], text).into_response()
}

/// Any other file. Browsers may keep it for ever: another version has other addresses.
fn part(asked: &str, name: &str) -> Response {
    let found = find(name).filter(|_| asked == version());
    let Some(asset) = found else {
        return (StatusCode::NOT_FOUND, "this version of prela has no such file\n").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.text).into_response()
}

fn find(name: &str) -> Option<&'static Asset> {
    assets().iter().find(|asset| asset.name == name)
}

/// Tells the browser what the page will never do: run a script that is not its own, ask anybody else,
/// or be part of another page.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const GUARDS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
