//! An answer of Anthropic's interface that comes in pieces, by reqwest alone.
//!
//! You will see `ask` with `chat stub-model` below it, whose provider is Anthropic: the layer knows the interface, and
//! needs no client of it.

use futures_util::StreamExt as _;
use prela::SpanType;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};
use std::error::Error;

async fn ask(
    client: &ClientWithMiddleware,
    url: &str,
    prompt: &str,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let request = json!({
        "model": "stub-model",
        "max_tokens": 64,
        "stream": true,
        "messages": [{"role": "user", "content": prompt}],
    });
    let response = client.post(url).body(request.to_string()).send().await?;
    let mut pieces = response.bytes_stream();
    let (mut read, mut answer) = (String::new(), String::new());
    while let Some(piece) = pieces.next().await {
        read += std::str::from_utf8(&piece?)?;
        // An event is complete with an empty line.
        while let Some((event, rest)) = read.split_once("\n\n") {
            let data = event.split_once("data: ").map_or("null", |(_, data)| data);
            let data: Value = serde_json::from_str(data)?;
            answer += data["delta"]["text"].as_str().unwrap_or_default();
            read = rest.to_owned();
        }
    }
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let _prela = prela::init("anthropic-stream")?;
    let server = ModelServer::start()?;

    let client = ClientBuilder::new(reqwest::Client::new()).with(LlmLayer::new()).build();
    let url = server.url("/v1/messages");
    let ask = prela::tracer()
        .span("ask", SpanType::Agent)
        .run_result(async |_| ask(&client, &url, "What is an event?").await);
    println!("{}", ask.await?);
    Ok(())
}
