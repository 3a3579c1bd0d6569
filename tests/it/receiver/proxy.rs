//! A proxy of HTTP that does its work, or fails in one of the ways that proxies have.

use super::{ANY_PORT, tls};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A running proxy. Dropping it closes its port and every connection.
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a proxy does when it is asked.
#[derive(Clone, Copy, Debug)]
pub enum Conduct {
    /// Passes on.
    Works,
    /// Passes on, and its answer to `CONNECT` comes together with what the server says first.
    IsEager,
    /// Passes on, and sends other answers before that to `CONNECT`.
    Hints,
    /// Passes on for who sends this as `Proxy-Authorization`.
    Asks(&'static str),
    Says(&'static [u8]),
    HangsUp,
    IsSilent,
}

impl Proxy {
    /// Starts a proxy that takes every host for this address.
    pub fn start(to: SocketAddr, conduct: Conduct) -> Self {
        Self::launch(to, conduct, None)
    }

    pub fn start_with_tls(to: SocketAddr, identity: tls::Identity) -> Self {
        Self::launch(to, Conduct::Works, Some(identity))
    }

    fn launch(to: SocketAddr, conduct: Conduct, identity: Option<tls::Identity>) -> Self {
        let listener = std::net::TcpListener::bind(ANY_PORT).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let heard = heads.clone();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let serve = async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let heard = heard.clone();
                    let acceptor = identity.as_ref().map(|it| it.acceptor.clone());
                    tokio::spawn(async move {
                        // Connections that break are what some tests are about.
                        match acceptor {
                            None => pass(stream, to, conduct, heard).await,
                            Some(tls) => pass(tls.accept(stream).await?, to, conduct, heard).await,
                        }
                    });
                }
            };
            runtime.unwrap().block_on(async {
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("proxy".to_owned()).spawn(run).unwrap();
        Self { address, heads, stop: Some(stop), thread: Some(thread) }
    }

    /// The proxy's host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the first requests of all connections.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn pass<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    to: SocketAddr,
    conduct: Conduct,
    heads: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let text = String::from_utf8(head.clone()).unwrap();
    let is_connect = text.starts_with("CONNECT ");
    heads.lock().unwrap().push(text.clone());
    match conduct {
        Conduct::Says(words) => {
            stream.write_all(words).await?;
            stream.flush().await?;
            // A client that hangs up early has read enough.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            return Ok(());
        }
        Conduct::HangsUp => return Ok(()),
        Conduct::IsSilent => return std::future::pending().await,
        Conduct::Asks(authorization) => {
            let wanted = format!("proxy-authorization: {authorization}\r\n").to_lowercase();
            if !text.to_lowercase().contains(&wanted) {
                let answer =
                    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer.as_bytes()).await?;
                return stream.shutdown().await;
            }
        }
        Conduct::Works | Conduct::IsEager | Conduct::Hints => {}
    }
    let mut server = TcpStream::connect(to).await?;
    let mut first = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n".to_vec();
    match conduct {
        Conduct::IsEager => first.push(server.read_u8().await?),
        Conduct::Hints => {
            let hints =
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
            first.splice(..0, *hints);
        }
        _ => {}
    }
    match is_connect {
        true => stream.write_all(&first).await?,
        false => server.write_all(&head).await?,
    }
    stream.flush().await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}
