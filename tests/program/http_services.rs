//! A worker over HTTP and a scorer over gRPC.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use prela::http::ServerLayer;
use prela::{SpanType, baggage};
use prela_examples::scorer::scorer_server::ScorerServer;
use prela_examples::{Peer, Scoring};
use std::net::SocketAddr;
use std::time::Duration;
use tonic::transport::server::{Server, TcpIncoming};

pub fn run(service: &str) {
    let prela = prela::init(service.to_owned()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match service {
            "worker" => worker().await,
            "scorer" => scorer().await,
            other => panic!("there is no service {other}"),
        }
    });
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
}

async fn worker() {
    let app = Router::new()
        .route("/facts/{topic}", get(facts))
        .route("/headers", get(async |headers: HeaderMap| format!("{:?}", headers.get("baggage"))))
        .route("/never", get(never))
        .route("/events", get(events))
        .layer(ServerLayer::axum());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(Peer::listen().await.unwrap(), app);
    serving.with_graceful_shutdown(Peer::stopped()).await.unwrap();
}

async fn facts() -> String {
    prela::tracer()
        .span("search", SpanType::Retrieval)
        .in_scope(|_| format!("facts for {}", baggage::get("user_id").unwrap_or_default()))
}

async fn never() -> String {
    println!("asked");
    std::future::pending().await
}

/// One event, and then nothing for ever.
async fn events() -> Body {
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from("data: one\n\n"))]);
    Body::from_stream(first.chain(stream::pending()))
}

async fn scorer() {
    let scoring = Scoring::by(|word| {
        prela::tracer().span("score", SpanType::Evaluator).in_scope(|span| {
            span.set_attribute("user_id", baggage::get("user_id").unwrap_or_default());
        });
        if word == "kill" {
            std::process::abort();
        }
        0.5
    });
    let incoming = TcpIncoming::from(Peer::listen().await.unwrap()).with_nodelay(Some(true));
    let mut server = Server::builder().layer(ServerLayer::new());
    let server = server.add_service(ScorerServer::new(scoring));
    server.serve_with_incoming_shutdown(incoming, Peer::stopped()).await.unwrap();
}
