//! What the examples share: a stub of a model server, and a small client to it; other processes of
//! the same program; and the contract of a gRPC service.
//!
//! [`StubModel`] is no model. It answers every prompt with the prompt's own words, over real HTTP on a
//! loopback port that the system chooses, in the shape of OpenAI's `/v1/chat/completions`.

mod model_server;
mod peer;
#[cfg(feature = "scoring")]
mod scoring;

pub use model_server::ModelServer;
pub use peer::Peer;
#[cfg(feature = "scoring")]
pub use scoring::Scoring;

#[cfg(feature = "scoring")]
/// Messages, client and server of `proto/prela/example/v1/scorer.proto`.
pub mod scorer {
    tonic::include_proto!("prela.example.v1");
}

use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

/// A stub of a model server; it runs until the process ends.
pub struct StubModel;

impl StubModel {
    /// Starts it and gives a client to it.
    pub fn start() -> io::Result<Client> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                thread::spawn(move || serve(connection));
            }
        });
        Ok(Client { address })
    }
}

/// One request, one reply, closed.
fn serve(connection: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(&connection);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request: Value = serde_json::from_slice(&body)?;
    let prompt = request["messages"][0]["content"].as_str().unwrap_or_default();
    let words: Vec<&str> = "You asked:".split(' ').chain(prompt.split(' ')).collect();

    let mut out = &connection;
    if request["stream"] == true {
        write!(
            out,
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n"
        )?;
        for word in words {
            thread::sleep(Duration::from_millis(5)); // models think, too
            let chunk =
                json!({ "choices": [{ "index": 0, "delta": { "content": format!("{word} ") } }] });
            write!(out, "data: {chunk}\n\n")?;
        }
        write!(out, "data: [DONE]\n\n")
    } else {
        thread::sleep(Duration::from_millis(20));
        let reply = json!({
            "model": request["model"],
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": words.join(" ") },
                "finish_reason": "stop",
            }],
            "usage": { "prompt_tokens": words.len() - 2, "completion_tokens": words.len() },
        })
        .to_string();
        write!(
            out,
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{reply}",
            reply.len()
        )
    }
}

/// A client of [`StubModel`].
#[derive(Clone, Copy)]
pub struct Client {
    address: SocketAddr,
}

/// A model's answer.
pub struct Completion {
    pub content: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

impl Client {
    /// The model to name in requests and on spans.
    pub const MODEL: &str = "stub-model";

    /// Asks, and blocks until the answer is there.
    pub fn complete(&self, prompt: &str) -> io::Result<Completion> {
        let mut connection = TcpStream::connect(self.address)?;
        connection.write_all(self.request(prompt, false).as_bytes())?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply)?;
        completion(&reply)
    }

    /// Asks, for async code.
    pub async fn complete_async(&self, prompt: &str) -> io::Result<Completion> {
        let mut connection = tokio::net::TcpStream::connect(self.address).await?;
        connection.write_all(self.request(prompt, false).as_bytes()).await?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply).await?;
        completion(&reply)
    }

    /// Asks for a stream; gives the text of each chunk.
    pub async fn stream(
        &self,
        prompt: &str,
    ) -> io::Result<impl Stream<Item = io::Result<String>> + Unpin> {
        let mut connection = tokio::net::TcpStream::connect(self.address).await?;
        connection.write_all(self.request(prompt, true).as_bytes()).await?;
        let lines = tokio::io::BufReader::new(connection).lines();
        let chunks = stream::try_unfold(lines, async |mut lines| {
            while let Some(line) = lines.next_line().await? {
                // Headers and the empty lines between events have no such prefix.
                match line.strip_prefix("data: ") {
                    Some("[DONE]") => break,
                    Some(event) => {
                        let event: Value = serde_json::from_str(event)?;
                        let text = event["choices"][0]["delta"]["content"].as_str();
                        return Ok(Some((text.unwrap_or_default().to_owned(), lines)));
                    }
                    None => {}
                }
            }
            Ok(None)
        });
        Ok(chunks.boxed())
    }

    fn request(&self, prompt: &str, stream: bool) -> String {
        let body = json!({
            "model": Self::MODEL,
            "messages": [{ "role": "user", "content": prompt }],
            "stream": stream,
        })
        .to_string();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
    }
}

fn completion(reply: &str) -> io::Result<Completion> {
    let (_, body) = reply.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let body: Value = serde_json::from_str(body)?;
    let content = body["choices"][0]["message"]["content"].as_str();
    Ok(Completion {
        content: content.ok_or_else(|| io::Error::other("no content in the reply"))?.to_owned(),
        input_tokens: body["usage"]["prompt_tokens"].as_u64().unwrap_or_default(),
        output_tokens: body["usage"]["completion_tokens"].as_u64().unwrap_or_default(),
    })
}

/// Work for a thread: how many primes there are below `limit`.
pub fn count_primes(limit: u64) -> usize {
    (2..limit).filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count()
}
