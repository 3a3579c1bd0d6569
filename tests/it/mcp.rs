//! The Model Context Protocol between processes: over the pipes of a child, and over HTTP.

use crate::examples::example;
use crate::program::Service;
use crate::receiver::{Arrived, Receiver, Transport, tree};
use expect_test::expect;
use prela::mcp::Traced;
use prela::{Prela, SpanType};
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, ErrorCode, JsonObject};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use serde_json::json;
use std::time::Duration;
use tokio::process::Command;

const CONTENT: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

type Client = Traced<RunningService<RoleClient, Traced<()>>>;

fn instance(receiver: &Receiver) -> Prela {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("client");
    builder.exporter(receiver.exporter()).build().unwrap()
}

fn call(tool: &'static str, city: &str) -> CallToolRequestParams {
    let arguments = JsonObject::from_iter([("city".to_owned(), json!(city))]);
    CallToolRequestParams::new(tool).with_arguments(arguments)
}

async fn child(prela: &Prela, receiver: &Receiver, captures: bool) -> Client {
    let mut command = example("mcp");
    command.arg("pipe").env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
    command.env(CONTENT, captures.to_string());
    let transport = TokioChildProcess::new(Command::from(command)).unwrap();
    Traced::new(()).tracer(&prela.tracer()).serve_client(transport).await.unwrap()
}

async fn connect(prela: &Prela, service: &Service) -> Client {
    let transport = StreamableHttpClientTransport::from_uri(format!("{}/mcp", service.url()));
    Traced::new(()).tracer(&prela.tracer()).serve_client(transport).await.unwrap()
}

fn of<'a>(
    spans: &'a [Arrived],
    service: &'a str,
    name: &'a str,
) -> impl Iterator<Item = &'a Arrived> {
    spans.iter().filter(move |span| {
        span.name() == name && span.resource("service.name").as_deref() == Some(service)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_with_a_child() {
    for captures in [false, true] {
        let receiver = Receiver::start(Transport::Grpc);
        let prela = instance(&receiver);
        let ask = prela.tracer().span("ask", SpanType::Agent).run(async |_| {
            let mut client = child(&prela, &receiver, captures).await;
            let answer = client.call_tool(call("weather", "SECRET")).await.unwrap();
            assert_eq!(answer.content[0].as_text().unwrap().text, "SECRET has 21 degrees.");
            let nothing = CallToolRequestParams::new("weather");
            let ServiceError::McpError(error) = client.call_tool(nothing).await.unwrap_err() else {
                panic!("an error of the server");
            };
            assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
            client.close().await.unwrap();
        });
        ask.await;
        prela.flush(Duration::from_secs(30)).unwrap();

        let spans = receiver.spans();
        expect![[r#"
            ask agent
              initialize custom
                initialize custom
              tools/call weather tool
                tools/call weather tool
                  retrieval weather retrieval
              tools/call weather tool error
                tools/call weather tool error
        "#]]
        .assert_eq(&tree(&spans));
        let kinds = |service| of(&spans, service, "tools/call weather").map(|it| it.span.kind());
        assert!(kinds("client").all(|kind| kind.as_str_name() == "SPAN_KIND_CLIENT"));
        assert!(kinds("weather").all(|kind| kind.as_str_name() == "SPAN_KIND_SERVER"));
        // The child has its own mind about content.
        let has_secret = |service: &str| {
            let mut calls = of(&spans, service, "tools/call weather");
            calls.any(|span| span.to_string().contains("SECRET"))
        };
        assert_eq!((has_secret("client"), has_secret("weather")), (false, captures));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_for_each_who_asks_over_http() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let mut server = example("mcp");
    server.arg("http").env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
    let server = Service::start(&mut server);

    let mut client = connect(&prela, &server).await;
    let asking = &client;
    let asks = ["Lisbon", "Porto", "Faro", "Braga"].map(|city| {
        prela.tracer().span(city, SpanType::Agent).run(async move |span| {
            let answer = asking.call_tool(call("guides", city)).await.unwrap();
            assert_eq!(answer.content[0].as_text().unwrap().text, format!("{city} is hilly."));
            span.trace_id()
        })
    });
    let traces = futures_util::future::join_all(asks).await;
    client.close().await.unwrap();
    prela.flush(Duration::from_secs(30)).unwrap();
    server.stop();

    let spans = receiver.spans();
    let mut sessions = Vec::new();
    for trace in traces {
        let spans: Vec<_> = spans.iter().filter(|span| span.trace_id() == trace).collect();
        assert_eq!(spans.len(), 4, "one below the other");
        let [agent, asked, answered, search] = [0, 1, 2, 3].map(|depth| at_depth(&spans, depth));
        assert_eq!(agent.span_type(), "agent");
        assert_eq!((asked.name(), answered.name()), ("tools/call guides", "tools/call guides"));
        assert_eq!(search.name(), "retrieval guides");
        assert_eq!(answered.resource("service.name").as_deref(), Some("guides"));
        assert!(answered.attribute("jsonrpc.request.id").is_some());
        sessions.push(answered.attribute("mcp.session.id").unwrap());
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
}

/// The span of a trace with one span at each depth.
fn at_depth<'a>(spans: &[&'a Arrived], depth: usize) -> &'a Arrived {
    let mut current = spans.iter().find(|span| span.parent_span_id().is_none()).unwrap();
    for _ in 0..depth {
        let id = Some(current.span_id());
        current = spans.iter().find(|span| span.parent_span_id() == id).unwrap();
    }
    current
}
