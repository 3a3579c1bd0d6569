//! The OTLP exporter: batches to messages, messages to a transport.

use super::{Batch, Encode, EncodedExporter, ExportFuture, Exported, SpanExporter};
use crate::Error;
use crate::otlp::encode;
#[cfg(feature = "otlp-grpc")]
use crate::otlp::transport::grpc::GrpcTransport;
#[cfg(feature = "otlp-http")]
use crate::otlp::transport::http::HttpTransport;
use crate::otlp::transport::{Connection, Protocol, Reply};
use bytes::Bytes;

/// Sends batches to an OTLP collector, one attempt each.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    connection: Connection,
    /// Made at the first export: it needs the export thread's runtime.
    transport: Option<Transport>,
}

impl OtlpExporter {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, transport: None }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    async fn attempt(&mut self, body: Bytes) -> Result<Reply, Error> {
        let transport = match &mut self.transport {
            Some(transport) => transport,
            none => none.insert(Transport::new(&self.connection)?),
        };
        transport.send(body).await
    }
}

impl EncodedExporter for OtlpExporter {
    fn name(&self) -> String {
        let protocol = match self.connection.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => "grpc",
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf => "http",
            #[cfg(feature = "otlp-http")]
            Protocol::HttpJson => "http/json",
        };
        format!("otlp {protocol} {}{}", self.connection.address(), self.connection.signal.note())
    }

    fn encoder(&self) -> Encode {
        encode::request
    }

    fn send(&mut self, body: Bytes) -> ExportFuture<'_, Exported> {
        Box::pin(async { Ok(self.attempt(body).await?.into()) })
    }

    fn connection(&self) -> Option<&Connection> {
        Some(&self.connection)
    }

    fn for_fork(&self) -> Box<dyn EncodedExporter> {
        Box::new(Self::new(self.connection.clone()))
    }
}

/// An OTLP exporter for a caller that makes attempts by itself, a batch at a time.
#[derive(Debug)]
pub(crate) struct OneAttempt(pub(crate) OtlpExporter);

impl SpanExporter for OneAttempt {
    fn name(&self) -> String {
        EncodedExporter::name(&self.0)
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        self.0.send(encode::request(batch.resource(), batch.encoded()))
    }

    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        Some(Box::new(Self(OtlpExporter::new(self.0.connection.clone()))))
    }
}

impl From<Reply> for Exported {
    fn from(reply: Reply) -> Self {
        Self { rejected: reply.rejected, message: reply.message }
    }
}

#[derive(Debug)]
#[cfg_attr(
    all(feature = "otlp-grpc", feature = "otlp-http"),
    expect(clippy::large_enum_variant, reason = "there is one for each exporter")
)]
enum Transport {
    #[cfg(feature = "otlp-grpc")]
    Grpc(GrpcTransport),
    #[cfg(feature = "otlp-http")]
    Http(HttpTransport),
}

impl Transport {
    fn new(connection: &Connection) -> Result<Self, Error> {
        match connection.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => GrpcTransport::new(connection).map(Self::Grpc),
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                HttpTransport::new(connection).map(Self::Http)
            }
        }
    }

    async fn send(&mut self, body: Bytes) -> Result<Reply, Error> {
        match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(transport) => transport.send(body).await,
            #[cfg(feature = "otlp-http")]
            Self::Http(transport) => transport.send(body).await,
        }
    }
}
