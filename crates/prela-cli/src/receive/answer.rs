//! Answers, in the form of each transport.

use axum::body::Body;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status over HTTP.
    pub status: StatusCode,
    /// The code over gRPC.
    pub code: tonic::Code,
    /// The reason, for people.
    pub message: String,
    /// When to try again; none: the same request will not be taken later either.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: tonic::Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// The refusal of a request that cannot be understood.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, tonic::Code::InvalidArgument, message)
    }

    /// The refusal of a request that is larger than any may be.
    pub(crate) fn too_large(what: &str, limit: usize) -> Self {
        let message =
            format!("the {what} is larger than max ({limit} bytes): request body too large");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, tonic::Code::ResourceExhausted, message)
    }

    /// The refusal of a request that may be taken in a moment.
    pub(crate) fn congested(message: impl Into<String>) -> Self {
        let refusal =
            Self::new(StatusCode::TOO_MANY_REQUESTS, tonic::Code::ResourceExhausted, message);
        Self { retry_after: Some(Duration::from_secs(1)), ..refusal }
    }

    /// The refusal while the store cannot be written.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, tonic::Code::Unavailable, message);
        Self { retry_after: Some(Duration::from_secs(10)), ..refusal }
    }

    fn details(&self) -> RpcStatus {
        let retry = self.retry_after.map(|after| {
            let retry_delay = Some(RetryDelay { seconds: after.as_secs().cast_signed() });
            Any {
                type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                value: RetryInfo { retry_delay }.encode_to_vec(),
            }
        });
        RpcStatus {
            code: self.code as i32,
            message: self.message.clone(),
            details: retry.into_iter().collect(),
        }
    }

    /// The answer over gRPC, which is headers only.
    pub(super) fn into_grpc(self) -> Response<Body> {
        let details = self.details().encode_to_vec();
        let status = tonic::Status::with_details(self.code, self.message, details.into());
        status.into_http()
    }

    /// The answer over HTTP, in the format of the request.
    pub(super) fn into_http(self, format: Format) -> Response<Body> {
        let body = match format {
            Format::Protobuf => self.details().encode_to_vec(),
            Format::Json => json!({ "code": self.code as i32, "message": self.message })
                .to_string()
                .into_bytes(),
            Format::Text => format!("{}\n", self.message).into_bytes(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, format.content_type());
        if let Some(after) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, after.as_secs().into());
        }
        response
    }
}

/// The format of a body over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Protobuf,
    Json,
    /// For requests of an unknown format.
    Text,
}

impl Format {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match kind.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        })
    }
}

/// Records that were refused while the others were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) rejected: u64,
    pub(super) message: String,
}

/// Success over gRPC: one message, and then the status.
pub(super) fn grpc_success(partial: Partial) -> Response<Body> {
    let message = Answer::of(partial).encode_to_vec();
    let mut frame = BytesMut::with_capacity(5 + message.len());
    frame.put_u8(0);
    // It is never near 4 GB.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let trailers = async { Some(Ok::<_, Infallible>(trailers)) };
    let body = Full::new(frame.freeze()).with_trailers(trailers);
    let mut response = Response::new(Body::new(body));
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Success over HTTP.
pub(super) fn http_success(partial: Partial, format: Format, rejected: &str) -> Response<Body> {
    let body = match format {
        Format::Protobuf | Format::Text => Bytes::from(Answer::of(partial).encode_to_vec()),
        Format::Json if partial.rejected == 0 => Bytes::from_static(b"{}"),
        Format::Json => {
            let partial =
                json!({ rejected: partial.rejected.to_string(), "errorMessage": partial.message });
            Bytes::from(json!({ "partialSuccess": partial }).to_string())
        }
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, format.content_type());
    response
}

/// `ExportTraceServiceResponse`, and those of logs and metrics.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl Answer {
    fn of(partial: Partial) -> Self {
        let Partial { rejected, message } = partial;
        let partial_success = (rejected > 0)
            .then(|| PartialSuccess { rejected: rejected.cast_signed(), error_message: message });
        Self { partial_success }
    }
}

/// `google.rpc.Status`, the body of a refusal over HTTP, and the details of one over gRPC.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<RetryDelay>,
}

/// `google.protobuf.Duration`, of whole seconds.
#[derive(Clone, PartialEq, Message)]
struct RetryDelay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}
