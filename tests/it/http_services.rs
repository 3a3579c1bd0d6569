//! Services in processes of their own, over real HTTP and gRPC, and what is left of a trace when one is
//! killed.

use crate::program::{Service, role};
use crate::receiver::{Arrived, Receiver, Transport, tree};
use expect_test::expect;
use futures_util::StreamExt as _;
use prela::http::{ClientLayer, ClientService};
use prela::reqwest::Middleware;
use prela::{Prela, SpanType, baggage};
use prela_examples::scorer::ScoreRequest;
use prela_examples::scorer::scorer_client::ScorerClient;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::net::SocketAddr;
use std::time::Duration;
use tonic::transport::Channel;
use tower::Layer as _;

fn start(service: &str, receiver: &Receiver) -> Service {
    let mut command = role("http_services");
    Service::start(command.arg(service).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint()))
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
    let channel = Channel::from_shared(service.url().to_owned()).unwrap().connect_lazy();
    let layer = ClientLayer::new().tracer(&prela.tracer());
    ScorerClient::new(layer.destination(service.url().parse().unwrap()).layer(channel))
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
async fn one_trace_goes_through_three_processes() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let (worker, scorer) = (start("worker", &receiver), start("scorer", &receiver));
    let mut scores = grpc(&prela, &scorer);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        baggage::set("user_id", "Zoë");
        let request = http(&prela).get(format!("{}/facts/rust", worker.url()));
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
    let mut worker = start("worker", &receiver);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        let request = http(&prela).get(format!("{}/never?token=secret", worker.url())).send();
        let killing = tokio::task::spawn_blocking(move || {
            assert_eq!(worker.next_line(), "asked");
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
    let mut worker = start("worker", &receiver);
    let asking = prela.tracer().span("answer", SpanType::Agent).run(async |_| {
        let mut response =
            http(&prela).get(format!("{}/events", worker.url())).send().await.unwrap();
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
    let scorer = start("scorer", &receiver);
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
    let worker = start("worker", &receiver);
    let address: SocketAddr = worker.url().trim_start_matches("http://").parse().unwrap();
    let client = reqwest::Client::builder().resolve("api.example.com", address).build().unwrap();
    let traced = |middleware: Middleware| {
        ClientBuilder::new(client.clone()).with(middleware.tracer(&prela.tracer())).build()
    };
    let foreign = format!("http://api.example.com:{}/headers", address.port());
    let home = format!("{}/headers", worker.url());
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
