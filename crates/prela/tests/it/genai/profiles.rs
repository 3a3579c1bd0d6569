//! What each type of span has under each convention.

mod added;

use super::shown;
use expect_test::{Expect, expect};
use prela::genai::{Document, Evaluation, Price, Prices, ToolCall};
use prela::span::Conventions;
use prela::testing::Capture;
use prela::{Session, SpanType};
use serde_json::json;
use std::time::Duration;

/// One typed span of each type with all that it can have, and a plain one of each type.
fn recorded(conventions: Conventions, has_content: bool) -> Capture {
    let prices = Prices::new().model("gpt-4o", Price::per_million(2.0, 8.0));
    let capture = Capture::with(|builder| {
        builder.conventions(conventions).capture_content(has_content).prices(prices)
    });
    let tracer = capture.tracer();
    let session = Session::new("s1").unwrap().user("u1");
    tracer.agent("planner").conversation("c1").session(&session).input("Hi").in_scope(|agent| {
        agent.output("Hello");
    });
    let request = json!({"model": "gpt-4o", "temperature": 0.5, "stream": true,
        "messages": [{"role": "user", "content": "Hi"}]});
    let response = json!({"id": "r1", "model": "gpt-4o-2024-08-06",
        "choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 30}}});
    tracer.chat("openai", "gpt-4o").request(&request).in_scope(|chat| {
        capture.clock().advance(Duration::from_millis(250));
        chat.first_chunk().response(&response);
    });
    let call = ToolCall::new("weather", json!({"city": "Lisbon"})).id("call_1");
    tracer.tool("weather").tool_type("function").description("the weather").call(&call).in_scope(
        |tool| {
            tool.result("sunny");
        },
    );
    let document = Document::new("d1").score(0.5).content("text");
    tracer.retrieval("docs").top_k(3).query("q").in_scope(|search| {
        search.documents(std::slice::from_ref(&document));
    });
    tracer.embedding("openai", "small").input(["a"]).in_scope(|embedding| {
        embedding.dimensions(3).input_tokens(1);
    });
    tracer.workflow("desk").input("Hi").in_scope(|workflow| {
        workflow.output("Hello");
    });
    tracer.reranker("rerank-v3").top_k(1).query("q").in_scope(|rerank| {
        rerank
            .input_documents(std::slice::from_ref(&document))
            .output_documents(std::slice::from_ref(&document));
    });
    tracer.guardrail("no cards").input("Hi").in_scope(|guardrail| {
        guardrail.output("fine");
    });
    tracer.evaluator("relevance").in_scope(|judge| {
        judge.evaluation(&Evaluation::new("relevance").score(1.0));
    });
    tracer.span("chain", SpanType::Chain).in_scope(|_| ());
    tracer.span("custom", SpanType::Custom).in_scope(|_| ());
    capture
}

fn check(conventions: Conventions, has_content: bool, expected: &Expect) {
    let spans = recorded(conventions, has_content).spans();
    let shown: Vec<_> = spans.iter().map(|span| shown(span)).collect();
    expected.assert_eq(&shown.join("\n"));
    for span in &spans {
        assert_eq!(span.dropped_attributes_count, 0);
        // A backend that finds one alone looks nowhere else for the other.
        let has = |key: &str| span.attribute(key).is_some();
        assert_eq!(has("input.value"), has("output.value"), "{}", span.name);
        assert!(has_content || !has("input.value"), "{}", span.name);
    }
}

#[test]
fn the_default_writes_the_conventions_of_opentelemetry() {
    check(
        Conventions::GENAI,
        false,
        &expect![[r#"
            invoke_agent planner (internal)
            prela.span.type: agent
            gen_ai.operation.name: invoke_agent
            openinference.span.kind: AGENT
            session.id: s1
            user.id: u1
            gen_ai.agent.name: planner
            agent.name: planner
            gen_ai.conversation.id: c1
            session.operation: invoke_agent planner
            session.operation_number: 1

            chat gpt-4o (client)
            prela.span.type: llm
            gen_ai.operation.name: chat
            openinference.span.kind: LLM
            gen_ai.provider.name: openai
            gen_ai.request.model: gpt-4o
            gen_ai.request.temperature: 0.5
            gen_ai.request.stream: true
            gen_ai.response.time_to_first_chunk: 0.25
            gen_ai.response.id: r1
            gen_ai.response.model: gpt-4o-2024-08-06
            gen_ai.response.finish_reasons: ["stop"]
            gen_ai.usage.input_tokens: 100
            gen_ai.usage.output_tokens: 50
            gen_ai.usage.cache_read.input_tokens: 30
            llm.cost.total: 0.0006

            execute_tool weather (internal)
            prela.span.type: tool
            gen_ai.operation.name: execute_tool
            openinference.span.kind: TOOL
            gen_ai.tool.name: weather
            tool.name: weather
            gen_ai.tool.type: function
            gen_ai.tool.description: the weather
            gen_ai.tool.call.id: call_1

            retrieval docs (client)
            prela.span.type: retrieval
            gen_ai.operation.name: retrieval
            openinference.span.kind: RETRIEVER
            gen_ai.data_source.id: docs
            gen_ai.request.top_k: 3
            results_count: 1

            embeddings small (client)
            prela.span.type: embedding
            gen_ai.operation.name: embeddings
            openinference.span.kind: EMBEDDING
            gen_ai.provider.name: openai
            gen_ai.request.model: small
            gen_ai.embeddings.dimension.count: 3
            gen_ai.usage.input_tokens: 1

            invoke_workflow desk (internal)
            prela.span.type: workflow
            gen_ai.operation.name: invoke_workflow
            openinference.span.kind: CHAIN
            gen_ai.workflow.name: desk

            rerank rerank-v3 (client)
            prela.span.type: reranker
            openinference.span.kind: RERANKER
            reranker.model_name: rerank-v3
            reranker.top_k: 1
            results_count: 1

            guardrail no cards (internal)
            prela.span.type: guardrail
            openinference.span.kind: GUARDRAIL

            evaluate relevance (internal)
            prela.span.type: evaluator
            openinference.span.kind: EVALUATOR
            evaluations.0.evaluation.name: relevance
            evaluations.0.evaluation.score: 1

            chain (internal)
            prela.span.type: chain
            openinference.span.kind: CHAIN

            custom (internal)
            prela.span.type: custom
        "#]],
    );
}

#[test]
fn the_default_writes_content_where_it_is_captured() {
    check(
        Conventions::GENAI,
        true,
        &expect![[r#"
            invoke_agent planner (internal)
            prela.span.type: agent
            gen_ai.operation.name: invoke_agent
            openinference.span.kind: AGENT
            session.id: s1
            user.id: u1
            gen_ai.agent.name: planner
            agent.name: planner
            gen_ai.conversation.id: c1
            session.operation: invoke_agent planner
            session.operation_number: 1
            input.value: Hi
            input.mime_type: text/plain
            output.value: Hello
            output.mime_type: text/plain

            chat gpt-4o (client)
            prela.span.type: llm
            gen_ai.operation.name: chat
            openinference.span.kind: LLM
            gen_ai.provider.name: openai
            gen_ai.request.model: gpt-4o
            gen_ai.request.temperature: 0.5
            gen_ai.request.stream: true
            gen_ai.input.messages: [{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
            input.value: [{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
            input.mime_type: application/json
            output.value: [{"finish_reason":"stop","parts":[{"content":"Hello","type":"text"}],"role":"assistant"}]
            gen_ai.response.time_to_first_chunk: 0.25
            gen_ai.response.id: r1
            gen_ai.response.model: gpt-4o-2024-08-06
            gen_ai.response.finish_reasons: ["stop"]
            gen_ai.usage.input_tokens: 100
            gen_ai.usage.output_tokens: 50
            gen_ai.usage.cache_read.input_tokens: 30
            llm.cost.total: 0.0006
            gen_ai.output.messages: [{"finish_reason":"stop","parts":[{"content":"Hello","type":"text"}],"role":"assistant"}]
            output.mime_type: application/json

            execute_tool weather (internal)
            prela.span.type: tool
            gen_ai.operation.name: execute_tool
            openinference.span.kind: TOOL
            gen_ai.tool.name: weather
            tool.name: weather
            gen_ai.tool.type: function
            gen_ai.tool.description: the weather
            gen_ai.tool.call.id: call_1
            gen_ai.tool.call.arguments: {"city":"Lisbon"}
            input.value: {"city":"Lisbon"}
            input.mime_type: application/json
            output.value: sunny
            gen_ai.tool.call.result: sunny
            output.mime_type: text/plain

            retrieval docs (client)
            prela.span.type: retrieval
            gen_ai.operation.name: retrieval
            openinference.span.kind: RETRIEVER
            gen_ai.data_source.id: docs
            gen_ai.request.top_k: 3
            gen_ai.retrieval.query.text: q
            input.value: q
            input.mime_type: text/plain
            output.value: [{"content":"text","id":"d1","score":0.5}]
            results_count: 1
            gen_ai.retrieval.documents: [{"content":"text","id":"d1","score":0.5}]
            output.mime_type: application/json
            retrieval.documents.0.document.id: d1
            retrieval.documents.0.document.score: 0.5
            retrieval.documents.0.document.content: text

            embeddings small (client)
            prela.span.type: embedding
            gen_ai.operation.name: embeddings
            openinference.span.kind: EMBEDDING
            gen_ai.provider.name: openai
            gen_ai.request.model: small
            input.value: ["a"]
            input.mime_type: application/json
            output.value: 
            gen_ai.embeddings.dimension.count: 3
            gen_ai.usage.input_tokens: 1

            invoke_workflow desk (internal)
            prela.span.type: workflow
            gen_ai.operation.name: invoke_workflow
            openinference.span.kind: CHAIN
            gen_ai.workflow.name: desk
            input.value: Hi
            input.mime_type: text/plain
            output.value: Hello
            output.mime_type: text/plain

            rerank rerank-v3 (client)
            prela.span.type: reranker
            openinference.span.kind: RERANKER
            reranker.model_name: rerank-v3
            reranker.top_k: 1
            reranker.query: q
            input.value: q
            input.mime_type: text/plain
            output.value: [{"content":"text","id":"d1","score":0.5}]
            reranker.input_documents.0.document.id: d1
            reranker.input_documents.0.document.score: 0.5
            reranker.input_documents.0.document.content: text
            results_count: 1
            output.mime_type: application/json
            reranker.output_documents.0.document.id: d1
            reranker.output_documents.0.document.score: 0.5
            reranker.output_documents.0.document.content: text

            guardrail no cards (internal)
            prela.span.type: guardrail
            openinference.span.kind: GUARDRAIL
            input.value: Hi
            input.mime_type: text/plain
            output.value: fine
            output.mime_type: text/plain

            evaluate relevance (internal)
            prela.span.type: evaluator
            openinference.span.kind: EVALUATOR
            evaluations.0.evaluation.name: relevance
            evaluations.0.evaluation.score: 1

            chain (internal)
            prela.span.type: chain
            openinference.span.kind: CHAIN

            custom (internal)
            prela.span.type: custom
        "#]],
    );
}

/// Plain spans have what goes with their type as well.
#[test]
fn plain_spans_say_their_type_in_all_conventions() {
    let all = Conventions::OPENINFERENCE
        | Conventions::TRACELOOP
        | Conventions::LANGFUSE
        | Conventions::HONEYHIVE;
    let capture = Capture::with(|builder| builder.conventions(all));
    for span_type in SpanType::ALL {
        capture.tracer().span("s", span_type).in_scope(|_| ());
    }
    let keys = [
        "openinference.span.kind",
        "traceloop.span.kind",
        "llm.request.type",
        "langfuse.observation.type",
        "honeyhive_event_type",
    ];
    let rows = capture.spans();
    let rows = rows.iter().map(|span| {
        let values = keys.map(|key| super::text(span, key).unwrap_or_else(|| "-".into()));
        format!("{} {}\n", span.span_type, values.join(" "))
    });
    expect![[r#"
        agent AGENT agent - agent chain
        llm LLM - chat generation model
        tool TOOL tool - tool tool
        retrieval RETRIEVER task - retriever tool
        embedding EMBEDDING - embedding embedding model
        custom - task - span tool
        chain CHAIN task - chain chain
        workflow CHAIN workflow - chain chain
        reranker RERANKER - rerank retriever tool
        guardrail GUARDRAIL task - guardrail tool
        evaluator EVALUATOR task - evaluator tool
    "#]]
    .assert_eq(&rows.collect::<String>());
}

#[test]
fn the_environment_names_conventions() {
    for (value, langfuse, traceloop) in [
        ("genai", false, false),
        ("genai,langfuse", true, false),
        ("LANGFUSE, traceloop", true, true),
        ("openinference,honeyhive", false, false),
    ] {
        let capture = Capture::with(|builder| builder.env([("PRELA_CONVENTIONS", value)]));
        capture.tracer().span("s", SpanType::Tool).in_scope(|_| ());
        let span = &capture.spans()[0];
        assert_eq!(span.attribute("langfuse.observation.type").is_some(), langfuse, "{value}");
        assert_eq!(span.attribute("traceloop.span.kind").is_some(), traceloop, "{value}");
    }
}
