//! OTLP/HTTP with protobuf bodies, by hyper.

use super::inbox::{Inbox, Refused};
use super::signals::OfSignal;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::io::Read as _;
use std::sync::Arc;

/// Serves one connection to its end.
pub async fn serve(stream: impl Read + Write + Send + Unpin + 'static, inbox: Arc<Inbox>) {
    let service = service_fn(move |request| answer(request, inbox.clone()));
    let connection = hyper::server::conn::http1::Builder::new();
    // A connection that breaks is the client's business.
    let _ = connection.serve_connection(stream, service).await;
}

async fn answer(
    request: Request<Incoming>,
    inbox: Arc<Inbox>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    if !["/v1/traces", "/v1/logs", "/v1/metrics"].contains(&&*path) {
        return Ok(status(StatusCode::NOT_FOUND));
    }
    if request.method() != Method::POST {
        return Ok(status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let (head, body) = request.into_parts();
    if head.headers.get(CONTENT_TYPE) != Some(&PROTOBUF) {
        return Ok(status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = body.collect().await?.to_bytes();
    let Some(body) = plain(head.headers.get(CONTENT_ENCODING), &body) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    if path != "/v1/traces" {
        let Some(request) = OfSignal::read(&path, &body) else {
            return Ok(status(StatusCode::BAD_REQUEST));
        };
        let mut response = Response::new(Full::from(request.answer()));
        response.headers_mut().insert(CONTENT_TYPE, PROTOBUF);
        inbox.receive_of_signal(request);
        return Ok(response);
    }
    let Ok(message) = ExportTraceServiceRequest::decode(&*body) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    Ok(match inbox.receive(head.headers, message).await.response() {
        Ok(message) => {
            let mut response = Response::new(Full::from(message.encode_to_vec()));
            response.headers_mut().insert(CONTENT_TYPE, PROTOBUF);
            response
        }
        Err(Refused::Unavailable) => status(StatusCode::SERVICE_UNAVAILABLE),
        Err(Refused::Invalid) => status(StatusCode::BAD_REQUEST),
    })
}

fn plain(encoding: Option<&HeaderValue>, body: &[u8]) -> Option<Vec<u8>> {
    match encoding.map(HeaderValue::as_bytes) {
        None => Some(body.to_vec()),
        Some(b"gzip") => {
            let mut plain = Vec::new();
            GzDecoder::new(body).read_to_end(&mut plain).ok().map(|_| plain)
        }
        Some(b"zstd") => zstd::stream::decode_all(body).ok(),
        Some(_) => None,
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
