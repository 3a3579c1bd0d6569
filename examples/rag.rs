//! An answer from documents: the question is embedded, documents are searched and sorted, and a model answers.
//!
//! You will see `invoke_workflow facts` with `retrieval facts`, which has `embeddings …` below it, `rerank …` and
//! `chat …`: numbers of tokens and documents, and no text of them unless
//! `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`. What goes to the model's server is traced by async-openai's
//! one line.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use prela::genai::Document;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use serde_json::{Value, json};
use std::error::Error;

const FACTS: [&str; 3] =
    ["A dozen is twelve.", "A gross is twelve dozen.", "A baker's dozen is thirteen."];

type OpenAI = Client<OpenAIConfig>;

/// One vector for each text.
async fn embed(client: &OpenAI, texts: &[&str]) -> Result<Vec<Vec<f64>>, OpenAIError> {
    let request = json!({"model": "stub-embedding", "input": texts});
    let response: Value = client.embeddings().create_byot(request).await?;
    let numbers = |it: &Value| {
        it["embedding"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    Ok(response["data"].as_array().into_iter().flatten().map(numbers).collect())
}

/// How alike two vectors are: 1 if they point the same way.
fn likeness(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f64::MIN_POSITIVE)
}

async fn search(client: &OpenAI, question: &str) -> Result<Vec<Document>, OpenAIError> {
    let search = prela::tracer().retrieval("facts").query(question).top_k(3);
    search
        .run_result(async |search| {
            let texts: Vec<_> = [question].into_iter().chain(FACTS).collect();
            let vectors = embed(client, &texts).await?;
            let [asked, facts @ ..] = vectors.as_slice() else { return Ok(Vec::new()) };
            let found = facts.iter().zip(FACTS).enumerate().map(|(at, (fact, text))| {
                let document = Document::new(format!("fact-{at}"));
                document.score(likeness(asked, fact)).content(text)
            });
            let found: Vec<_> = found.collect();
            search.documents(&found);
            Ok(found)
        })
        .await
}

fn rerank(question: &str, found: &[Document]) -> Vec<Document> {
    let rerank = prela::tracer().reranker("stub-words").query(question).top_k(1);
    rerank.in_scope(|rerank| {
        let score = |document: &Document| {
            let text = document.content.as_deref().unwrap_or_default();
            let words = question.split([' ', '?']).filter(|word| word.len() > 2);
            words.filter(|word| text.contains(word)).count() as f64
        };
        let mut best: Vec<_> = found.iter().map(|it| it.clone().score(score(it))).collect();
        best.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(std::cmp::Ordering::Equal));
        best.truncate(1);
        rerank.input_documents(found).output_documents(&best);
        best
    })
}

async fn complete(client: &OpenAI, prompt: &str) -> Result<String, OpenAIError> {
    let messages = [json!({"role": "user", "content": prompt})];
    let request = json!({"model": "stub-model", "messages": messages});
    let response: Value = client.chat().create_byot(request).await?;
    Ok(response["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("rag")?;
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    let question = "How many is a gross?";
    let workflow = prela::tracer().workflow("facts").input(question);
    let answer = workflow.run_result(async |workflow| {
        let found = rerank(question, &search(&client, question).await?);
        let facts: String = found.into_iter().filter_map(|document| document.content).collect();
        let answer = complete(&client, &format!("{question} {facts}")).await?;
        workflow.output(&answer);
        Ok::<_, OpenAIError>(answer)
    });
    println!("{}", answer.await?);
    Ok(())
}
