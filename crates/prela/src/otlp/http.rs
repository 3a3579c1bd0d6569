//! OTLP over HTTP/1.1, with protobuf bodies.

use super::reply::remark;
use super::{Connection, Reply, USER_AGENT};
use crate::{Error, ErrorKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT as USER_AGENT_HEADER};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use prost::bytes::Bytes;
use std::fmt;
use std::io::Write as _;

/// A pool of connections to a collector, at most one at a time in use.
pub(crate) struct HttpTransport {
    connection: Connection,
    headers: HeaderMap,
    client: Client<Connector, Full<Bytes>>,
}

impl HttpTransport {
    /// Does not connect, and needs a tokio runtime only when it sends.
    ///
    /// # Errors
    ///
    /// If TLS cannot be had: no feature `tls`, unreadable certificates.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Error> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(connection)?);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        // The user's may replace the one above, but not those that describe the body.
        headers.extend(connection.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
        if connection.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(Self { connection: connection.clone(), headers, client })
    }

    /// One attempt. Redirects are not followed: they would send the headers elsewhere.
    ///
    /// # Errors
    ///
    /// `Rejected` if it is of no use to send the request again, `Timeout` and `Io` otherwise.
    pub(crate) async fn send(
        &mut self,
        message: ExportTraceServiceRequest,
    ) -> Result<Reply, Error> {
        let mut request = Request::new(Full::from(self.body(&message)?));
        drop(message);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.connection.endpoint.clone();
        *request.headers_mut() = self.headers.clone();

        let timeout = self.connection.timeout;
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(answer) => self.reply(&answer?),
            Err(_elapsed) => {
                Err(self.error(ErrorKind::Timeout, format_args!(": no answer in {timeout:?}")))
            }
        }
    }

    fn body(&self, message: &ExportTraceServiceRequest) -> Result<Vec<u8>, Error> {
        let encoded = message.encode_to_vec();
        if !self.connection.gzip {
            return Ok(encoded);
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&encoded)
            .and_then(|()| gzip.finish())
            .map_err(|error| self.error(ErrorKind::Io, format_args!(": gzip")).with_source(error))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => {
                return Err(self.error(ErrorKind::Io, format_args!("")).with_source(error));
            }
        };
        let (head, body) = response.into_parts();
        match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(body) => {
                let content_type = head.headers.get(CONTENT_TYPE).cloned();
                Ok(Answer { status: head.status, content_type, body: body.to_bytes() })
            }
            Err(error) => {
                let text = format_args!(": read the answer {}", head.status);
                Err(self.error(ErrorKind::Io, text).with_source(error))
            }
        }
    }

    fn reply(&self, answer: &Answer) -> Result<Reply, Error> {
        let status = answer.status;
        if status.is_success() {
            // What answers with a page is a viewer or a proxy: it stored nothing.
            if answer.is("text/html") {
                let text = format_args!(": the answer is a web page: no OTLP endpoint there");
                return Err(self.error(ErrorKind::Rejected, text));
            }
            // Some answer in JSON or in words; the status alone counts then.
            let response = match answer.is(PROTOBUF) {
                true => ExportTraceServiceResponse::decode(&*answer.body).unwrap_or_default(),
                false => ExportTraceServiceResponse::default(),
            };
            return Ok(response.into());
        }
        let kind = match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Io,
            _ => ErrorKind::Rejected,
        };
        let remark = answer.remark();
        let colon = if remark.is_empty() { "" } else { ": " };
        Err(self.error(kind, format_args!(": the collector answered {status}{colon}{remark}")))
    }

    fn error(&self, kind: ErrorKind, text: fmt::Arguments<'_>) -> Error {
        Error::new(kind, format!("export to {}{text}", self.connection.address()))
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

struct Answer {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    body: Bytes,
}

impl Answer {
    fn is(&self, content_type: &str) -> bool {
        let given = self.content_type.as_ref().map(HeaderValue::as_bytes).unwrap_or_default();
        given
            .get(..content_type.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(content_type.as_bytes()))
    }

    /// What the peer says of its refusal.
    fn remark(&self) -> String {
        if self.is("text/html") {
            return String::new();
        }
        if self.is(PROTOBUF) {
            // The body is a `google.rpc.Status`, whose code and message have the numbers and types
            // of this message's two fields.
            let status = ExportTracePartialSuccess::decode(&*self.body).unwrap_or_default();
            return remark(&status.error_message);
        }
        remark(&String::from_utf8_lossy(&self.body))
    }
}

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

#[cfg(feature = "tls")]
fn connector(connection: &Connection) -> Result<Connector, Error> {
    use super::tls::{given_roots, unusable};
    use hyper_rustls::ConfigBuilderExt as _;
    use rustls::{ClientConfig, RootCertStore, crypto};

    // Not the process's default provider: there is none unless the program installs one.
    let provider = crypto::ring::default_provider();
    let tls = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(connection).with_source(error))?;
    let tls = match given_roots(connection)? {
        Some(roots) => tls.with_root_certificates(roots),
        // Reading the system's certificates takes milliseconds.
        None if !connection.is_tls() => tls.with_root_certificates(RootCertStore::empty()),
        None => tls.with_native_roots().map_err(|error| unusable(connection).with_source(error))?,
    };
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp(connection)))
}

#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

#[cfg(not(feature = "tls"))]
fn connector(connection: &Connection) -> Result<Connector, Error> {
    match connection.is_tls() {
        true => Err(super::no_tls(connection)),
        false => Ok(tcp(connection)),
    }
}

fn tcp(connection: &Connection) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    // The TLS connector hands on `https` addresses.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Divided among a host's addresses, so that a dead one leaves time for the next.
    tcp.set_connect_timeout(Some(connection.timeout));
    tcp
}

const PROTOBUF: &str = "application/x-protobuf";

const LONGEST_ANSWER: usize = 4 << 20;
