//! What spans say.

use super::{Client, block_on, call, serve, server, tree};
use expect_test::{Expect, expect};
use prela::mcp::Traced;
use prela::testing::Capture;
use prela::{SpanKind, SpanType};
use rmcp::model::{
    ClientNotification, ClientRequest, CompleteRequestParams, CustomNotification, CustomRequest,
    GetPromptRequestParams, ReadResourceRequestParams, Reference,
};
use rmcp::service::ServiceError;

#[track_caller]
fn check(ask: impl AsyncFnOnce(&Client), expected: &Expect) {
    let capture = Capture::new();
    let tree = tree(&capture, |it| it, |it| it, ask);
    assert!(!tree.contains("SECRET"), "{tree}");
    expected.assert_eq(&without_handshake(&tree));
}

/// The handshake has a test of its own.
fn without_handshake(tree: &str) -> String {
    let mut lines: Vec<_> = tree.lines().collect();
    lines.retain(|line| !line.trim().starts_with("initialize  "));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_handshake_and_each_list_have_a_span_on_both_sides() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(tracer.span("agent", SpanType::Agent).run(async |_| {
        let pipe = serve(server(&capture));
        let client = Traced::new(()).tracer(&tracer).serve_client(pipe).await.unwrap();
        let tools = client.list_all_tools().await.unwrap();
        assert_eq!(tools.len(), 2);
        // What nobody answers is an error of the span, as it is one of the call.
        client.list_prompts(None).await.unwrap_err();
        client.into_inner().cancel().await.unwrap();
    }));
    expect![[r#"
        agent  agent
          initialize  custom {mcp.method.name: initialize}
            initialize  custom {mcp.method.name: initialize, jsonrpc.request.id: 0}
          prompts/list  custom {mcp.method.name: prompts/list, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32601, error.type: -32601} error: method not found
            • exception {exception.type: -32601, exception.message: method not found}
            prompts/list  custom {mcp.method.name: prompts/list, jsonrpc.request.id: 3, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32601, error.type: -32601} error: method not found
              • exception {exception.type: -32601, exception.message: method not found}
          tools/list  custom {mcp.method.name: tools/list, mcp.protocol.version: 2025-11-25}
            tools/list  custom {mcp.method.name: tools/list, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25}
          tools/list  custom {mcp.method.name: tools/list, mcp.protocol.version: 2025-11-25}
            tools/list  custom {mcp.method.name: tools/list, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn calls_of_tools_have_a_span_on_both_sides() {
    check(
        async |client| {
            client.call_tool(call("weather")).await.unwrap();
            client.call_tool_once(call("numbers")).await.unwrap();
        },
        &expect![[r#"
            tools/call numbers  tool {tool.name: numbers, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
              tools/call numbers  tool {tool.name: numbers, mcp.method.name: tools/call, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25}
            tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
              tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25}
                look  custom
        "#]],
    );
}

#[test]
fn prompts_resources_and_completions_have_spans_without_secrets() {
    check(
        async |client| {
            client.get_prompt(GetPromptRequestParams::new("greeting")).await.unwrap();
            let uri = "https://user:SECRET@example.com/guide?token=SECRET#SECRET";
            client.read_resource(ReadResourceRequestParams::new(uri)).await.unwrap();
            let completion = serde_json::from_value(serde_json::json!({
                "ref": {"type": "ref/prompt", "name": "greeting"},
                "argument": {"name": "city", "value": "SECRET"},
            }));
            let completion: CompleteRequestParams = completion.unwrap();
            assert!(matches!(completion.r#ref, Reference::Prompt(_)));
            client.complete(completion).await.unwrap_err();
        },
        &expect![[r#"
            completion/complete  custom {mcp.method.name: completion/complete, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32601, error.type: -32601} error: method not found
              • exception {exception.type: -32601, exception.message: method not found}
              completion/complete  custom {mcp.method.name: completion/complete, jsonrpc.request.id: 3, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32601, error.type: -32601} error: method not found
                • exception {exception.type: -32601, exception.message: method not found}
            prompts/get greeting  custom {gen_ai.prompt.name: greeting, mcp.method.name: prompts/get, mcp.protocol.version: 2025-11-25}
              prompts/get greeting  custom {gen_ai.prompt.name: greeting, mcp.method.name: prompts/get, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25}
            resources/read  custom {mcp.resource.uri: https://example.com/guide, mcp.method.name: resources/read, mcp.protocol.version: 2025-11-25}
              resources/read  custom {mcp.resource.uri: https://example.com/guide, mcp.method.name: resources/read, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25}
        "#]],
    );
}

#[test]
fn errors_of_tools_and_of_the_protocol_fail_their_spans() {
    check(
        async |client| {
            let result = client.call_tool(call("broken")).await.unwrap();
            assert_eq!(result.is_error, Some(true));
            let error = client.call_tool(call("no such tool")).await.unwrap_err();
            assert!(
                matches!(error, ServiceError::McpError(error) if error.message.contains("SECRET"))
            );
        },
        &expect![[r#"
            tools/call broken  tool {tool.name: broken, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25, error.type: tool_error} error: tool_error
              • exception {exception.type: tool_error, exception.message: tool_error}
              tools/call broken  tool {tool.name: broken, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25, error.type: tool_error} error: tool_error
                • exception {exception.type: tool_error, exception.message: tool_error}
            tools/call no such tool  tool {tool.name: no such tool, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32602, error.type: -32602} error: invalid params
              • exception {exception.type: -32602, exception.message: invalid params}
              tools/call no such tool  tool {tool.name: no such tool, mcp.method.name: tools/call, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32602, error.type: -32602} error: invalid params
                • exception {exception.type: -32602, exception.message: invalid params}
        "#]],
    );
}

#[test]
fn a_question_of_the_server_is_below_the_call() {
    check(
        async |client| {
            client.call_tool(call("asks back")).await.unwrap();
        },
        &expect![[r#"
            tools/call asks back  tool {tool.name: asks back, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
              tools/call asks back  tool {tool.name: asks back, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25}
                ping  custom {mcp.method.name: ping, mcp.protocol.version: 2025-11-25}
                  ping  custom {mcp.method.name: ping, jsonrpc.request.id: 0, mcp.protocol.version: 2025-11-25}
        "#]],
    );
}

#[test]
fn content_is_recorded_only_on_the_side_that_asks_for_it() {
    let capture = Capture::new();
    let tree = tree(
        &capture,
        |server| server.capture_content(true),
        |client| client.capture_content(false),
        async |client| {
            for tool in ["weather", "numbers", "picture", "broken", "no such tool"] {
                let _ = client.call_tool(call(tool)).await; // some fail
            }
        },
    );
    expect![[r#"
        tools/call broken  tool {tool.name: broken, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25, error.type: tool_error} error: tool_error
          • exception {exception.type: tool_error, exception.message: tool_error}
          tools/call broken  tool {tool.name: broken, mcp.method.name: tools/call, jsonrpc.request.id: 4, mcp.protocol.version: 2025-11-25, gen_ai.tool.call.arguments: {"city":"SECRET Lisbon"}, gen_ai.tool.call.result: SECRET reason, error.type: tool_error} error: SECRET reason
            • exception {exception.type: tool_error, exception.message: SECRET reason}
        tools/call no such tool  tool {tool.name: no such tool, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25, rpc.response.status_code: -32602, error.type: -32602} error: invalid params
          • exception {exception.type: -32602, exception.message: invalid params}
          tools/call no such tool  tool {tool.name: no such tool, mcp.method.name: tools/call, jsonrpc.request.id: 5, mcp.protocol.version: 2025-11-25, gen_ai.tool.call.arguments: {"city":"SECRET Lisbon"}, rpc.response.status_code: -32602, error.type: -32602} error: SECRET is no tool
            • exception {exception.type: -32602, exception.message: SECRET is no tool}
        tools/call numbers  tool {tool.name: numbers, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
          tools/call numbers  tool {tool.name: numbers, mcp.method.name: tools/call, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25, gen_ai.tool.call.arguments: {"city":"SECRET Lisbon"}, gen_ai.tool.call.result: {"SECRET":21}}
        tools/call picture  tool {tool.name: picture, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
          tools/call picture  tool {tool.name: picture, mcp.method.name: tools/call, jsonrpc.request.id: 3, mcp.protocol.version: 2025-11-25, gen_ai.tool.call.arguments: {"city":"SECRET Lisbon"}, gen_ai.tool.call.result: [{"data":"U0VDUkVU","mimeType":"image/png","type":"image"}]}
        tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
          tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25, gen_ai.tool.call.arguments: {"city":"SECRET Lisbon"}, gen_ai.tool.call.result: SECRET sun}
            look  custom
    "#]].assert_eq(&without_handshake(&tree));
}

#[test]
fn an_instance_without_content_has_none() {
    let capture = Capture::with(|builder| builder.capture_content(false));
    let tree = tree(
        &capture,
        |server| server.capture_content(true),
        |client| client.capture_content(true),
        async |client| {
            client.call_tool(call("broken")).await.unwrap();
        },
    );
    assert!(tree.contains("tools/call broken") && !tree.contains("SECRET"), "{tree}");
}

/// The agent's own span records content, which the client was told not to.
#[test]
fn a_tool_of_an_agent_is_told_nothing_that_the_client_must_not() {
    let capture = Capture::with(|builder| builder.capture_content(true));
    let tracer = capture.tracer();
    let tree = tree(
        &capture,
        |server| server.capture_content(false),
        |client| client.capture_content(false),
        async |client| {
            for tool in ["weather", "broken"] {
                let call = tracer.tool(tool).run(async |_| client.call_tool(call(tool)).await);
                call.await.unwrap();
            }
        },
    );
    assert!(tree.contains("tools/call weather") && !tree.contains("SECRET"), "{tree}");
}

#[test]
fn a_tool_of_an_agent_is_the_call() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let tree = tree(
        &capture,
        |it| it,
        |it| it,
        async |client| {
            let same =
                tracer.tool("weather").run(async |_| client.call_tool(call("weather")).await);
            same.await.unwrap();
            // Another tool that uses this one.
            let other = tracer.tool("trip").run(async |_| client.call_tool(call("weather")).await);
            other.await.unwrap();
        },
    );
    expect![[r#"
        execute_tool trip  tool {tool.name: trip}
          tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
            tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, jsonrpc.request.id: 2, mcp.protocol.version: 2025-11-25}
              look  custom
        execute_tool weather  tool {tool.name: weather, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25}
          tools/call weather  tool {tool.name: weather, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25}
            look  custom
    "#]].assert_eq(&without_handshake(&tree));
}

#[test]
fn names_that_a_peer_thought_of() {
    let capture = Capture::new();
    let long: &'static str = "x".repeat(100_000).leak();
    let names = ["tasks/own", "own method", "SECRET\nline", long];
    let tree = tree(
        &capture,
        |it| it,
        |it| it,
        async |client| {
            for name in names {
                let request = ClientRequest::CustomRequest(CustomRequest::new(name, None));
                client.send_request(request).await.unwrap_err();
                let told = CustomNotification::new(name, None);
                client
                    .send_notification(ClientNotification::CustomNotification(told))
                    .await
                    .unwrap();
            }
            for name in ["", "two words", long, "a\u{7}b"] {
                client.call_tool(call(name)).await.unwrap_err();
            }
            // All notifications have been handled, too.
            client.call_tool(call("weather")).await.unwrap();
        },
    );
    let longest = tree.lines().map(str::len).max().unwrap();
    assert!(longest < 1000 && !tree.contains("SECRET"), "{tree}");
    let names: Vec<_> = tree.lines().filter_map(|line| line.trim().split("  ").next()).collect();
    let told = names.iter().filter(|name| **name == "tasks/own").count();
    assert_eq!(told, 4, "a request and a notification, on both sides: {tree}");
    for expected in ["tasks/own", "_OTHER", "tools/call", "tools/call two words"] {
        assert!(names.contains(&expected), "{expected}: {tree}");
    }
}

#[test]
fn who_does_not_wait_has_cancelled() {
    check(
        async |client| {
            let never = client.call_tool(call("never"));
            tokio::select! {
                _ = never => panic!("nobody answers"),
                () = async { for _ in 0..100 { tokio::task::yield_now().await } } => {}
            }
        },
        &expect![[r#"
            tools/call never  tool {tool.name: never, mcp.method.name: tools/call, mcp.protocol.version: 2025-11-25, error.type: cancelled} error: dropped before it was done
              • cancelled
              tools/call never  tool {tool.name: never, mcp.method.name: tools/call, jsonrpc.request.id: 1, mcp.protocol.version: 2025-11-25, error.type: cancelled} error: dropped before it was done
                • cancelled
        "#]],
    );
}

#[test]
fn kinds_and_ids() {
    let capture = Capture::new();
    tree(
        &capture,
        |it| it,
        |it| it,
        async |client| {
            client.call_tool(call("weather")).await.unwrap();
        },
    );
    let spans = capture.spans();
    let calls: Vec<_> = spans.iter().filter(|it| it.name == "tools/call weather").collect();
    let [server, client] = calls[..] else { panic!("{calls:?}") };
    assert_eq!((&client.kind, &server.kind), (&SpanKind::Client, &SpanKind::Server));
    assert_eq!(server.parent_span_id, Some(client.span_context.span_id()));
    assert!(server.attribute("jsonrpc.request.id").is_some());
    assert_eq!(client.attribute("openinference.span.kind"), Some(&"TOOL".into()));
}
