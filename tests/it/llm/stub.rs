//! A far end that answers as it is told, in real server-sent events. It is no model.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::sync::oneshot;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What is answered: a status, and the body's pieces, each in a write of its own.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    pieces: Vec<Bytes>,
    is_endless: bool,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        let pieces = vec![body.to_string().into()];
        Self { status, content_type: "application/json", pieces, is_endless: false }
    }

    pub fn events(events: impl IntoIterator<Item = Value>) -> Self {
        let event = |event: Value| match event["type"].as_str() {
            Some(kind) => format!("event: {kind}\ndata: {event}\n\n").into(),
            None => format!("data: {event}\n\n").into(),
        };
        Self::pieces("text/event-stream", events.into_iter().map(event))
    }

    pub fn pieces(content_type: &'static str, pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces = pieces.into_iter().collect();
        Self { status: 200, content_type, pieces, is_endless: false }
    }

    /// Adds a piece to the body.
    pub fn then(mut self, piece: &'static str) -> Self {
        self.pieces.push(piece.into());
        self
    }

    /// Nothing comes after the pieces, and no end.
    pub fn endless(mut self) -> Self {
        self.is_endless = true;
        self
    }

    fn response(self) -> Response<Body> {
        let pieces = stream::iter(self.pieces).then(|piece| async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(piece)
        });
        let body = match self.is_endless {
            true => Body::from_stream(pieces.chain(stream::pending())),
            false => Body::from_stream(pieces),
        };
        let response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        response
            .header("content-type", self.content_type)
            .header("retry-after", "0")
            .body(body)
            .unwrap()
    }
}

/// OpenAI's stream of an answer of two words, and a call of a tool.
pub fn chat_events() -> Reply {
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let call = json!([{"index": 0, "id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]);
    Reply::events([
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "the hidden "}), Value::Null),
        chunk(json!({"content": "answer"}), Value::Null),
        chunk(json!({"tool_calls": call}), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-1", "choices": [],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}),
    ])
    .then("data: [DONE]\n\n")
}

/// The answer of [`chat_events`] as a whole.
pub fn chat_whole() -> Reply {
    Reply::json(
        200,
        &json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-1",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": "the hidden answer", "refusal": null}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}),
    )
}

/// A running stub. Dropping it closes its port.
pub struct Stub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<oneshot::Sender<()>>,
}

type Answers = Arc<dyn Fn(usize, &Asked) -> Reply + Send + Sync>;

impl Stub {
    /// `answer` gets the number of the request, from 0 on.
    pub fn start(answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let answer: Answers = Arc::new(answer);
        let router = Router::new().fallback(handle).with_state((answer, Arc::clone(&asked)));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router).into_future() => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address, asked, stop: Some(stop) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}

async fn handle(
    State((answer, asked)): State<(Answers, Arc<Mutex<Vec<Asked>>>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = Asked { path: uri.to_string(), headers, body };
    let number = {
        let mut asked = asked.lock().unwrap();
        asked.push(request.clone());
        asked.len() - 1
    };
    answer(number, &request).response()
}
