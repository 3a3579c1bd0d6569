//! Spans in the shapes that libraries give them.

use super::run;
use expect_test::expect;
use prela::SpanType;
use prela::testing::Capture;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

/// The span that `rig` opens for each turn, and lets the provider write to.
fn rig_turn() -> Span {
    info_span!(
        target: "rig::agent_chat",
        parent: Span::current(),
        "chat",
        rig.completion_parent = true,
        gen_ai.operation.name = "chat",
        gen_ai.agent.name = "planner",
        gen_ai.system_instructions = Some("Be short."),
        gen_ai.provider.name = Empty,
        gen_ai.request.model = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
    )
}

/// The span that a provider of `rig` makes of its own if it does not know of the turn's.
fn rig_completion() -> Span {
    info_span!(
        target: "rig::completions",
        "chat_streaming",
        gen_ai.operation.name = "chat_streaming",
        gen_ai.provider.name = "xai",
        gen_ai.request.model = "grok-4",
        gen_ai.response.model = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.input_tokens = Empty,
    )
}

async fn rig_agent(makes_two: bool) {
    let agent = info_span!(
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "planner",
        gen_ai.prompt = Empty,
        gen_ai.completion = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    );
    async {
        agent.record("gen_ai.prompt", "What is Rust?");
        let turn = async {
            let span = if makes_two { rig_completion() } else { Span::current() };
            span.record("gen_ai.provider.name", "xai");
            span.record("gen_ai.request.model", "grok-4");
            tokio::task::yield_now().await;
            span.record("gen_ai.response.model", "grok-4-0709");
            span.record("gen_ai.usage.input_tokens", 12_u64);
            span.record("gen_ai.usage.output_tokens", 3_u64);
            span.record("gen_ai.usage.input_tokens", 13_u64);
        };
        turn.instrument(rig_turn()).await;
        let tool = info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.type = "function",
            gen_ai.tool.name = Empty,
            gen_ai.tool.call.id = Empty,
            gen_ai.tool.call.arguments = Empty,
            gen_ai.tool.call.result = Empty,
        );
        let call = async {
            Span::current().record("gen_ai.tool.name", "search");
            Span::current().record("gen_ai.tool.call.id", "call_1");
            Span::current().record("gen_ai.tool.call.arguments", r#"{"q":"rust"}"#);
            prela::tracer().span("query", SpanType::Retrieval).run(async |_| ()).await;
        };
        call.instrument(tool).await;
        agent.record("gen_ai.usage.input_tokens", 13_u64);
        agent.record("gen_ai.completion", "A language.");
    }
    .instrument(agent.clone())
    .await;
}

fn tree_of_rig(makes_two: bool) -> String {
    let capture = Capture::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    run(&capture, || {
        let work = prela::tracer().span("ask", SpanType::Agent);
        runtime.block_on(work.run(async |_| rig_agent(makes_two).await));
    });
    capture.tree()
}

#[test]
fn spans_of_rig_are_a_tree_of_agent_chat_and_tool() {
    expect![[r#"
        ask  agent
          invoke_agent  agent {agent.name: planner, prela.usage.input_tokens: 13}
            chat  llm {rig.completion_parent: true, gen_ai.provider.name: x_ai, gen_ai.request.model: grok-4, gen_ai.response.model: grok-4-0709, gen_ai.usage.input_tokens: 13, gen_ai.usage.output_tokens: 3}
            execute_tool  tool {gen_ai.tool.type: function, tool.name: search, gen_ai.tool.call.id: call_1}
              query  retrieval
    "#]]
    .assert_eq(&tree_of_rig(false));
}

#[test]
fn a_call_that_was_traced_already_has_one_span() {
    let tree = tree_of_rig(true);
    assert_eq!(tree.matches("  llm").count(), 1, "{tree}");
    assert!(
        tree.contains("gen_ai.usage.input_tokens: 13, gen_ai.usage.output_tokens: 3"),
        "{tree}"
    );
    assert!(tree.contains("gen_ai.request.stream: true"), "{tree}");
}

/// `genai` with its feature `otel` keeps the span in the stream, and never enters it again.
#[test]
fn a_span_that_genai_keeps_in_its_stream_ends_with_it() {
    let capture = Capture::new();
    run(&capture, || {
        let span = info_span!(
            "genai.chat",
            "otel.name" = "chat gpt-4o",
            "otel.kind" = "client",
            "otel.status_code" = Empty,
            "error.type" = Empty,
            "gen_ai.operation.name" = "chat",
            "gen_ai.provider.name" = "openai",
            "gen_ai.request.model" = "gpt-4o",
            "gen_ai.request.stream" = true,
            "gen_ai.request.stop_sequences" = Empty,
            "server.address" = "api.openai.com",
            "server.port" = 443_i64,
            "gen_ai.response.id" = Empty,
            "gen_ai.response.finish_reasons" = Empty,
            "gen_ai.usage.input_tokens" = Empty,
            "gen_ai.response.time_to_first_chunk" = Empty,
        );
        span.record("gen_ai.request.stop_sequences", r#"["\n","END"]"#);
        span.record("gen_ai.response.time_to_first_chunk", 0.25);
        span.record("gen_ai.response.finish_reasons", r#"["stop"]"#);
        span.record("gen_ai.usage.input_tokens", 12_i64);
        let failed = info_span!(
            "genai.embeddings",
            "otel.name" = "embeddings m",
            "gen_ai.operation.name" = "embeddings",
            "otel.status_code" = Empty,
            "error.type" = Empty,
        );
        failed.record("otel.status_code", "error");
        failed.record("error.type", "429");
    });
    expect![[r#"
        chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, gen_ai.request.stream: true, server.address: api.openai.com, server.port: 443, gen_ai.request.stop_sequences: ["\n", "END"], gen_ai.response.time_to_first_chunk: 0.25, gen_ai.response.finish_reasons: ["stop"], gen_ai.usage.input_tokens: 12}
        embeddings m  embedding {error.type: 429} error
    "#]]
    .assert_eq(&capture.tree());
}
