//! An answer from documents: the question is embedded, documents are searched and sorted, and a model answers.
//!
//! You will see `invoke_workflow facts` with `retrieval facts`, which has `embeddings …` below it, `rerank …` and `chat …`:
//! numbers of tokens and documents, and no text unless `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use prela::genai::Document;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

const FACTS: [&str; 3] =
    ["A dozen is twelve.", "A gross is twelve dozen.", "A baker's dozen is thirteen."];

type OpenAI = Client<OpenAIConfig>;

/// One vector for each text.
async fn embed(client: &OpenAI, texts: &[&str]) -> Result<Vec<Vec<f32>>, OpenAIError> {
    let mut request = CreateEmbeddingRequestArgs::default();
    let request = request.model("stub-embedding").input(texts.to_vec()).build()?;
    let response = client.embeddings().create(request).await?;
    Ok(response.data.into_iter().map(|it| it.embedding).collect())
}

/// How alike two vectors are: 1 if they point the same way.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::MIN_POSITIVE)
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
                document.score(likeness(asked, fact).into()).content(text)
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

async fn complete(client: &OpenAI, prompt: String) -> Result<String, OpenAIError> {
    let request = CreateChatCompletionRequestArgs::default()
        .model("stub-model")
        .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
        .build()?;
    let choice = client.chat().create(request).await?.choices.into_iter().next();
    Ok(choice.and_then(|it| it.message.content).unwrap_or_default())
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
        let answer = complete(&client, format!("{question} {facts}")).await?;
        workflow.output(&answer);
        Ok::<_, OpenAIError>(answer)
    });
    println!("{}", answer.await?);
    Ok(())
}
