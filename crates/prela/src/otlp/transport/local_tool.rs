//! Asks who is at a port of this machine.

use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Whether `prela serve` is at this port of this machine. Any other program is asked for a page that it does
/// not have, once; another machine is not asked at all.
pub(crate) async fn is_local_tool(host: &str, port: u16) -> bool {
    timeout(PATIENCE, ask(host, port)).await.ok().flatten().unwrap_or_default()
}

async fn ask(host: &str, port: u16) -> Option<bool> {
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if !is_here {
        return None;
    }
    let addresses: Vec<_> = lookup_host((host, port)).await.ok()?.collect();
    let mut connection = TcpStream::connect(&addresses[..]).await.ok()?;
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

const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes of an answer that are read.
const LONGEST: u64 = 16 << 10;
