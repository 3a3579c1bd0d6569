//! A stub of a model server.

mod anthropic;
mod ollama;
mod openai;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

/// A stub of a model server: over real HTTP, on a loopback port that the system chooses, in the shapes of OpenAI
/// (`/v1/chat/completions`, `/v1/embeddings`), Anthropic (`/v1/messages`) and Ollama (`/api/chat`), as a whole or as a
/// real stream. It runs until the process ends.
///
/// It is no model: it answers with the words of what it was asked last. A request with tools it answers by calling
/// each of them once, with the first name in the question for every property; when they have answered, with their
/// answers. An embedding of it counts vowels.
#[derive(Clone, Copy, Debug)]
pub struct ModelServer {
    address: SocketAddr,
}

impl ModelServer {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is no port to be had.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let router = Router::new()
            .route("/v1/chat/completions", post(openai::chat))
            .route("/v1/embeddings", post(openai::embeddings))
            .route("/v1/messages", post(anthropic::messages))
            .route("/api/chat", post(ollama::chat));
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        Ok(Self { address })
    }

    /// `http://127.0.0.1:…` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What a request asks for, whichever interface it came by.
struct Asked {
    model: Value,
    is_stream: bool,
    /// The words that the answer has.
    words: Vec<String>,
    /// The tools to call: names, and arguments.
    tools: Vec<(String, Value)>,
}

impl Asked {
    /// `texts` are the last messages: of tools, or of whoever asks.
    fn new(request: &Value, texts: Vec<String>, are_of_tools: bool) -> Self {
        let words: Vec<_> = texts.iter().flat_map(|text| text.split(' ')).collect();
        let name = words.iter().skip(1).find(|word| word.starts_with(char::is_uppercase));
        let call = |tool: &Value| {
            let function = if tool["function"].is_object() { &tool["function"] } else { tool };
            let schema = [&function["parameters"], &function["input_schema"]];
            let properties = schema.iter().find_map(|it| it["properties"].as_object());
            let keys = properties.into_iter().flat_map(|it| it.keys());
            let arguments = keys.map(|key| (key.clone(), json!(name.unwrap_or(&"?"))));
            Some((function["name"].as_str()?.to_owned(), arguments.collect()))
        };
        let tools = request["tools"].as_array().filter(|_| !are_of_tools);
        let says = if are_of_tools { ["They", "say:"] } else { ["You", "asked:"] };
        Self {
            model: request["model"].clone(),
            is_stream: request["stream"] == true,
            tools: tools.into_iter().flatten().filter_map(call).collect(),
            words: says.into_iter().chain(words).map(str::to_owned).collect(),
        }
    }

    fn text(&self) -> String {
        self.words.join(" ")
    }

    /// The last messages of OpenAI and Ollama, which have answers of tools by themselves.
    fn of_messages(request: &Value) -> Self {
        let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let are_of_tools = messages.last().is_some_and(|last| last["role"] == "tool");
        let last = messages.iter().rev().take_while(|it| !are_of_tools || it["role"] == "tool");
        let last: Vec<_> = last.take(if are_of_tools { usize::MAX } else { 1 }).collect();
        let texts = last.iter().rev().map(|it| text_of(&it["content"])).collect();
        Self::new(request, texts, are_of_tools)
    }
}

/// Text, or parts of which some are.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn json_of(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// One answer as a whole.
fn whole(answer: &Value) -> Response {
    let mut response = Response::new(Body::from(answer.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a name"));
    response
}

/// Pieces of an answer, as a model writes them: one after the other.
fn streamed(content_type: &'static str, pieces: Vec<String>) -> Response {
    let pieces = stream::iter(pieces).then(|piece| async {
        tokio::time::sleep(Duration::from_millis(2)).await; // models think
        Ok::<_, Infallible>(piece)
    });
    let mut response = Response::new(Body::from_stream(pieces));
    response.headers_mut().insert(CONTENT_TYPE, content_type.parse().expect("a name"));
    response
}
