//! Typed spans: scopes, names that agents give to what is below them, and what programs call input and output.

use super::{shown, text};
use expect_test::expect;
use futures_util::StreamExt as _;
use prela::genai::{AgentSpan, ChatSpan, Document, ToolCall, ToolSpan, TypedSpan as _, Usage};
use prela::retry::RetryPolicy;
use prela::testing::Capture;
use prela::{FutureExt as _, RequestId, Session, SpanType, TraceContext, attributes};
use serde_json::json;
use std::time::Duration;

/// Whatever the scope, the typed handle writes to the span, and what the builder was given is on it.
#[tokio::test]
async fn every_scope_gives_the_typed_handle() {
    type Scope = fn(&Capture);
    let scopes: [(&str, Scope); 5] = [
        ("in_scope", |c| {
            c.tracer().tool("t").arguments("in").in_scope(|tool| {
                tool.result("out");
            })
        }),
        ("in_scope_result", |c| {
            let result = c.tracer().tool("t").arguments("in").in_scope_result(|tool| {
                tool.result("out");
                Err::<(), _>("failed")
            });
            assert_eq!(result, Err("failed"));
        }),
        ("enter", |c| {
            let tool = c.tracer().tool("t").arguments("in").enter();
            assert_eq!(prela::current_span().unwrap().span_id(), tool.span_id());
            tool.result("out");
        }),
        ("start", |c| {
            let tool = c.tracer().tool("t").arguments("in").start();
            assert!(prela::current_span().is_none());
            tool.result("out");
        }),
        ("retry", |c| {
            let policy = RetryPolicy::new(2).backoff(Duration::ZERO);
            let mut calls = 0;
            let result =
                c.tracer().tool("t").arguments("in").retry(&policy).in_scope_result(|tool| {
                    calls += 1;
                    tool.result("out");
                    if calls == 1 { Err("again") } else { Ok(()) }
                });
            assert_eq!(result, Ok(()));
        }),
    ];
    for (name, scope) in scopes {
        let capture = Capture::with(|builder| builder.capture_content(true));
        scope(&capture);
        check(name, &capture);
    }

    let capture = Capture::with(|builder| builder.capture_content(true));
    let tool = capture.tracer().tool("t").arguments("in");
    tool.run(async |tool: ToolSpan| {
        tool.result("out");
    })
    .await;
    check("run", &capture);

    let capture = Capture::with(|builder| builder.capture_content(true));
    let tool = capture.tracer().tool("t").arguments("in");
    let result = tool.run_result(async |tool: ToolSpan| {
        tool.result("out");
        Err::<(), _>("failed")
    });
    assert_eq!(result.await, Err("failed"));
    check("run_result", &capture);

    let capture = Capture::with(|builder| builder.capture_content(true));
    let tool = capture.tracer().tool("t").arguments("in");
    let stream = tool.run_stream(|tool| {
        futures_util::stream::iter([1, 2]).inspect(move |_| {
            tool.result("out");
        })
    });
    assert_eq!(stream.count().await, 2);
    check("run_stream", &capture);

    let capture = Capture::with(|builder| builder.capture_content(true));
    let tool = capture.tracer().tool("t").arguments("in");
    async { _ = ToolSpan::current().result("out") }.in_span(tool).await;
    check("in_span", &capture);

    let capture = Capture::with(|builder| builder.capture_content(true));
    let policy = RetryPolicy::new(2).backoff(Duration::ZERO);
    let tool = capture.tracer().tool("t").arguments("in").retry(&policy);
    let result = tool.run_result(async |tool: ToolSpan| {
        tool.result("out");
        Ok::<_, &str>(())
    });
    assert_eq!(result.await, Ok(()));
    check("retry of a future", &capture);
}

#[track_caller]
fn check(scope: &str, capture: &Capture) {
    let spans = capture.spans();
    let span = spans.iter().find(|span| span.span_type == SpanType::Tool).unwrap();
    assert_eq!(span.name, "execute_tool t", "{scope}");
    assert_eq!(text(span, "gen_ai.tool.call.arguments").as_deref(), Some("in"), "{scope}");
    assert_eq!(text(span, "gen_ai.tool.call.result").as_deref(), Some("out"), "{scope}");
}

#[test]
fn without_an_instance_every_typed_span_only_runs_the_code() {
    let prela = prela::builder().env([("OTEL_SDK_DISABLED", "true")]).build().unwrap();
    let tracer = prela.tracer();
    assert!(tracer.chat("openai", "m").is_noop());
    let sum = tracer.agent("a").conversation("c").input("hi").in_scope(|agent| {
        agent.output("ho").usage(Usage::new(1, 1));
        let chat = tracer.chat("openai", "m").max_tokens(1).input("hi").request(&json!({}));
        let call = chat.in_scope(|chat| {
            chat.response(&json!({})).first_chunk().cost(1.0);
            1
        });
        let found = tracer.retrieval("d").query("q").in_scope(|it| {
            it.documents(&[Document::new("d")]);
            2
        });
        let tool = tracer.tool("t").call(&ToolCall::new("t", json!(1))).name("n").in_scope(|_| 3);
        let rest = tracer.workflow("w").in_scope(|_| 4)
            + tracer.reranker("r").in_scope(|_| 5)
            + tracer.guardrail("g").in_scope(|_| 6)
            + tracer.evaluator("e").in_scope(|_| 7)
            + tracer.embedding("openai", "m").in_scope(|_| 8);
        call + found + tool + rest
    });
    assert_eq!(sum, 36);
    // Views of no span.
    ChatSpan::current().response(&json!({"id": "x"})).output("Hello").first_chunk();
    AgentSpan::of(prela::Span::none()).input("x");
}

#[test]
fn spans_below_an_agent_know_whose_they_are() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.agent("planner").conversation("conv_1").in_scope(|_| {
        tracer.tool("search").in_scope(|_| ());
        tracer.chat("openai", "m").in_scope(|_| ());
        tracer.chat("openai", "m").conversation("conv_2").in_scope(|_| ());
        tracer.span("plain", SpanType::Tool).in_scope(|_| ());
        tracer.agent("helper").in_scope(|_| {
            tracer.tool("calculator").in_scope(|_| ());
        });
        std::thread::scope(|threads| {
            let job = prela::copy_context_to_thread(|()| tracer.tool("elsewhere").in_scope(|_| ()));
            threads.spawn(move || job(()));
        });
        prela::new_trace_context(|_| tracer.tool("apart").in_scope(|_| ()));
    });
    tracer.tool("after").in_scope(|_| ());
    let shown = capture.spans();
    let shown = shown.iter().map(|span| {
        let [agent, conversation] = ["gen_ai.agent.name", "gen_ai.conversation.id"]
            .map(|key| text(span, key).unwrap_or_default());
        format!("{}: {agent:?} {conversation:?}\n", span.name)
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    expect![[r#"
        chat m: "" "conv_1"
        chat m: "" "conv_2"
        execute_tool after: "" ""
        execute_tool apart: "" ""
        execute_tool calculator: "helper" ""
        execute_tool elsewhere: "planner" ""
        execute_tool search: "planner" ""
        invoke_agent helper: "helper" "conv_1"
        invoke_agent planner: "planner" "conv_1"
        plain: "" ""
    "#]]
    .assert_eq(&shown.concat());
}

/// What examples and programs call by these names is found by backends, too, and stays.
#[test]
fn input_output_and_query_are_written_by_the_names_that_backends_read() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.tool("t").attr("input", 12).in_scope(|tool| {
        tool.set_attribute("output", "144").set_attribute("other", 1);
    });
    tracer.retrieval("docs").in_scope(|search| {
        search.set_attributes(attributes![("query", "dozen"), ("results_count", 2)]);
    });
    tracer.agent("a").in_scope(|agent| {
        agent.set_attribute("input", vec!["x", "y"]).set_attribute("output", None::<i64>);
    });
    tracer.span("plain", SpanType::Tool).attr("input", 1).in_scope(|_| ());
    let shown: Vec<_> = capture.spans().iter().map(|span| shown(span)).collect();
    expect![[r#"
        execute_tool t (internal)
        prela.span.type: tool
        gen_ai.operation.name: execute_tool
        openinference.span.kind: TOOL
        gen_ai.tool.name: t
        tool.name: t
        input: 12
        input.value: 12
        input.mime_type: application/json
        output.value: 144
        output: 144
        output.mime_type: text/plain
        other: 1

        retrieval docs (client)
        prela.span.type: retrieval
        gen_ai.operation.name: retrieval
        openinference.span.kind: RETRIEVER
        gen_ai.data_source.id: docs
        query: dozen
        gen_ai.retrieval.query.text: dozen
        input.value: dozen
        input.mime_type: text/plain
        output.value: 
        results_count: 2

        invoke_agent a (internal)
        prela.span.type: agent
        gen_ai.operation.name: invoke_agent
        openinference.span.kind: AGENT
        gen_ai.agent.name: a
        agent.name: a
        input: ["x", "y"]
        input.value: ["x","y"]
        input.mime_type: application/json
        output.value: 

        plain (internal)
        prela.span.type: tool
        gen_ai.operation.name: execute_tool
        openinference.span.kind: TOOL
        input: 1
    "#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn what_a_span_can_take_along_a_typed_one_can() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let session = Session::new("s1").unwrap().user("u1");
    let elsewhere = tracer.span_default("elsewhere").start();
    let agent = tracer.agent("a").session(&session).request_id(RequestId::parse("r1").unwrap());
    let agent = agent.attrs([("k", 1)]).link(&elsewhere.context()).parent(&elsewhere.context());
    agent.in_scope(|_| tracer.chat("openai", "m").root().in_scope(|_| ()));
    drop(elsewhere);
    let [call, agent, elsewhere] = &capture.spans()[..] else { panic!() };
    assert_eq!(call.parent_span_id, None);
    assert_eq!(agent.parent_span_id, Some(elsewhere.span_context.span_id()));
    assert_eq!(agent.links.len(), 1);
    for (key, value) in [("session.id", "s1"), ("user.id", "u1"), ("request.id", "r1"), ("k", "1")]
    {
        assert_eq!(text(agent, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(text(call, "session.id").as_deref(), Some("s1"));
    let _: TraceContext = TraceContext::current();
}

#[test]
fn a_span_that_is_not_sampled_costs_no_content() {
    let capture = Capture::with(|builder| builder.sampler(0.0).capture_content(true));
    let tracer = capture.tracer();
    tracer.agent("a").input("hi").in_scope(|agent| {
        assert!(!agent.captures_content());
        tracer.tool("t").arguments("x").in_scope(|tool| assert!(!tool.captures_content()));
    });
    assert!(capture.spans().is_empty());
}

/// The memory of a span is used again; what one call asked for must not stay.
#[test]
fn what_one_span_asked_for_does_not_stay_for_the_next() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    for turn in 0..10 {
        let asks = turn % 2 == 0;
        let tool = tracer.tool("t");
        let tool = if asks { tool.capture_content(true) } else { tool };
        tool.arguments("x").in_scope(|_| ());
        tracer.span("plain", SpanType::Tool).in_scope(|span| {
            ToolSpan::of(span.clone()).arguments("x");
        });
    }
    for (at, span) in capture.spans().iter().enumerate() {
        let asked = at % 4 == 0;
        assert_eq!(span.attribute("gen_ai.tool.call.arguments").is_some(), asked, "{at}");
    }
}
