//! OTLP over gRPC.
//!
//! The channel is tonic's; the frames around the messages are written here, since tonic's codec
//! compresses at level 6 only, and its reader of trailers panics on some malformed ones.

mod frame;
mod status;

use self::status::Status;
use super::compression::Encoder;
use super::contact::{self, Reach};
use super::stream::Fault;
use super::{Connection, LONGEST_ANSWER, Reply, USER_AGENT, too_large};
use crate::{Contact, Error, ErrorKind};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE, USER_AGENT as USER_AGENT_HEADER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Limited};
use std::future::poll_fn;
use std::time::Duration;
use tonic::body::Body;
use tonic::client::GrpcService as _;
use tonic::transport::{Channel, Endpoint};

/// A channel to a collector, which connects when it is first used and again when it must.
#[derive(Debug)]
pub(crate) struct GrpcTransport {
    connection: Connection,
    headers: HeaderMap,
    encoder: Option<Encoder>,
    channel: Channel,
    fault: Fault,
}

impl GrpcTransport {
    /// Must be called inside a tokio runtime: the channel has a task. Does not connect.
    ///
    /// # Errors
    ///
    /// If TLS is not possible: without feature `tls`, or with unreadable certificates.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        // The user's headers may replace the one above, but not those that describe the message.
        headers.extend(connection.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Some(compression) = connection.compression {
            headers.insert(GRPC_ENCODING, compression.name());
        }
        let encoder = connection.compression.map(super::Compression::encoder).transpose();
        let encoder = encoder.map_err(|error| super::unprepared(connection).with_source(error))?;
        let (channel, fault) = channel(connection)?;
        Ok(Self { connection: connection.clone(), headers, encoder, channel, fault })
    }

    /// Makes one attempt.
    ///
    /// # Errors
    ///
    /// `Timeout` and `Io`, with [`Error::retry_after`], if another may succeed; `TooLarge` if a part
    /// of it may, and `Rejected` otherwise.
    pub(crate) async fn send(&mut self, message: Bytes) -> Result<Reply, Error> {
        let request = self.request(message)?;
        let timeout = self.connection.timeout;
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(Ok(answer)) => answer.reply(&self.connection),
            Ok(Err(error)) => {
                let error = self.fault.explain(error);
                let contact = contact::of(&*error);
                Err(self.failed(ErrorKind::Io, "").with_source(error).with_contact(contact))
            }
            Err(_elapsed) => {
                // A new channel: if the peer went away silently, each attempt on the old connection would
                // wait until TCP gives up.
                (self.channel, self.fault) = channel(&self.connection)?;
                let text = format!(": no answer in {timeout:?}");
                Err(self.failed(ErrorKind::Timeout, &text).with_contact(Contact::Absent))
            }
        }
    }

    fn request(&mut self, message: Bytes) -> Result<Request<Body>, Error> {
        let framed =
            frame::of(message, self.encoder.as_mut()).map_err(|problem| match problem {
                frame::Problem::TooLong(length) => too_large(&self.connection, length),
                frame::Problem::Compress(error) => {
                    self.failed(ErrorKind::Io, "").with_source(error)
                }
            })?;
        let mut request = Request::new(Body::new(framed));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(self.connection.signal.method());
        *request.version_mut() = http::Version::HTTP_2;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn exchange(
        &mut self,
        request: Request<Body>,
    ) -> Result<Answer, tonic::transport::Error> {
        poll_fn(|cx| self.channel.poll_ready(cx)).await?;
        let response = self.channel.call(request).await?;
        Ok(Answer::of(response, &self.connection).await)
    }

    /// The error of an attempt that failed, where another may succeed.
    fn failed(&self, kind: ErrorKind, text: &str) -> Error {
        let text = format!("export to {}{text}", self.connection.address());
        Error::new(kind, text).with_retry(Duration::ZERO)
    }
}

/// An answer, as far as it came.
struct Answer {
    status: Result<Status, Option<tonic::Status>>,
    encoding: Option<HeaderValue>,
    body: Bytes,
}

impl Answer {
    async fn of(response: Response<Body>, connection: &Connection) -> Self {
        let (head, body) = response.into_parts();
        let encoding = head.headers.get(GRPC_ENCODING).cloned();
        // A refusal without a message has its status where the headers are.
        if let Some(status) = Status::of(&head.headers) {
            return Self { status: Ok(status), encoding, body: Bytes::new() };
        }
        match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(collected) => {
                let status = collected.trailers().and_then(Status::of);
                let of_http = || Status::of_http(head.status, &head.headers, connection);
                let status = status.or_else(of_http).ok_or(None);
                Self { status, encoding, body: collected.to_bytes() }
            }
            Err(error) => {
                let status = match error.downcast::<tonic::Status>() {
                    Ok(broken) => Err(Some(*broken)),
                    Err(_too_long) => Ok(Status::too_long()),
                };
                Self { status, encoding, body: Bytes::new() }
            }
        }
    }

    fn reply(self, connection: &Connection) -> Result<Reply, Error> {
        match self.status {
            Ok(status) if status.is_ok() => {
                let encoding = self.encoding.as_ref().map_or(&b""[..], HeaderValue::as_bytes);
                let message = frame::message(&self.body, encoding);
                let reply = message.and_then(|message| Reply::read(&message, connection));
                Ok(reply.unwrap_or_else(Reply::unreadable))
            }
            Ok(status) => Err(status.refusal(connection).with_contact(Contact::Answered)),
            // Nobody said that the spans were taken.
            Err(broken) => {
                let text = format!("export to {}: the answer broke off", connection.address());
                let error = Error::new(ErrorKind::Io, text).with_retry(Duration::ZERO);
                let error = error.with_contact(Contact::Broken);
                Err(match broken {
                    Some(broken) => error.with_source(broken.message()),
                    None => error,
                })
            }
        }
    }
}

fn channel(connection: &Connection) -> Result<(Channel, Fault), Error> {
    let connector = Reach::new(connection)?;
    let fault = connector.fault();
    // The connector knows where to connect, and adds TLS itself: tonic must not.
    let endpoint = Endpoint::from_static("http://collector")
        .origin(connection.endpoint.clone())
        // Only while a request waits for its answer: servers hang up on clients that ping more often.
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(false);
    Ok((endpoint.connect_with_connector_lazy(connector), fault))
}

const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
