//! The agent: plans a trip with tools, a pool of threads, tasks and a model.

use super::model::MODEL;
use anyhow::{Context as _, bail};
use prela::pool::SpawnTraced as _;
use prela::{FutureExt as _, SpanType, TraceId, Tracer};
use rayon::ThreadPool;
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

#[derive(Clone)]
pub(super) struct Agent {
    pub(super) tracer: Tracer,
    pub(super) client: ClientWithMiddleware,
    pub(super) pool: Arc<ThreadPool>,
    pub(super) search: String,
    pub(super) model: String,
}

impl Agent {
    pub(super) async fn plan(&self) -> anyhow::Result<TraceId> {
        let agent = self.tracer.agent("trip planner").input(QUESTION);
        agent
            .run_result(async |agent| {
                // Two tokio tasks, each with the current context.
                let tools = ["trains", "hotels"]
                    .map(|what| tokio::spawn(self.clone().look_up(what).in_current_context()));
                let mut facts = Vec::new();
                for tool in tools {
                    facts.push(tool.await??);
                }
                // A tool may fail: its span says so, and the agent goes on.
                if let Err(error) = self.book_table().await {
                    facts.push(format!("no table: {error}"));
                }
                self.choose().await?;
                agent.output(&self.ask(&facts.join("; ")).await?);
                Ok(agent.trace_id())
            })
            .await
    }

    async fn look_up(self, what: &'static str) -> anyhow::Result<String> {
        let tool = self.tracer.tool(format!("search_{what}")).arguments(json!({ "to": "Lisbon" }));
        let url = format!("{}/offers/{what}", self.search);
        tool.run_result(async move |tool| {
            let found = self.client.get(url).send().await?.text().await?;
            tool.result(&found);
            Ok(found)
        })
        .await
    }

    async fn book_table(&self) -> Result<(), String> {
        let arguments = json!({ "restaurant": "A Cozinha", "day": "Monday" });
        let tool = self.tracer.tool("book_table").arguments(arguments);
        tool.run_result(async |_| {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err("closed on Mondays".to_owned())
        })
        .await
    }

    async fn choose(&self) -> anyhow::Result<()> {
        let span = self.tracer.span("choose_offer", SpanType::Chain);
        span.run(async |_| {
            let scores = [30, 45, 25].map(|time| {
                let tracer = self.tracer.clone();
                self.pool.spawn_traced(move || work(&tracer, "score_offer", time))
            });
            for score in scores {
                score.await.ok().context("a job of the pool was lost")?;
            }
            // The mistake that the doctor finds: a plain `spawn` leaves the context behind.
            let (tracer, (done, is_done)) = (self.tracer.clone(), oneshot::channel());
            self.pool.spawn(move || {
                work(&tracer, "rank_offers", 35);
                let _ = done.send(());
            });
            Ok(is_done.await?)
        })
        .await
    }

    /// Asks the model, and reads its answer as it streams. The client's layer records the span.
    async fn ask(&self, facts: &str) -> anyhow::Result<String> {
        let messages = json!([
            { "role": "system", "content": "You plan trips. Answer in one sentence." },
            { "role": "user", "content": format!("{QUESTION}\nWhat is known: {facts}") },
        ]);
        let body = json!({
            "model": MODEL,
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": messages,
        });
        let request = self.client.post(format!("{}/v1/chat/completions", self.model));
        let request = request.header("content-type", "application/json").body(body.to_string());
        read(request.send().await?).await
    }
}

/// Reads a stream of events to its end.
async fn read(mut response: reqwest::Response) -> anyhow::Result<String> {
    let (mut answer, mut waiting) = (String::new(), Vec::new());
    while let Some(chunk) = response.chunk().await? {
        waiting.extend_from_slice(&chunk);
        while let Some(end) = waiting.windows(2).position(|it| it == b"\n\n") {
            let event: Vec<u8> = waiting.drain(..end + 2).collect();
            let Some(data) = event.strip_prefix(b"data: ") else { continue };
            if data.starts_with(b"[DONE]") {
                return Ok(answer);
            }
            let event: Value = serde_json::from_slice(data)?;
            answer.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
    }
    bail!("the model's answer has no end")
}

/// Something that keeps a thread busy.
fn work(tracer: &Tracer, name: &'static str, milliseconds: u64) {
    tracer.span(name, SpanType::Custom).in_scope(|_| {
        thread::sleep(Duration::from_millis(milliseconds));
    });
}

const QUESTION: &str = "How do I get to Lisbon this weekend, and where do I stay?";
