//! One trace through three processes: a gateway asks a worker over HTTP (axum) and a scorer over gRPC
//! (tonic). It starts both itself: they are this program with another argument.
//!
//! You will see each process's part of one trace: `answer` has a client's span for each call, which is
//! the parent of the server's span over there. The user came along as baggage. With the argument `kill`
//! the worker dies at work: the gateway's span says so, and the gateway goes on.

use axum::{Router, extract::Path, routing::get};
use prela::http::{ClientLayer, ServerLayer};
use prela::{FutureExt as _, SpanType, baggage, reqwest::Middleware};
use prela_examples::scorer::scorer_server::ScorerServer;
use prela_examples::scorer::{ScoreRequest, scorer_client::ScorerClient};
use prela_examples::{Peer, Scoring};
use reqwest_middleware::ClientBuilder;
use std::error::Error;
use tonic::transport::server::{Server, TcpIncoming};
use tower::Layer as _;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

async fn gateway(kill: bool) -> Outcome {
    let _prela = prela::init("gateway")?;
    let (mut worker, scorer) = (Peer::start("worker")?, Peer::start("scorer")?);

    let client = ClientBuilder::new(reqwest::Client::new()).with(Middleware::new()).build();
    let address: http::Uri = scorer.url().parse()?;
    let channel = tonic::transport::Channel::builder(address.clone()).connect_lazy();
    let mut scores = ScorerClient::new(ClientLayer::new().destination(address).layer(channel));

    let span = prela::tracer().span("answer", SpanType::Agent);
    let answered = span.run_result(async |_| -> Outcome {
        baggage::set("user_id", "user123");
        let topic = if kill { "everything" } else { "rust" };
        let request = client.get(format!("{}/facts/{topic}?token=secret", worker.url()));
        let request = tokio::spawn(request.send().in_current_context());
        if kill {
            println!("The worker says: {}", worker.next_line()?);
            worker.kill()?;
        }
        let answer = match request.await? {
            Ok(response) => response.text().await?,
            Err(_) => "I do not know".to_owned(), // the request's span has the error
        };
        let reply = scores.score(ScoreRequest { answer: answer.clone() }).await?;
        println!("{answer} (score {})", reply.into_inner().score);
        Ok(())
    });
    answered.await?;
    worker.stop()?;
    scorer.stop()?;
    Ok(())
}

async fn worker() -> Outcome {
    let _prela = prela::init("worker")?;
    let app = Router::new().route("/facts/{topic}", get(facts)).layer(ServerLayer::axum());
    axum::serve(Peer::listen().await?, app).with_graceful_shutdown(Peer::stopped()).await?;
    Ok(())
}

async fn facts(Path(topic): Path<String>) -> String {
    let span = prela::tracer().span("search", SpanType::Retrieval).attr("topic", topic.clone());
    span.run(async move |span| {
        span.set_attribute("user_id", baggage::get("user_id").unwrap_or_default());
        if topic == "everything" {
            println!("that will take long");
            std::future::pending().await
        }
        format!("All about {topic}")
    })
    .await
}

async fn scorer() -> Outcome {
    let _prela = prela::init("scorer")?;
    let incoming = TcpIncoming::from(Peer::listen().await?).with_nodelay(Some(true));
    let mut server = Server::builder().layer(ServerLayer::new());
    let server = server.add_service(ScorerServer::new(Scoring::by(|answer| {
        prela::tracer().span("score", SpanType::Evaluator).in_scope(|span| {
            span.set_attribute("user_id", baggage::get("user_id").unwrap_or_default());
            if answer.starts_with("All") { 0.9 } else { 0.1 }
        })
    })));
    server.serve_with_incoming_shutdown(incoming, Peer::stopped()).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        Some("worker") => worker().await,
        Some("scorer") => scorer().await,
        argument => gateway(argument == Some("kill")).await,
    }
}
