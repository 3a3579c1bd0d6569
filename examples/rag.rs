//! An answer from documents: the question is embedded, documents are searched and sorted, and a model answers.
//!
//! You will see `invoke_workflow facts` with `embeddings …`, `retrieval facts`, `rerank …` and `chat …` below it: numbers
//! of tokens and documents, and no text of them unless `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`.

use prela::genai::{Document, Usage};
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

/// Stands for an embedding model: how often each vowel is there.
fn embed(text: &str) -> Vec<usize> {
    prela::tracer().embedding("stub", "stub-vowels").input(text).in_scope(|embedding| {
        let vector = ["a", "e", "i", "o", "u"].map(|vowel| text.matches(vowel).count()).to_vec();
        embedding.dimensions(5).input_tokens(text.split(' ').count() as u64);
        vector
    })
}

fn search(question: &str) -> Vec<Document> {
    const FACTS: [&str; 3] =
        ["A dozen is twelve.", "A gross is twelve dozen.", "A baker's dozen is thirteen."];
    let vector = embed(question);
    prela::tracer().retrieval("facts").query(question).top_k(3).in_scope(|search| {
        let likeness = |text: &str| vector.iter().sum::<usize>() as f64 / text.len() as f64;
        let found = FACTS.iter().enumerate();
        let found = found.map(|(at, text)| {
            Document::new(format!("fact-{at}")).score(likeness(text)).content(*text)
        });
        let found: Vec<_> = found.collect();
        search.documents(&found);
        found
    })
}

fn rerank(question: &str, found: &[Document]) -> Vec<Document> {
    let rerank = prela::tracer().reranker("stub-words").query(question).top_k(1);
    rerank.in_scope(|rerank| {
        let text = |document: &Document| document.content.clone().unwrap_or_default();
        let score = |document: &Document| {
            let words = question.split([' ', '?']).filter(|word| word.len() > 2);
            words.filter(|word| text(document).contains(word)).count() as f64
        };
        let mut best: Vec<_> = found.iter().map(|it| it.clone().score(score(it))).collect();
        best.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(std::cmp::Ordering::Equal));
        best.truncate(1);
        rerank.input_documents(found).output_documents(&best);
        best
    })
}

fn complete(model: Client, prompt: &str) -> io::Result<String> {
    let call = prela::tracer().chat("stub", Client::MODEL).input(prompt);
    call.in_scope_result(|chat| {
        let reply = model.complete(prompt)?;
        chat.usage(Usage::new(reply.input_tokens, reply.output_tokens)).output(&reply.content);
        Ok(reply.content)
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("rag")?;
    let model = StubModel::start()?;
    let question = "How many is a gross?";
    let answer = prela::tracer().workflow("facts").input(question).in_scope_result(|workflow| {
        let found = rerank(question, &search(question));
        let facts = found.into_iter().filter_map(|document| document.content);
        let answer = complete(model, &format!("{question} {}", facts.collect::<String>()))?;
        workflow.output(&answer);
        Ok::<_, io::Error>(answer)
    })?;
    println!("{answer}");
    Ok(())
}
