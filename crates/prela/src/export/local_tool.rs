//! `prela serve`, where an OTLP exporter of this process sends its spans.

use super::{EncodedExporter as _, OtlpExporter};
use crate::otlp::transport::{Connection, is_local_tool};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// A receiver on this machine that may be the local tool, and a connection to it of its own.
#[derive(Debug)]
pub(crate) struct LocalTool {
    host: String,
    port: u16,
    exporter: OtlpExporter,
    /// Its last answer to the question who it is, and when that was.
    answer: Option<(Instant, bool)>,
}

impl LocalTool {
    /// None of a receiver that is certainly another one: not on this machine, or behind TLS or a proxy.
    pub(super) fn at(connection: &Connection) -> Option<Self> {
        let direct = connection.socket.is_none() && connection.proxy.is_none();
        if !direct || connection.is_tls() {
            return None;
        }
        let endpoint = &connection.endpoint;
        let host = endpoint.host()?.trim_matches(['[', ']']).to_owned();
        let port = endpoint.port_u16().unwrap_or(80);
        let exporter = OtlpExporter::new(connection.clone());
        Some(Self { host, port, exporter, answer: None })
    }

    /// Whether it is the local tool. It is asked again when some time has passed: another program may have
    /// the port by now.
    pub(crate) async fn is_there(&mut self) -> bool {
        match self.answer {
            Some((at, is_there)) if at.elapsed() < FRESH => is_there,
            _ => {
                let is_there = is_local_tool(&self.host, self.port).await;
                self.answer = Some((Instant::now(), is_there));
                is_there
            }
        }
    }

    /// One attempt to send something, if it is there.
    pub(crate) async fn send(&mut self, body: Bytes) {
        if self.is_there().await && self.exporter.send(body).await.is_err() {
            self.answer = None;
        }
    }
}

/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(2);
