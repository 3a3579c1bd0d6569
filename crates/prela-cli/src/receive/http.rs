//! OTLP over HTTP.

use super::answer::{Format, Refusal, http_success};
use super::body::{self, Encoding};
use super::budget::Share;
use super::intake::{Intake, Signal};
use super::origin::is_local_origin;
use crate::otlp::{Envelope, json};
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use prost::Message as _;

pub(super) async fn export(
    intake: &Intake,
    signal: Signal,
    request: Request<Body>,
) -> Response<Body> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let format = Format::of(request.headers());
    let mut response = match &origin {
        // Not only unread by the page, but not even done.
        Some(origin) if !is_local_origin(origin) => {
            let message = "pages of other hosts may not send here";
            let refusal =
                Refusal::new(StatusCode::FORBIDDEN, tonic::Code::PermissionDenied, message);
            return refusal.into_http(format.unwrap_or(Format::Text));
        }
        Some(_) if request.method() == Method::OPTIONS => preflight(request.headers()),
        _ => match take(intake, signal, request).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_http(format.unwrap_or(Format::Text)),
        },
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
    request: Request<Body>,
) -> Result<Response<Body>, Refusal> {
    let refused =
        |status, message: &str| Refusal::new(status, tonic::Code::InvalidArgument, message);
    if request.method() != Method::POST {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "OTLP is sent by POST"));
    }
    let format = Format::of(request.headers()).ok_or_else(|| {
        let message = "the content-type is neither application/x-protobuf nor application/json";
        refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    })?;
    let encoding =
        request.headers().get(header::CONTENT_ENCODING).map_or(Some(""), |it| it.to_str().ok());
    let encoding = encoding.and_then(Encoding::of).ok_or_else(|| {
        let message = format!("the content-encoding is none of {}", Encoding::ALL);
        refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &message)
    })?;
    let mut share = Share::default();
    let body = body::read(request.into_body(), &intake.budget, &mut share).await?;
    let body = body::unpack(encoding, body, &intake.budget, &mut share).await?;
    let (envelope, malformed) = match format {
        Format::Json => {
            // As objects, JSON is several times as large.
            intake.budget.take(&mut share, body.len().saturating_mul(JSON_GROWS)).await?;
            json::read_request(signal.schema(), &body).map_err(|error| {
                Refusal::malformed(format!("the request is no JSON of OTLP: {error}"))
            })?
        }
        Format::Protobuf | Format::Text => {
            let envelope = Envelope::decode(body)
                .map_err(|_| Refusal::malformed("the request is no message of OTLP"))?;
            (envelope, 0)
        }
    };
    let partial = intake.take(signal, envelope, malformed).await?;
    Ok(http_success(partial, format, signal.rejected()))
}

/// What a browser asks before it sends.
fn preflight(headers: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = response.headers_mut();
    allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    // Exporters are given headers of all sorts.
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    allowed.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

const JSON_GROWS: usize = 2;
