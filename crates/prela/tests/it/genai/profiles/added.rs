//! What each profile adds to the default.

use super::recorded;
use expect_test::{Expect, expect};
use prela::span::Conventions;
use prela::testing::Capture;
use serde_json::json;

/// What a profile adds to the default, so that a reader sees nothing else.
fn check_added(conventions: Conventions, expected: &Expect) {
    let (with, without) =
        (recorded(conventions, true).spans(), recorded(Conventions::GENAI, true).spans());
    let added = with.iter().zip(&without).map(|(with, without)| {
        for (key, value) in &without.attributes {
            assert_eq!(with.attribute(key.as_str()), Some(value), "{}: {key}", with.name);
        }
        let is_new = |key: &str| without.attribute(key).is_none();
        let lines = with.attributes.iter().filter(|(key, _)| is_new(key.as_str()));
        let lines: String = lines.map(|(key, value)| format!("  {key}: {value}\n")).collect();
        format!("{}\n{lines}", with.name)
    });
    expected.assert_eq(&added.collect::<String>());
}

#[test]
fn openinference_adds() {
    check_added(
        Conventions::OPENINFERENCE,
        &expect![[r#"
            invoke_agent planner
              graph.node.id: planner
              graph.node.name: planner
            chat gpt-4o
              llm.provider: openai
              llm.system: openai
              llm.model_name: gpt-4o
              llm.invocation_parameters: {"stream":true,"temperature":0.5}
              llm.input_messages.0.message.role: user
              llm.input_messages.0.message.content: Hi
              llm.finish_reason: stop
              llm.token_count.prompt: 100
              llm.token_count.completion: 50
              llm.token_count.total: 150
              llm.token_count.prompt_details.cache_read: 30
              llm.cost.prompt: 0.0002
              llm.cost.completion: 0.0004
              llm.output_messages.0.message.role: assistant
              llm.output_messages.0.message.content: Hello
            execute_tool weather
              tool.description: the weather
              tool.id: call_1
              tool.parameters: {"city":"Lisbon"}
            retrieval docs
            embeddings small
              embedding.model_name: small
              embedding.embeddings.0.embedding.text: a
              llm.token_count.prompt: 1
              llm.token_count.total: 1
            invoke_workflow desk
            rerank rerank-v3
            guardrail no cards
            evaluate relevance
            chain
            custom
        "#]],
    );
}

#[test]
fn traceloop_adds() {
    check_added(
        Conventions::TRACELOOP,
        &expect![[r#"
            invoke_agent planner
              traceloop.span.kind: agent
              traceloop.association.properties.session_id: s1
              traceloop.association.properties.user_id: u1
              traceloop.entity.name: planner
              traceloop.entity.input: Hi
              traceloop.entity.output: Hello
            chat gpt-4o
              llm.request.type: chat
              traceloop.entity.input: [{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
              gen_ai.prompt.0.role: user
              gen_ai.prompt.0.content: Hi
              traceloop.entity.output: [{"finish_reason":"stop","parts":[{"content":"Hello","type":"text"}],"role":"assistant"}]
              gen_ai.completion.0.role: assistant
              gen_ai.completion.0.content: Hello
              gen_ai.completion.0.finish_reason: stop
            execute_tool weather
              traceloop.span.kind: tool
              traceloop.entity.name: weather
              traceloop.entity.input: {"city":"Lisbon"}
              traceloop.entity.output: sunny
            retrieval docs
              traceloop.span.kind: task
              traceloop.entity.name: docs
              traceloop.entity.input: q
              traceloop.entity.output: [{"content":"text","id":"d1","score":0.5}]
            embeddings small
              llm.request.type: embedding
              traceloop.entity.input: ["a"]
            invoke_workflow desk
              traceloop.span.kind: workflow
              traceloop.entity.name: desk
              traceloop.workflow.name: desk
              traceloop.entity.input: Hi
              traceloop.entity.output: Hello
            rerank rerank-v3
              llm.request.type: rerank
              traceloop.entity.input: q
              traceloop.entity.output: [{"content":"text","id":"d1","score":0.5}]
            guardrail no cards
              traceloop.span.kind: task
              traceloop.entity.name: no cards
              traceloop.entity.input: Hi
              traceloop.entity.output: fine
            evaluate relevance
              traceloop.span.kind: task
              traceloop.entity.name: relevance
            chain
              traceloop.span.kind: task
            custom
              traceloop.span.kind: task
        "#]],
    );
}

#[test]
fn langfuse_adds() {
    check_added(
        Conventions::LANGFUSE,
        &expect![[r#"
            invoke_agent planner
              langfuse.observation.type: agent
            chat gpt-4o
              langfuse.observation.type: generation
              langfuse.observation.model.parameters: {"stream":true,"temperature":0.5}
              langfuse.observation.completion_start_time: 2026-01-01T00:00:00.250Z
              langfuse.observation.cost_details: {"input":0.0002,"output":0.0004,"total":0.0006}
            execute_tool weather
              langfuse.observation.type: tool
            retrieval docs
              langfuse.observation.type: retriever
            embeddings small
              langfuse.observation.type: embedding
            invoke_workflow desk
              langfuse.observation.type: chain
            rerank rerank-v3
              langfuse.observation.type: retriever
            guardrail no cards
              langfuse.observation.type: guardrail
            evaluate relevance
              langfuse.observation.type: evaluator
            chain
              langfuse.observation.type: chain
            custom
              langfuse.observation.type: span
        "#]],
    );
}

#[test]
fn honeyhive_adds() {
    check_added(
        Conventions::HONEYHIVE,
        &expect![[r#"
        invoke_agent planner
          honeyhive_event_type: chain
          honeyhive.session_id: s1
        chat gpt-4o
          honeyhive_event_type: model
        execute_tool weather
          honeyhive_event_type: tool
        retrieval docs
          honeyhive_event_type: tool
        embeddings small
          honeyhive_event_type: model
        invoke_workflow desk
          honeyhive_event_type: chain
        rerank rerank-v3
          honeyhive_event_type: tool
        guardrail no cards
          honeyhive_event_type: tool
        evaluate relevance
          honeyhive_event_type: tool
        chain
          honeyhive_event_type: chain
        custom
          honeyhive_event_type: tool
    "#]],
    );
}

/// Calls of tools and what they answered, instructions and definitions, as OpenLLMetry had them.
#[test]
fn traceloop_has_each_part_of_a_message() {
    let capture =
        Capture::with(|builder| builder.conventions(Conventions::TRACELOOP).capture_content(true));
    let request = json!({"model": "m", "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "look", "arguments": "{\"at\":1}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "found"},
        ],
        "tools": [{"type": "function", "function": {"name": "look", "description": "looks",
            "parameters": {"type": "object"}}}]});
    let response = json!({"choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": "Hm.", "tool_calls": [{"id": "2", "type": "function",
            "function": {"name": "look", "arguments": "{\"at\":2}"}}]}}]});
    capture.tracer().chat("openai", "m").request(&request).in_scope(|chat| {
        chat.response(&response);
    });
    let span = &capture.spans()[0];
    let is_flat = |key: &str| {
        ["gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions."]
            .iter()
            .any(|prefix| key.starts_with(prefix))
    };
    let lines = span.attributes.iter().filter(|(key, _)| is_flat(key.as_str()));
    let lines: String = lines.map(|(key, value)| format!("{key}: {value}\n")).collect();
    expect![[r#"
        llm.request.functions.0.name: look
        llm.request.functions.0.description: looks
        llm.request.functions.0.parameters: {"type":"object"}
        gen_ai.prompt.0.role: system
        gen_ai.prompt.0.content: Be short.
        gen_ai.prompt.1.role: user
        gen_ai.prompt.1.content: [{"content":"a","type":"text"},{"content":"b","type":"text"}]
        gen_ai.prompt.2.role: assistant
        gen_ai.prompt.2.tool_calls.0.id: 1
        gen_ai.prompt.2.tool_calls.0.name: look
        gen_ai.prompt.2.tool_calls.0.arguments: {"at":1}
        gen_ai.prompt.3.role: tool
        gen_ai.prompt.3.tool_call_id: 1
        gen_ai.prompt.3.content: found
        gen_ai.completion.0.role: assistant
        gen_ai.completion.0.content: Hm.
        gen_ai.completion.0.tool_calls.0.id: 2
        gen_ai.completion.0.tool_calls.0.name: look
        gen_ai.completion.0.tool_calls.0.arguments: {"at":2}
        gen_ai.completion.0.finish_reason: tool_call
    "#]]
    .assert_eq(&lines);
}
