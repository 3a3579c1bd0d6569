//! The context in `_meta`.

use super::{block_on, call, serve, server, tree};
use prela::http::Trust;
use prela::mcp::Traced;
use prela::testing::Capture;
use prela::{SpanType, baggage};
use rmcp::model::{ClientNotification, CustomNotification, RequestParamsMeta as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Sends lines as they are, and gives the answer to the last.
async fn answer_to(server: Traced<super::Desk>, lines: &[Value]) -> Value {
    let mut pipe = BufReader::new(serve(server));
    let mut answer = String::new();
    for line in lines {
        pipe.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        if line.get("id").is_some() {
            answer.clear();
            pipe.read_line(&mut answer).await.unwrap();
        }
    }
    serde_json::from_str(&answer).unwrap()
}

fn conversation(meta: &Value) -> [Value; 3] {
    let client = json!({"name": "a client", "version": "1"});
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let params = json!({"name": "weather", "arguments": {}, "_meta": meta});
    [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}),
    ]
}

/// The span of the server's `tools/call`: its trace id and its parent.
fn called(capture: &Capture) -> (String, Option<String>) {
    let spans = capture.spans();
    let span = spans.iter().find(|span| span.name == "tools/call weather").unwrap();
    let parent = span.parent_span_id.map(|id| id.to_string());
    (span.span_context.trace_id().to_string(), parent)
}

#[test]
fn a_caller_is_the_parent() {
    for meta in [
        json!({"traceparent": CALLER}),
        json!({"traceparent": CALLER, "tracestate": "a=1,b=2", "baggage": "user_id=u1"}),
        json!({"traceparent": CALLER, "tracestate": 7, "baggage": ["x"], "progressToken": 1}),
        json!({"traceparent": CALLER, "tracestate": "=,=", "baggage": "\u{7f}=;;"}),
        json!({"TraceParent": CALLER}),
    ] {
        let capture = Capture::new();
        block_on(answer_to(server(&capture), &conversation(&meta)));
        let (trace, parent) = called(&capture);
        assert_eq!(trace, "4bf92f3577b34da6a3ce929d0e0e4736", "{meta}");
        assert_eq!(parent.as_deref(), Some("00f067aa0ba902b7"), "{meta}");
    }
}

#[test]
fn garbage_breaks_no_call() {
    for meta in [
        json!({}),
        json!(null),
        json!({"traceparent": ""}),
        json!({"traceparent": 5, "tracestate": null, "baggage": {"a": {}}}),
        json!({"traceparent": "00-00000000000000000000000000000000-0000000000000000-00"}),
        json!({"traceparent": [CALLER, CALLER]}),
        json!({"traceparent": CALLER, "TRACEPARENT": CALLER}),
        json!({"traceparent": format!("{CALLER}-")}),
        json!({"traceparent": "x".repeat(100_000), "baggage": "y".repeat(100_000)}),
        json!({"tracestate": "a=1", "\u{0}": "\u{1f600}", "": ""}),
    ] {
        let capture = Capture::new();
        let answer = block_on(answer_to(server(&capture), &conversation(&meta)));
        assert_eq!(answer["result"]["content"][0]["text"], "SECRET sun", "{meta}: {answer}");
        assert_eq!(called(&capture).1, None, "{meta}");
    }
}

#[test]
fn who_is_not_trusted_is_linked_or_nobody() {
    let meta = json!({"traceparent": CALLER, "baggage": "user_id=u1"});
    for (trust, links) in [(Trust::Parent, 0), (Trust::Link, 1), (Trust::Ignore, 0)] {
        let capture = Capture::new();
        block_on(answer_to(server(&capture).trust(trust), &conversation(&meta)));
        let is_parent = trust == Trust::Parent;
        assert_eq!(called(&capture).1.is_some(), is_parent, "{trust:?}");
        let spans = capture.spans();
        let span = spans.iter().find(|span| span.name == "tools/call weather").unwrap();
        assert_eq!(span.links.len(), links, "{trust:?}");
    }
}

#[test]
fn baggage_goes_where_it_is_sent() {
    for (sends, expected) in [(false, ""), (true, "u1")] {
        let capture = Capture::new();
        let tracer = capture.tracer();
        tree(
            &capture,
            |it| it,
            |it| it.send_baggage(sends),
            async |client| {
                let ask = tracer.span("ask", SpanType::Agent).run(async |_| {
                    baggage::set("user_id", "u1");
                    client.call_tool(call("user")).await.unwrap()
                });
                let answer = ask.await;
                assert_eq!(answer.content[0].as_text().unwrap().text, expected);
            },
        );
    }
}

/// What somebody else left in `_meta` is replaced, and the rest of it arrives.
#[test]
fn a_request_that_is_passed_on() {
    let capture = Capture::new();
    let tree = tree(
        &capture,
        |it| it,
        |it| it,
        async |client| {
            let mut call = call("weather");
            call.set_traceparent(CALLER);
            call.set_baggage("user_id=u1");
            call.meta_or_default().insert("own".to_owned(), json!("kept"));
            client.call_tool(call).await.unwrap();
        },
    );
    assert_eq!(tree.matches("\n  tools/call weather").count(), 1, "{tree}");
}

/// Without an instance, calls work, and the context of who called goes through.
#[test]
fn who_records_nothing_passes_it_on() {
    let meta = json!({"traceparent": CALLER});
    let capture = Capture::new();
    let prela = prela::builder().env([] as [(&str, &str); 0]).service_name("off");
    let prela = prela.exporter(prela::export::MemoryExporter::new()).build().unwrap();
    let gone = prela.tracer();
    prela.shutdown(std::time::Duration::from_secs(5));
    let server = server(&capture).tracer(&gone);
    block_on(answer_to(server, &conversation(&meta)));
    // The handler's own span, of an instance that runs.
    let spans = capture.spans();
    assert_eq!(spans[0].name, "look");
    assert_eq!(
        spans[0].parent_span_id.map(|id| id.to_string()).as_deref(),
        Some("00f067aa0ba902b7")
    );
}

/// What a client sends, line by line, to a far end that answers the handshake and nothing else.
#[test]
fn requests_and_notifications_carry_it() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let lines = block_on(async {
        let (here, there) = tokio::io::duplex(64 * 1024);
        let far = tokio::spawn(async move {
            let mut pipe = BufReader::new(there);
            let mut lines: Vec<Value> = Vec::new();
            while lines.len() < 4 {
                let mut line = String::new();
                pipe.read_line(&mut line).await.unwrap();
                let line: Value = serde_json::from_str(&line).unwrap();
                if line["method"] == "initialize" {
                    let info = json!({"name": "far", "version": "1"});
                    let result = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": info});
                    let answer = json!({"jsonrpc": "2.0", "id": line["id"], "result": result});
                    pipe.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
                }
                lines.push(line);
            }
            lines
        });
        let client = Traced::new(()).tracer(&tracer).serve_client(here).await.unwrap();
        let told = CustomNotification::new("own/news", None);
        client.send_notification(ClientNotification::CustomNotification(told)).await.unwrap();
        // The far end hangs up without an answer.
        client.call_tool(call("weather")).await.unwrap_err();
        far.await.unwrap()
    });
    let spans = capture.spans();
    for method in ["initialize", "own/news", "tools/call"] {
        let line = lines.iter().find(|line| line["method"] == method).unwrap();
        let span = spans.iter().find(|span| span.name.starts_with(method)).unwrap();
        let (trace_id, span_id) = (span.span_context.trace_id(), span.span_context.span_id());
        let expected = format!("00-{trace_id}-{span_id}-01");
        assert_eq!(line["params"]["_meta"]["traceparent"], expected, "{line}");
        assert!(line["params"]["_meta"].get("baggage").is_none(), "{line}");
    }
}
