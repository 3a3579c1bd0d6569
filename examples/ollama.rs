//! A model on one's own machine, by Ollama's interface: an answer of one piece, and one whose client gives no hook.
//!
//! You will see `ask` with two spans below it: `chat stub-model`, that the layer made, and `chat by hand`, around the
//! stream of a client that lets nobody see its requests, with the number of its items and the time to the first one.

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use prela::SpanType;
use prela::llm::{LlmLayer, LlmStreamExt as _};
use prela_examples::ModelServer;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};
use std::error::Error;

type Failure = Box<dyn Error + Send + Sync>;

fn request(prompt: &str, stream: bool) -> String {
    let messages = json!([{"role": "user", "content": prompt}]);
    json!({"model": "stub-model", "messages": messages, "stream": stream}).to_string()
}

async fn chat(client: &ClientWithMiddleware, url: &str, prompt: &str) -> Result<String, Failure> {
    let response = client.post(url).body(request(prompt, false)).send().await?;
    let answer: Value = serde_json::from_str(&response.text().await?)?;
    Ok(answer["message"]["content"].as_str().unwrap_or_default().to_owned())
}

/// A client as many are: it takes no middleware, and gives the words of an answer. (The stub sends a line at a time.)
async fn words(
    url: &str,
    prompt: &str,
) -> Result<impl Stream<Item = Result<String, Failure>>, Failure> {
    let response = reqwest::Client::new().post(url).body(request(prompt, true)).send().await?;
    Ok(response.bytes_stream().map(|line| {
        let line: Value = serde_json::from_slice(&line?)?;
        Ok(line["message"]["content"].as_str().unwrap_or_default().to_owned())
    }))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _prela = prela::init("ollama")?;
    let server = ModelServer::start()?;

    let client = ClientBuilder::new(reqwest::Client::new()).with(LlmLayer::new()).build();
    let url = server.url("/api/chat");
    let ask = prela::tracer().span("ask", SpanType::Agent).run_result(async |_| {
        println!("{}", chat(&client, &url, "What is a tree?").await?);
        let span = prela::tracer().span("chat by hand", SpanType::Llm);
        let words = words(&url, "And a leaf?").await?.in_llm_span(span);
        println!("{}", words.try_collect::<String>().await?);
        Ok::<_, Failure>(())
    });
    ask.await
}
