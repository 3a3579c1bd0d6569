//! OTLP's services over gRPC: one message in, one out.
//!
//! Written by hand rather than generated, so that the body passes the same limits as over HTTP, and the
//! records in the message stay encoded.

use super::answer::{Refusal, grpc_success};
use super::body::{self, Encoding};
use super::budget::Share;
use super::intake::{Intake, Signal};
use axum::body::Body;
use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

pub(super) async fn export(
    intake: &Intake,
    signal: Signal,
    request: Request<Body>,
) -> Response<Body> {
    if !is_grpc(request.headers()) {
        let message = "this path is gRPC; OTLP over HTTP is at /v1/traces\n";
        let mut response = Response::new(Body::from(message));
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let (head, mut body) = request.into_parts();
    let mut response = match take(intake, signal, &head.headers, &mut body).await {
        Ok(response) => response,
        Err(refusal) => {
            body::forget(&mut body).await;
            refusal.into_grpc()
        }
    };
    let accepted = HeaderValue::from_static(Encoding::ALL);
    response.headers_mut().insert("grpc-accept-encoding", accepted);
    response
}

async fn take(
    intake: &Intake,
    signal: Signal,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let encoding = match headers.get("grpc-encoding") {
        None => Encoding::Identity,
        Some(name) => name.to_str().ok().and_then(Encoding::of).ok_or_else(|| {
            let message = format!("the encoding is none of {}", Encoding::ALL);
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, tonic::Code::Unimplemented, message)
        })?,
    };
    let mut share = Share::default();
    let frame = body::read(body, &intake.budget, &mut share).await?;
    let (is_packed, message) = unframe(frame)?;
    let encoding = if is_packed { encoding } else { Encoding::Identity };
    let message = body::unpack(encoding, message, &intake.budget, &mut share).await?;
    Ok(grpc_success(intake.take_protobuf(signal, message, &mut share).await?))
}

/// The one message of a body, and whether it is compressed.
fn unframe(mut frame: Bytes) -> Result<(bool, Bytes), Refusal> {
    if frame.len() < 5 {
        return Err(Refusal::malformed("the request has no message"));
    }
    let (flag, length) = (frame.get_u8(), frame.get_u32());
    if flag > 1 || frame.len() != length as usize {
        return Err(Refusal::malformed("the request is not a single gRPC message"));
    }
    Ok((flag == 1, frame))
}

pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| {
        kind.starts_with(b"application/grpc") && !kind.starts_with(b"application/grpc-web")
    })
}
