//! Who is at a port, and how to ask it.

use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who is at a port: the answer of `GET /api/hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Always `prela`.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The file it writes.
    pub store: PathBuf,
    /// Where it takes OTLP over gRPC.
    pub grpc: SocketAddr,
    /// Where it takes OTLP over HTTP, and answers the JSON API.
    pub http: SocketAddr,
    /// Where its page is.
    pub page: SocketAddr,
}

impl Hello {
    pub(super) fn new(store: &Path, grpc: SocketAddr, http: SocketAddr, page: SocketAddr) -> Self {
        Self {
            name: NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            store: store.to_owned(),
            grpc,
            http,
            page,
        }
    }

    /// Where a browser finds the page: at localhost if it listens on all addresses.
    pub fn page_url(&self) -> String {
        let mut page = self.page;
        if page.ip().is_unspecified() {
            page.set_ip(if page.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        format!("http://{page}/")
    }

    /// The token that this process was given, for servers that ask for one.
    pub(crate) fn token() -> Option<String> {
        let token = std::env::var("PRELA_TOKEN").ok()?;
        // A line break would add headers.
        (!token.is_empty() && !token.contains(['\r', '\n'])).then_some(token)
    }

    /// Who is at this address; none if it is nobody, or no prela. Each step waits at most half a second.
    pub fn ask(address: SocketAddr) -> Option<Self> {
        Self::answer(address, None)
    }

    /// Asks with a token, which a server that has one needs before it tells all. Nobody else may get it.
    fn answer(address: SocketAddr, token: Option<String>) -> Option<Self> {
        let mut connection = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        connection.set_read_timeout(Some(PATIENCE)).ok()?;
        connection.set_write_timeout(Some(PATIENCE)).ok()?;
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let request = format!(
            "GET /api/hello HTTP/1.1\r\nhost: {address}\r\n{}connection: close\r\n\r\n",
            token.unwrap_or_default()
        );
        connection.write_all(request.as_bytes()).ok()?;
        let mut response = Vec::new();
        // A stranger may send without end.
        let _ = connection.take(MAX_ANSWER).read_to_end(&mut response);
        let response = String::from_utf8(response).ok()?;
        let (head, body) = response.split_once("\r\n\r\n")?;
        let hello: Self = serde_json::from_str(body).ok()?;
        (head.starts_with("HTTP/1.1 200") && hello.name == NAME).then_some(hello)
    }
}

/// The prela that writes this store now, if there is one.
pub fn running(store: &Path) -> Option<Hello> {
    let note = std::fs::read_to_string(note(store)).ok()?;
    let noted: Hello = serde_json::from_str(&note).ok()?;
    // It may have been killed, and its port taken by another program.
    Hello::answer(noted.http, Hello::token()).filter(|hello| hello.store == store)
}

/// A file that says where the server is, for as long as it runs.
#[derive(Debug)]
pub(super) struct Note(PathBuf);

impl Note {
    pub(super) fn write(hello: &Hello) -> std::io::Result<Self> {
        let path = note(&hello.store);
        std::fs::write(&path, serde_json::to_vec(hello)?)?;
        Ok(Self(path))
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn note(store: &Path) -> PathBuf {
    store.with_extension("server.json")
}

const NAME: &str = "prela";
const PATIENCE: Duration = Duration::from_millis(500);
const MAX_ANSWER: u64 = 16 << 10;
