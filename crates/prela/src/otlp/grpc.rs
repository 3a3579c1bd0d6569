//! OTLP over gRPC.

use super::reply::remark;
use super::{Connection, Reply, USER_AGENT};
use crate::{Error, ErrorKind};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use std::error::Error as StdError;
use std::fmt;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// A channel to a collector, which connects when it is first used and again when it must.
#[derive(Debug)]
pub(crate) struct GrpcTransport {
    connection: Connection,
    endpoint: Endpoint,
    client: TraceServiceClient<Channel>,
}

impl GrpcTransport {
    /// Must be called inside a tokio runtime: the channel has a task. Does not connect.
    ///
    /// # Errors
    ///
    /// If TLS cannot be had: no feature `tls`, unreadable certificates.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Error> {
        let endpoint = Endpoint::from(connection.endpoint.clone())
            // The whole attempt has its own deadline, but dropping an attempt does not end the
            // connecting that it waited for.
            .connect_timeout(connection.timeout)
            .user_agent(USER_AGENT)
            .map_err(|error| {
                let text = format!("prepare the connection to {}", connection.address());
                Error::new(ErrorKind::Config, text).with_source(error)
            })?;
        let endpoint = match connection.is_tls() {
            true => with_tls(endpoint, connection)?,
            false => endpoint,
        };
        let client = client(&endpoint, connection);
        Ok(Self { connection: connection.clone(), endpoint, client })
    }

    /// One attempt.
    ///
    /// # Errors
    ///
    /// `Rejected` if it is of no use to send the request again, `Timeout` and `Io` otherwise.
    pub(crate) async fn send(
        &mut self,
        message: ExportTraceServiceRequest,
    ) -> Result<Reply, Error> {
        let headers = MetadataMap::from_headers(self.connection.headers.clone());
        let request = Request::from_parts(headers, tonic::Extensions::default(), message);
        let timeout = self.connection.timeout;
        match tokio::time::timeout(timeout, self.client.export(request)).await {
            Ok(Ok(response)) => Ok(response.into_inner().into()),
            Ok(Err(status)) => {
                if is_unready(&status) {
                    self.reconnect();
                }
                Err(refusal(status, &self.connection))
            }
            Err(_elapsed) => {
                // A peer that went away without a word would keep its connection, and each attempt,
                // busy until TCP gives up.
                self.reconnect();
                let address = self.connection.address();
                let text = format!("export to {address}: no answer in {timeout:?}");
                Err(Error::new(ErrorKind::Timeout, text))
            }
        }
    }

    /// Connects anew at the next attempt.
    fn reconnect(&mut self) {
        self.client = client(&self.endpoint, &self.connection);
    }
}

fn client(endpoint: &Endpoint, connection: &Connection) -> TraceServiceClient<Channel> {
    let client = TraceServiceClient::new(endpoint.connect_lazy());
    match connection.gzip {
        true => client
            .send_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Gzip),
        false => client,
    }
}

#[cfg(feature = "tls")]
fn with_tls(endpoint: Endpoint, connection: &Connection) -> Result<Endpoint, Error> {
    use super::tls::{given_roots, unusable};
    use tonic::transport::ClientTlsConfig;

    let tls = match given_roots(connection)? {
        Some(roots) => ClientTlsConfig::new().trust_anchors(roots.roots),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    endpoint.tls_config(tls).map_err(|error| unusable(connection).with_source(error))
}

#[cfg(not(feature = "tls"))]
fn with_tls(_: Endpoint, connection: &Connection) -> Result<Endpoint, Error> {
    Err(super::no_tls(connection))
}

fn refusal(status: Status, connection: &Connection) -> Error {
    let (code, address) = (status.code(), connection.address());
    // Only a status made on this side has a source: what went wrong on the way.
    if status.source().is_some() || is_unready(&status) {
        let error = Error::new(ErrorKind::Io, format!("export to {address}"));
        return error.with_source(Unsent(status));
    }
    let kind = match code {
        Code::DeadlineExceeded => ErrorKind::Timeout,
        Code::Cancelled | Code::Aborted | Code::OutOfRange | Code::Unavailable | Code::DataLoss => {
            ErrorKind::Io
        }
        // Without a word on when to come back it means: too large.
        Code::ResourceExhausted if has_retry_info(&status) => ErrorKind::Io,
        _ => ErrorKind::Rejected,
    };
    let mut text = format!("export to {address}: the collector answered {code:?}");
    let message = remark(status.message());
    if !message.is_empty() {
        text.push_str(": ");
        text.push_str(&message);
    }
    Error::new(kind, text)
}

/// Whether the channel itself failed, which the generated client tells in words only.
fn is_unready(status: &Status) -> bool {
    status.code() == Code::Unknown && status.message().starts_with("Service was not ready")
}

/// Whether the details, a serialized `google.rpc.Status`, hold a `RetryInfo`.
///
/// Source: [OTLP/gRPC throttling](https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling).
fn has_retry_info(status: &Status) -> bool {
    const TYPE: &[u8] = b"google.rpc.RetryInfo";
    status.details().windows(TYPE.len()).any(|window| window == TYPE)
}

/// What went wrong on the way. `Status` itself shows its source as `Debug` does.
#[derive(Debug)]
struct Unsent(Status);

impl Unsent {
    /// Without the levels that only say that it went wrong in the transport.
    fn cause(&self) -> &(dyn StdError + 'static) {
        let outer = self.0.source();
        outer.and_then(StdError::source).or(outer).unwrap_or(&self.0)
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause(), f)
    }
}

impl StdError for Unsent {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause().source()
    }
}
