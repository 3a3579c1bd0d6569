//! The answer of rig's client, as Prela's layer sees it, and back.

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prela::llm::{LlmBody, ResponseFuture};
use rig_http::http_client::{self, BoxedStream, Error, LazyBody, StreamingResponse};
use std::error::Error as StdError;
use std::fmt;
use std::future::ready;

/// The future of an answer, for the layer.
pub(crate) type Answer<'a> = BoxFuture<'a, Result<Response<Body>, Boxed>>;

/// Its body: chunks as frames.
pub(crate) type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Boxed>>>;

/// An error in a shape that the layer can read: the client's own error, whose text may have the URL in it, is known by its
/// type only without rig's around it.
type Boxed = Box<dyn StdError + Send + Sync>;

/// An answer that is read as a whole.
pub(crate) fn of_whole<'a>(
    sent: impl Future<Output = http_client::Result<Response<LazyBody<Bytes>>>> + Send + 'a,
) -> Answer<'a> {
    seen(sent, |body| Box::pin(stream::once(body)))
}

/// An answer that comes in chunks.
pub(crate) fn of_chunks<'a>(
    sent: impl Future<Output = http_client::Result<StreamingResponse>> + Send + 'a,
) -> Answer<'a> {
    seen(sent, |body| body)
}

fn seen<'a, B: 'a>(
    sent: impl Future<Output = http_client::Result<Response<B>>> + Send + 'a,
    into_chunks: fn(B) -> BoxedStream,
) -> Answer<'a> {
    Box::pin(async move {
        let response = match sent.await {
            Ok(response) => response.map(into_chunks),
            Err(Error::InvalidStatusCodeWithDetails { status, body, headers }) => {
                refusal(status, headers, body)
            }
            Err(error) => return Err(from_rig(error)),
        };
        Ok(response
            .map(|chunks| StreamBody::new(chunks.map_ok(Frame::data).map_err(from_rig).boxed())))
    })
}

/// Marks an answer that the client gave as an error.
#[derive(Clone, Copy, Debug)]
struct Refused;

/// The answer that the client made an error of.
fn refusal(status: StatusCode, headers: HeaderMap, body: String) -> Response<BoxedStream> {
    let body: BoxedStream = Box::pin(stream::once(ready(Ok(body.into()))));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.extensions_mut().insert(Refused);
    response
}

/// What the client gave, when the layer has seen it: the response, or the same error.
///
/// Without `async`, in which the compiler loses that `Boxed` is `'static`.
pub(crate) fn given_back(
    sent: ResponseFuture<Answer<'_>>,
) -> impl Future<Output = http_client::Result<Response<LlmBody<Body>>>> + Send {
    sent.then(|sent| match sent {
        Err(error) => Either::Left(ready(Err(into_rig(error)))),
        Ok(response) if response.extensions().get::<Refused>().is_none() => {
            Either::Left(ready(Ok(response)))
        }
        Ok(response) => {
            let (head, body) = response.into_parts();
            Either::Right(body.collect().map(move |body| {
                let body = body.map_err(into_rig)?.to_bytes();
                let body = String::from_utf8_lossy(&body).into_owned();
                Err(Error::non_success_with_details(head.status, head.headers, body))
            }))
        }
    })
}

fn from_rig(error: Error) -> Boxed {
    match error {
        Error::Instance(error) => error,
        error => Box::new(OfRig(error)),
    }
}

/// The way back.
pub(crate) fn into_rig(error: Boxed) -> Error {
    match error.downcast::<OfRig>() {
        Ok(error) => error.0,
        Err(error) => Error::Instance(error),
    }
}

/// An error of rig's own, not of the client below it.
#[derive(Debug)]
struct OfRig(Error);

impl fmt::Display for OfRig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.non_success_status() {
            // rig's text has the whole answer in it, which may repeat what was asked.
            Some(status) => write!(f, "status {status}"),
            None => self.0.fmt(f),
        }
    }
}

impl StdError for OfRig {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
