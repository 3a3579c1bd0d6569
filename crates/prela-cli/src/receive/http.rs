//! OTLP over HTTP.

use super::answer::{Format, Refusal, http_success};
use super::body::{self, Encoding};
use super::budget::Share;
use super::intake::{Intake, Signal};
use super::origin::is_local_origin;
use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

pub(super) async fn export(
    intake: &Intake,
    signal: Signal,
    request: Request<Body>,
) -> Response<Body> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let format = Format::of(request.headers());
    let mut response = match &origin {
        // Refused before anything is stored, not only hidden from the page.
        Some(origin) if !is_local_origin(origin) => {
            let message = "pages of other hosts may not send here";
            let refusal =
                Refusal::new(StatusCode::FORBIDDEN, tonic::Code::PermissionDenied, message);
            return refusal.into_http(format.unwrap_or(Format::Text));
        }
        Some(_) if request.method() == Method::OPTIONS => preflight(request.headers()),
        _ => {
            let (head, mut body) = request.into_parts();
            match take(intake, signal, &head, &mut body).await {
                Ok(response) => response,
                Err(refusal) => {
                    body::forget(&mut body).await;
                    refusal.into_http(format.unwrap_or(Format::Text))
                }
            }
        }
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

async fn take(
    intake: &Intake,
    signal: Signal,
    head: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let refused =
        |status, message: &str| Refusal::new(status, tonic::Code::InvalidArgument, message);
    if head.method != Method::POST {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "OTLP is sent by POST"));
    }
    let format = Format::of(&head.headers).ok_or_else(|| {
        let message = "the content-type is neither application/x-protobuf nor application/json";
        refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    })?;
    let encoding =
        head.headers.get(header::CONTENT_ENCODING).map_or(Some(""), |it| it.to_str().ok());
    let encoding = encoding.and_then(Encoding::of).ok_or_else(|| {
        let message = format!("the content-encoding is none of {}", Encoding::ALL);
        refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &message)
    })?;
    let mut share = Share::default();
    let body = body::read(body, &intake.budget, &mut share).await?;
    let body = body::unpack(encoding, body, &intake.budget, &mut share).await?;
    let partial = match format {
        Format::Json => intake.take_json(signal, &body, &mut share).await?,
        Format::Protobuf | Format::Text => intake.take_protobuf(signal, body, &mut share).await?,
    };
    Ok(http_success(partial, format, signal.rejected()))
}

/// Answers what a browser asks before it sends.
fn preflight(headers: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = response.headers_mut();
    allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    // Users give exporters headers of all sorts.
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    allowed.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
