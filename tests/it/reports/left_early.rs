//! Clients that stop reading before the end: no failure of the request.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use expect_test::expect;
use futures_util::{StreamExt as _, stream};
use prela::http::{ClientLayer, ServerLayer};
use prela::reqwest::Middleware;
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanKind, SpanType, Status};
use prela_examples::Scoring;
use prela_examples::scorer::ScoreRequest;
use prela_examples::scorer::scorer_client::ScorerClient;
use prela_examples::scorer::scorer_server::ScorerServer;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::fmt::Write as _;
use std::io;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::transport::server::{Server, TcpIncoming};
use tower::Layer as _;

async fn listen() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// A model server: some words, `[DONE]`, and a connection that stays open, or is cut.
async fn model() -> String {
    let words = |end: Option<io::Error>| async move {
        let words = ["data: Hello\n\n", "data: you\n\n", "data: [DONE]\n\n"];
        let words = stream::iter(words.map(|word| Ok(Bytes::from(word))));
        // The error comes when the words are on their way.
        let end = async move {
            tokio::task::yield_now().await;
            end.map(Err)
        };
        let rest = stream::once(end).flat_map(|end| match end {
            Some(error) => stream::iter([error]).left_stream(),
            None => stream::pending().right_stream(),
        });
        Body::from_stream(words.chain(rest))
    };
    let download = async || Body::from(vec![0; 4 << 20]);
    let app = Router::new()
        .route("/chat", get(move || words(None)))
        .route("/broken", get(move || words(Some(io::Error::other("out of memory")))))
        .route("/silent", get(async || std::future::pending::<String>().await))
        .route("/download", get(download));
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn client(capture: &Capture) -> ClientWithMiddleware {
    let middleware = Middleware::new().tracer(&capture.tracer());
    ClientBuilder::new(reqwest::Client::new()).with(middleware).build()
}

/// One line for each client's span: what matters here.
fn verdicts(capture: &Capture) -> String {
    let verdict = |span: &SpanData| {
        let mut text = match &span.status {
            Status::Error { .. } => "error".to_owned(),
            status => format!("{status:?}").to_lowercase(),
        };
        for key in ["http.response.status_code", "rpc.response.status_code", "error.type"] {
            if let Some(value) = span.attribute(key) {
                write!(text, ", {key}: {value}").unwrap();
            }
        }
        for event in &span.events {
            write!(text, ", • {}", event.name).unwrap();
        }
        text + "\n"
    };
    let spans = capture.spans();
    spans.iter().filter(|span| span.kind == SpanKind::Client).map(|span| verdict(span)).collect()
}

/// Reads a chat as clients of server-sent events do.
async fn chat(client: &ClientWithMiddleware, url: String) -> String {
    let mut response = client.get(url).send().await.unwrap();
    let mut text = String::new();
    while !text.contains("[DONE]") {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    text
}

/// Agents abort a stream as soon as they have what they need, and the request counts as cancelled:
/// yinxulai/one-switch#4.
#[tokio::test]
async fn three_streamed_chats() {
    let (capture, url) = (Capture::new(), model().await);
    let client = client(&capture);
    let agent = capture.tracer().span("agent", SpanType::Agent).run(async |_| {
        for _ in 0..3 {
            assert!(chat(&client, format!("{url}/chat")).await.contains("you"));
        }
    });
    agent.await;
    expect![[r#"
        unset, http.response.status_code: 200, • body.incomplete
        unset, http.response.status_code: 200, • body.incomplete
        unset, http.response.status_code: 200, • body.incomplete
    "#]]
    .assert_eq(&verdicts(&capture));
    let agent = capture.spans().into_iter().find(|span| span.name == "agent").unwrap();
    assert_eq!((&agent.status, agent.events.len()), (&Status::Unset, 0));
}

#[tokio::test]
async fn other_ways_to_leave() {
    let (capture, url) = (Capture::new(), model().await);
    let client = client(&capture);
    let get = async |path: &str| client.get(format!("{url}{path}")).send().await;
    // A download that is cut by choice, one that nobody looks at, and one that is read.
    get("/download").await.unwrap().chunk().await.unwrap().unwrap();
    drop(get("/download").await.unwrap());
    assert_eq!(get("/download").await.unwrap().bytes().await.unwrap().len(), 4 << 20);
    // A timeout of one's own, after the head and before it.
    let reading = get("/chat").await.unwrap().bytes();
    tokio::time::timeout(Duration::from_millis(1), reading).await.unwrap_err();
    let asking = get("/silent");
    tokio::time::timeout(Duration::from_millis(1), asking).await.unwrap_err();
    // A connection that is cut, and a page that is not there.
    get("/broken").await.unwrap().bytes().await.unwrap_err();
    get("/nowhere").await.unwrap();
    expect![[r#"
        unset, http.response.status_code: 200, • body.incomplete
        unset, http.response.status_code: 200
        unset, http.response.status_code: 200
        unset, http.response.status_code: 200, • body.incomplete
        error, error.type: cancelled, • cancelled
        error, http.response.status_code: 200, error.type: reqwest::error::Error, • exception
        error, http.response.status_code: 404, error.type: 404
    "#]]
    .assert_eq(&verdicts(&capture));
}

async fn scorer() -> String {
    let (listener, url) = listen().await;
    let scoring = ScorerServer::new(Scoring::by(|_| 0.5));
    let serving = Server::builder().add_service(scoring);
    let serving = serving.serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(serving);
    url
}

/// A reader that is closed cancels its call, and each successful read is an error:
/// googleapis/google-cloud-go#14470, open-telemetry/opentelemetry-go-contrib#2644.
#[tokio::test]
async fn streams_of_grpc() {
    let (capture, url) = (Capture::new(), scorer().await);
    let channel = Channel::from_shared(url.clone()).unwrap().connect_lazy();
    let layer = ClientLayer::new().tracer(&capture.tracer()).destination(url.parse().unwrap());
    let mut scores = ScorerClient::new(layer.layer(channel));
    let words = || ScoreRequest { answer: "three words here".to_owned() };
    for read in [0, 1, 3, 4] {
        let mut stream = scores.score_words(words()).await.unwrap().into_inner();
        for n in 0..read {
            assert_eq!(stream.message().await.unwrap().is_some(), n < 3);
        }
    }
    scores.score(words()).await.unwrap();
    scores.score(ScoreRequest::default()).await.unwrap_err();
    expect![[r#"
        unset, • body.incomplete
        unset, • body.incomplete
        unset, • body.incomplete
        unset, rpc.response.status_code: OK
        unset, rpc.response.status_code: OK
        error, rpc.response.status_code: INVALID_ARGUMENT, error.type: INVALID_ARGUMENT
    "#]]
    .assert_eq(&verdicts(&capture));
}

/// What a server does not finish sending is still told of its own span.
#[tokio::test]
async fn the_server_of_a_client_that_leaves() {
    let (client_side, server_side) = (Capture::new(), Capture::new());
    let events = async || {
        let first = stream::iter([Ok::<_, io::Error>(Bytes::from("data: one\n\n"))]);
        Body::from_stream(first.chain(stream::pending()))
    };
    let layer = ServerLayer::axum().tracer(&server_side.tracer());
    let app = Router::new().route("/events", get(events)).layer(layer);
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut response = client(&client_side).get(format!("{url}/events")).send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    drop(response);
    let has_ended = async {
        while server_side.spans().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), has_ended).await.unwrap();
    let server = &server_side.spans()[0];
    assert_eq!(server.attribute("error.type"), Some(&"cancelled".into()));
    assert!(matches!(server.status, Status::Error { .. }));
    assert_eq!(
        verdicts(&client_side),
        "unset, http.response.status_code: 200, • body.incomplete\n"
    );
}
