//! Finds out whether an OTLP exporter of this process sends to `prela serve`, and sends to that.

use super::{AnyExporter, EncodedExporter as _, OtlpExporter};
use crate::otlp::transport::Connection;
use bytes::Bytes;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// A receiver on this machine that may be the local tool, with a connection of its own.
#[derive(Debug)]
pub(crate) struct LocalTool {
    host: String,
    port: u16,
    exporter: OtlpExporter,
    /// Whether it was the local tool when it was last asked, and when that was.
    answer: Option<(Instant, bool)>,
}

impl LocalTool {
    /// The receiver of an exporter, if it may be the local tool.
    pub(crate) fn of(exporter: &AnyExporter) -> Option<Self> {
        exporter.connection().and_then(Self::at)
    }

    /// The receiver at a connection. None if it cannot be the local tool: it is on another machine, or behind TLS, a
    /// proxy or a socket.
    fn at(connection: &Connection) -> Option<Self> {
        let is_direct = connection.socket.is_none() && connection.proxy.is_none();
        let endpoint = &connection.endpoint;
        let host = endpoint.host()?.trim_matches(['[', ']']).to_owned();
        if !is_direct || connection.is_tls() || !is_here(&host) {
            return None;
        }
        let port = endpoint.port_u16().unwrap_or(80);
        let exporter = OtlpExporter::new(connection.clone());
        Some(Self { host, port, exporter, answer: None })
    }

    /// Whether it is the local tool. After two seconds it is asked again, since another program may have the port by
    /// then.
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

    /// Sends a request once, if the tool is there.
    pub(crate) async fn send(&mut self, body: Bytes) {
        if self.is_there().await && self.exporter.send(body).await.is_err() {
            self.answer = None;
        }
    }
}

/// The time for which an answer holds.
const FRESH: Duration = Duration::from_secs(2);

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Whether `prela serve` listens at this port of this machine. It is asked by `GET /api/hello`, which to another
/// program is a request for an unknown page, without any span in it.
async fn is_local_tool(host: &str, port: u16) -> bool {
    timeout(PATIENCE, ask(host, port)).await.ok().flatten().unwrap_or_default()
}

async fn ask(host: &str, port: u16) -> Option<bool> {
    let addresses: Vec<_> = lookup_host((host, port)).await.ok()?.collect();
    let mut connection = TcpStream::connect(&addresses[..]).await.ok()?;
    // A resolver may take `localhost` for another machine.
    if !connection.peer_addr().ok()?.ip().is_loopback() {
        return None;
    }
    let authority = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request =
        format!("GET /api/hello HTTP/1.1\r\nhost: {authority}:{port}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    connection.take(LONGEST).read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer);
    Some(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""name":"prela""#))
}

/// The longest time that the question may take.
const PATIENCE: Duration = Duration::from_millis(500);
/// The most bytes of an answer that are read.
const LONGEST: u64 = 16 << 10;
