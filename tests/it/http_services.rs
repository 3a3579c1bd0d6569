//! Services in processes of their own, over real HTTP and gRPC, and what is left of a trace when one is
//! killed.
//!
//! The services are this test binary again.

use crate::program::this_test;
use crate::receiver::{Arrived, Receiver, Transport, tree};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::routing::get;
use expect_test::expect;
use futures_util::{StreamExt as _, stream};
use prela::http::{ClientLayer, ClientService, ServerLayer};
use prela::reqwest::Middleware;
use prela::{Prela, SpanType, baggage};
use prela_examples::scorer::ScoreRequest;
use prela_examples::scorer::scorer_client::ScorerClient;
use prela_examples::scorer::scorer_server::ScorerServer;
use prela_examples::{Peer, Scoring};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::transport::server::{Server, TcpIncoming};
use tower::Layer as _;

/// Which service a process is to be; not set in a run of the tests.
const ROLE: &str = "PRELA_TEST_SERVICE";

/// Not a test but the body of a service: does nothing unless it is asked for.
#[test]
fn service() {
    let Ok(role) = env::var(ROLE) else { return };
    let prela = prela::init(role.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match role.as_str() {
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

/// A service in another process; killed when dropped.
struct Service {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Service {
    fn start(role: &str, receiver: &Receiver) -> Self {
        let mut command = this_test("http_services::service");
        command.env(ROLE, role).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut service = Self { process, output, url: String::new() };
        let line = service.line_with("http://");
        service.url = line[line.find("http://").unwrap()..].trim_end().to_owned();
        service
    }

    /// The next line that it prints with this text; the test harness prints some, too.
    #[track_caller]
    fn line_with(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let length = self.output.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "the service has ended");
        }
        line
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets it end in order: then all its spans have been sent.
    fn stop(mut self) {
        drop(self.process.stdin.take());
        // A pipe that nobody reads could fill up.
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

fn instance(receiver: &Receiver) -> Prela {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("gateway");
    builder.exporter(receiver.exporter()).build().unwrap()
}

fn http(prela: &Prela) -> ClientWithMiddleware {
    let middleware = Middleware::new().tracer(&prela.tracer());
    ClientBuilder::new(reqwest::Client::new()).with(middleware).build()
}

fn grpc(prela: &Prela, service: &Service) -> ScorerClient<ClientService<Channel>> {
    let channel = Channel::from_shared(service.url.clone()).unwrap().connect_lazy();
    let layer = ClientLayer::new().tracer(&prela.tracer());
    ScorerClient::new(layer.destination(service.url.parse().unwrap()).layer(channel))
}

fn flush(prela: &Prela) {
    prela.flush(Duration::from_secs(30)).unwrap();
}

#[track_caller]
fn named<'a>(spans: &'a [Arrived], service: &str, name: &str) -> &'a Arrived {
    let is_it = |span: &&Arrived| {
        span.name() == name && span.resource("service.name").as_deref() == Some(service)
    };
    spans.iter().find(is_it).unwrap_or_else(|| panic!("no {name} of {service}: {}", tree(spans)))
}

/// The connection to the scorer ends in order only while this waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn one_trace_through_three_processes() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let (worker, scorer) =
        (Service::start("worker", &receiver), Service::start("scorer", &receiver));
    let mut scores = grpc(&prela, &scorer);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        baggage::set("user_id", "Zoë");
        let request = http(&prela).get(format!("{}/facts/rust", worker.url));
        let answer = request.send().await.unwrap().text().await.unwrap();
        assert_eq!(answer, "facts for Zoë");
        let score = scores.score(ScoreRequest { answer }).await.unwrap().into_inner();
        assert!((score.score - 0.5).abs() < f64::EPSILON);
        let words = ScoreRequest { answer: "two words".to_owned() };
        let words = scores.score_words(words).await.unwrap().into_inner();
        assert_eq!(words.collect::<Vec<_>>().await.len(), 2);
        scores.score(ScoreRequest::default()).await.unwrap_err().code()
    });
    assert_eq!(asking.await, tonic::Code::InvalidArgument);
    flush(&prela);
    drop(scores);
    worker.stop();
    scorer.stop();

    let spans = receiver.spans();
    expect![[r#"
        answer agent
          GET custom
            GET /facts/{topic} custom
              search retrieval
          prela.example.v1.Scorer/Score custom
            prela.example.v1.Scorer/Score custom
              score evaluator
          prela.example.v1.Scorer/Score custom error
            prela.example.v1.Scorer/Score custom
          prela.example.v1.Scorer/ScoreWords custom
            prela.example.v1.Scorer/ScoreWords custom
              score evaluator
              score evaluator
    "#]]
    .assert_eq(&tree(&spans));
    let kinds = |service: &str, name: &str| named(&spans, service, name).span.kind().as_str_name();
    assert_eq!(kinds("gateway", "GET"), "SPAN_KIND_CLIENT");
    assert_eq!(kinds("worker", "GET /facts/{topic}"), "SPAN_KIND_SERVER");
    let scored = "prela.example.v1.Scorer/Score";
    assert_eq!(kinds("gateway", scored), "SPAN_KIND_CLIENT");
    assert_eq!(kinds("scorer", scored), "SPAN_KIND_SERVER");
    assert_eq!(named(&spans, "scorer", "score").attribute("user_id").unwrap(), "Zoë");
    let client = named(&spans, "gateway", "prela.example.v1.Scorer/ScoreWords");
    assert_eq!(client.attribute("rpc.response.status_code").unwrap(), "OK");
    assert_eq!(client.attribute("network.protocol.version").unwrap(), "2");
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_a_request() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let mut worker = Service::start("worker", &receiver);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        let request = http(&prela).get(format!("{}/never?token=secret", worker.url)).send();
        let killing = tokio::task::spawn_blocking(move || {
            worker.line_with("asked");
            worker.kill();
        });
        let (answer, killed) = futures_util::future::join(request, killing).await;
        killed.unwrap();
        answer.unwrap_err();
    });
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
    flush(&prela);
    let spans = receiver.spans();
    expect![[r#"
        answer agent
          GET custom error
    "#]]
    .assert_eq(&tree(&spans));
    let request = named(&spans, "gateway", "GET");
    // Closed or reset, as the system sees it.
    let message = &request.span.status.as_ref().unwrap().message;
    assert!(message.starts_with("client error (SendRequest): "), "{message}");
    assert_eq!(request.attribute("http.response.status_code"), None);
    assert!(!format!("{spans:?}").contains("secret"));
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_its_answer() {
    let receiver = Receiver::start(Transport::Http);
    let prela = instance(&receiver);
    let mut worker = Service::start("worker", &receiver);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        let mut response = http(&prela).get(format!("{}/events", worker.url)).send().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "data: one\n\n");
        worker.kill();
        response.chunk().await.unwrap_err();
    });
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
    flush(&prela);
    let spans = receiver.spans();
    let request = named(&spans, "gateway", "GET");
    assert_eq!(request.attribute("http.response.status_code").unwrap(), "200");
    assert!(request.is_error());
    assert!(!request.span.status.as_ref().unwrap().message.is_empty());
}

#[tokio::test]
async fn a_scorer_that_dies_in_the_middle_of_a_stream() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let scorer = Service::start("scorer", &receiver);
    let mut scores = grpc(&prela, &scorer);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        let words = ScoreRequest { answer: "kill".to_owned() };
        match scores.score_words(words).await {
            Ok(stream) => assert!(stream.into_inner().next().await.unwrap().is_err()),
            Err(status) => assert_ne!(status.code(), tonic::Code::Ok),
        }
    });
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
    flush(&prela);
    let spans = receiver.spans();
    let call = named(&spans, "gateway", "prela.example.v1.Scorer/ScoreWords");
    assert!(call.is_error());
    assert!(!call.span.status.as_ref().unwrap().message.is_empty());
}

/// The name is foreign, whatever address it has.
#[tokio::test]
async fn baggage_stays_at_home() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let worker = Service::start("worker", &receiver);
    let address: SocketAddr = worker.url.trim_start_matches("http://").parse().unwrap();
    let client = reqwest::Client::builder().resolve("api.example.com", address).build().unwrap();
    let traced = |middleware: Middleware| {
        ClientBuilder::new(client.clone()).with(middleware.tracer(&prela.tracer())).build()
    };
    let foreign = format!("http://api.example.com:{}/headers", address.port());
    let home = format!("{}/headers", worker.url);
    let ask = async |client: ClientWithMiddleware, url: &str| {
        client.get(url).send().await.unwrap().text().await.unwrap()
    };
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        baggage::set("user_id", "u1");
        let sent = r#"Some("user_id=u1")"#;
        assert_eq!(ask(traced(Middleware::new()), &home).await, sent);
        assert_eq!(ask(traced(Middleware::new()), &foreign).await, "None");
        let allowed = Middleware::new().baggage_to(["*.example.com"]);
        assert_eq!(ask(traced(allowed), &foreign).await, sent);
        let excluded = Middleware::new().without_trace_to(["api.example.com"]);
        assert_eq!(ask(traced(excluded), &foreign).await, "None");
    });
    asking.await;
    flush(&prela);
    worker.stop();
    expect![[r#"
        GET /headers custom
        answer agent
          GET custom
          GET custom
            GET /headers custom
          GET custom
            GET /headers custom
          GET custom
            GET /headers custom
    "#]]
    .assert_eq(&tree(&receiver.spans()));
}
