//! A small agent for `prela demo`, traced by the SDK like any other program.

mod agent;
mod model;

use self::agent::Agent;
use crate::ids::TraceId;
use crate::server::Hello;
use anyhow::{Context as _, anyhow};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use prela::genai::{Document, Price, Prices};
use prela::http::ServerLayer;
use prela::llm::LlmLayer;
use prela::{Exporter, Prela, Tracer};
use reqwest_middleware::ClientBuilder;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Runs the demo and sends its spans to a collector, such as `http://127.0.0.1:4317`. Returns the agent's trace.
///
/// # Errors
///
/// The system refuses a port or a thread, or the collector does not take the spans.
pub async fn play(collector: &str) -> anyhow::Result<TraceId> {
    let (desk, index) = (traced("travel-desk", collector)?, traced("travel-search", collector)?);
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    let search = serve(&mut servers, search_router(&index.tracer()), &stopped).await?;
    let model = serve(&mut servers, model::router(), &stopped).await?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .thread_name(|number| format!("rayon-{}", number + 1))
        .build()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let agent = Agent {
        tracer: desk.tracer(),
        client: ClientBuilder::new(client).with(LlmLayer::new().tracer(&desk.tracer())).build(),
        pool: Arc::new(pool),
        search,
        model,
    };
    let trace = agent.plan().await?;
    // The servers' spans end with their connections.
    drop(agent);
    drop(stop);
    let _ = tokio::time::timeout(PATIENCE, servers.join_all()).await;
    for prela in [desk, index] {
        let sent = prela.flush_async(PATIENCE).await;
        sent.map_err(|error| anyhow!("{error}")).context("the collector did not take the spans")?;
        prela.shutdown_async(PATIENCE).await;
    }
    Ok(TraceId(trace.to_bytes()))
}

/// An SDK that sends to this collector, whatever the environment says.
fn traced(service: &str, collector: &str) -> anyhow::Result<Prela> {
    let mut exporter = Exporter::otlp_grpc(collector).no_proxy();
    if let Some(token) = Hello::token() {
        exporter = exporter.header("authorization", format!("Bearer {token}"));
    }
    let prela = prela::builder()
        .env::<&str, &str>([])
        .service_name(service)
        .capture_content(true)
        .prices(Prices::new().model(model::MODEL, Price::per_million(2.5, 10.0)))
        .record_threads(true)
        .pending_spans(true)
        .exporter(exporter)
        .build();
    prela.map_err(|error| anyhow!("{error}"))
}

async fn serve(
    servers: &mut JoinSet<()>,
    router: Router,
    stopped: &watch::Receiver<()>,
) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut stopped = stopped.clone();
    servers.spawn(async move {
        let stopped = async move { while stopped.changed().await.is_ok() {} };
        let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        drop(served);
    });
    Ok(url)
}

const PATIENCE: Duration = Duration::from_secs(5);

/// The other service: what the agent's tools ask over HTTP.
fn search_router(tracer: &Tracer) -> Router {
    Router::new()
        .route("/offers/{what}", get(offers))
        .layer(ServerLayer::axum().tracer(tracer))
        .with_state(tracer.clone())
}

async fn offers(State(tracer): State<Tracer>, Path(what): Path<String>) -> String {
    let search = tracer.retrieval("offers").query(what.clone()).top_k(3);
    search
        .run(async move |search| {
            // As slow as an index on a disk.
            let time = if what == "trains" { 45 } else { 70 };
            tokio::time::sleep(Duration::from_millis(time)).await;
            let found = [("1", 0.91), ("2", 0.74), ("3", 0.52)].map(|(number, score)| {
                let text = format!("{what} to Lisbon, offer {number}");
                Document::new(format!("{what}-{number}")).score(score).content(text)
            });
            search.documents(&found);
            format!("three {what} to Lisbon")
        })
        .await
}
