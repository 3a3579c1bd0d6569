//! A far end that answers as it is told. It is no model.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use futures_util::{StreamExt as _, stream};
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is answered: a status, and the body's pieces, each in a write of its own.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16, &'static str, &'static [&'static [u8]]),
    /// Nothing comes after these pieces, and no end.
    Endless(&'static [&'static [u8]]),
    /// Not even a head.
    Never,
}

/// A running stub.
pub(crate) struct Stub {
    address: SocketAddr,
    pub(crate) asked: UnboundedReceiver<Asked>,
}

impl Stub {
    /// Starts it. It runs until the process ends.
    pub(crate) fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let router = Router::new().fallback(answer).with_state(Arc::new((reply, sender)));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn answer(
    State(state): State<Arc<(Reply, UnboundedSender<Asked>)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let (reply, sender) = &*state;
    let _ = sender.send(Asked { headers, body });
    let pieces = |pieces: &'static [&'static [u8]]| {
        stream::iter(pieces).then(|piece| async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Bytes::from_static(piece))
        })
    };
    let response = Response::builder();
    match reply {
        Reply::Status(status, content_type, all) => response
            .status(StatusCode::from_u16(*status).unwrap())
            .header("content-type", *content_type)
            .header("retry-after", "7")
            .body(Body::from_stream(pieces(all))),
        Reply::Endless(all) => response
            .header("content-type", "text/event-stream")
            .body(Body::from_stream(pieces(all).chain(stream::pending()))),
        Reply::Never => std::future::pending().await,
    }
    .unwrap()
}
