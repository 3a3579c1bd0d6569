//! Spans and events of the crate `tracing` in the same trace as Prela's, and a library that traces its calls of
//! models by `tracing`, as `rig` and `genai` do.
//!
//! You will see one trace `answer`: the program's `#[instrument]`ed functions between Prela's own spans, the
//! library's call as a span of the type `llm` with whole numbers of tokens, though it writes them as older
//! versions of the conventions had it, and the events where they happened. The user's words are in none of them.

use prela::SpanType;
use prela_examples::StubModel;
use std::error::Error;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info, info_span, instrument};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// A client that somebody else wrote: it knows `tracing` and nothing of Prela.
mod library {
    use super::*;
    use prela_examples::Client;

    pub async fn chat(client: Client, prompt: &'static str) -> Result<String, Box<dyn Error>> {
        let span = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.system = "openai",
            gen_ai.request.model = Client::MODEL,
            gen_ai.input.messages = prompt,
            gen_ai.usage.prompt_tokens = Empty,
            gen_ai.usage.completion_tokens = Empty,
        );
        let call = async {
            let reply = client.complete_async(prompt).await?;
            Span::current().record("gen_ai.usage.prompt_tokens", reply.input_tokens.to_string());
            Span::current()
                .record("gen_ai.usage.completion_tokens", reply.output_tokens.to_string());
            Ok(reply.content)
        };
        call.instrument(span).await
    }
}

#[instrument(skip_all)]
async fn load_documents(topic: &str) -> usize {
    let search = prela::tracer().span("search", SpanType::Retrieval);
    search
        .run(async |span| {
            span.set_attribute("query", topic);
            tokio::task::yield_now().await;
            info!(found = 2, "searched"); // on `search`, which is current
            2
        })
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("tracing-bridge")?;
    // The one line. Log lines for people are the other layer's, as before.
    tracing_subscriber::registry()
        .with(prela::tracing::layer())
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_filter(LevelFilter::INFO),
        )
        .init();

    let client = StubModel::start()?;
    let answer = prela::tracer().span("answer", SpanType::Agent);
    answer
        .run(async |agent| {
            agent.set_attribute("documents", load_documents("rust").await);
            let text = library::chat(client, "What is Rust?").await?;
            info!(length = text.len(), "answered");
            Ok(())
        })
        .await
}
