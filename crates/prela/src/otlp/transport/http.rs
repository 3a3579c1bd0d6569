//! OTLP over HTTP/1.1, with bodies of protobuf or of JSON.

mod answer;

use self::answer::Answer;
use super::compression::Encoder;
use super::contact::{self, Reach};
use super::{Connection, LONGEST_ANSWER, LONGEST_REQUEST, Proxy, Reply, USER_AGENT, too_large};
use crate::otlp::json;
use crate::{Contact, Error, ErrorKind};
use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, PROXY_AUTHORIZATION, USER_AGENT as USER_AGENT_HEADER,
};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// A pool of connections to a collector, of which at most one at a time is in use.
pub(crate) struct HttpTransport {
    connection: Connection,
    headers: HeaderMap,
    encoder: Option<Encoder>,
    reach: Reach,
    client: Client<Reach, Full<Bytes>>,
}

impl HttpTransport {
    /// Does not connect, and needs a tokio runtime only when it sends.
    ///
    /// # Errors
    ///
    /// If TLS is not possible: without feature `tls`, or with unreadable certificates.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Error> {
        let reach = Reach::new(connection)?;
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        // The user's headers may replace the one above, but not those that describe the body.
        headers.extend(connection.headers.clone());
        let body = if connection.is_json() { answer::JSON } else { answer::PROTOBUF };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body));
        let proxy = connection.proxy.as_ref().filter(|_| connection.is_forwarded());
        if let Some(authorization) = proxy.and_then(Proxy::authorization) {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        if let Some(compression) = connection.compression {
            headers.insert(CONTENT_ENCODING, compression.name());
        }
        let encoder = connection.compression.map(super::Compression::encoder).transpose();
        let encoder = encoder.map_err(|error| super::unprepared(connection).with_source(error))?;
        let client = client(reach.clone());
        Ok(Self { connection: connection.clone(), headers, encoder, reach, client })
    }

    /// Makes one attempt. Redirects are not followed: they would send the headers elsewhere.
    ///
    /// # Errors
    ///
    /// `Timeout` and `Io`, with [`Error::retry_after`], if another may succeed; `TooLarge` if a part
    /// of it may, and `Rejected` otherwise.
    pub(crate) async fn send(&mut self, message: Bytes) -> Result<Reply, Error> {
        let mut request = Request::new(Full::from(self.body(message)?));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.connection.endpoint.clone();
        *request.headers_mut() = self.headers.clone();

        let timeout = self.connection.timeout;
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(answer) => {
                let reply = answer?.reply(&self.connection);
                let reply = reply.map_err(|error| error.with_contact(Contact::Answered));
                if reply.as_ref().is_err_and(|error| error.kind() == ErrorKind::TooLarge) {
                    // A server that answers before it has read the whole body closes the connection, or waits
                    // for the rest: so it is not used again.
                    self.client = client(self.reach.clone());
                }
                reply
            }
            Err(_elapsed) => {
                let text = format!(": no answer in {timeout:?}");
                let error = self.failed(ErrorKind::Timeout, format_args!("{text}"));
                Err(error.with_contact(Contact::Absent))
            }
        }
    }

    fn body(&mut self, message: Bytes) -> Result<Bytes, Error> {
        let message = match self.connection.is_json() {
            true => Bytes::from(json::request_of(self.connection.signal, &message)),
            false => message,
        };
        if message.len() > LONGEST_REQUEST {
            return Err(too_large(&self.connection, message.len()));
        }
        let Some(encoder) = &mut self.encoder else { return Ok(message) };
        let mut body = Vec::new();
        match encoder.encode(&message, &mut body) {
            Ok(()) => Ok(body.into()),
            Err(error) => Err(self.failed(ErrorKind::Io, format_args!("")).with_source(error)),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let response = self.client.request(request).await;
        let response = response.map_err(|error| self.broken(format_args!(""), error))?;
        let (head, body) = response.into_parts();
        let body = match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(body) => Some(body.to_bytes()),
            // The status says what became of the spans.
            Err(error) if error.is::<LengthLimitError>() => None,
            // So does a refusal's, whose words may be lost with the connection.
            Err(_broken) if !head.status.is_success() => None,
            Err(error) => {
                return Err(self.broken(format_args!(": read the answer {}", head.status), error));
            }
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// The error of an attempt that failed, where another may succeed.
    fn failed(&self, kind: ErrorKind, text: fmt::Arguments<'_>) -> Error {
        let text = format!("export to {}{text}", self.connection.address());
        Error::new(kind, text).with_retry(Duration::ZERO)
    }

    /// The error of a request that got no answer.
    fn broken(
        &self,
        text: fmt::Arguments<'_>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        let cause = self.reach.fault().explain(cause);
        let contact = contact::of(&*cause);
        self.failed(ErrorKind::Io, text).with_source(cause).with_contact(contact)
    }
}

/// A client without a connection yet.
fn client(reach: Reach) -> Client<Reach, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(reach)
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
