//! Typed spans of every type.

use super::{WORD, check};
use prela::Tracer;
use prela::genai::{Document, Evaluation, ToolCall};
use serde_json::json;

fn said(place: &str) -> String {
    format!("{WORD}{place}")
}

fn document(place: &str) -> Document {
    Document::new("d1").score(0.5).content(said(place))
}

#[test]
fn an_agent_sends_content_only_if_asked() {
    check("agent", &["agent-in", "agent-out"], "invoke_agent a", |tracer| {
        tracer.agent("a").input(said("agent-in")).in_scope(|agent| {
            agent.output(said("agent-out"));
        });
    });
}

#[test]
fn a_workflow_sends_content_only_if_asked() {
    check("workflow", &["flow-in", "flow-out"], "invoke_workflow w", |tracer| {
        tracer.workflow("w").input(said("flow-in")).in_scope(|workflow| {
            workflow.output(said("flow-out"));
        });
    });
}

#[test]
fn a_call_of_a_model_sends_content_only_if_asked() {
    let places = ["system", "question", "described", "answer", "argument"];
    check("chat", &places, "chat m", |tracer| {
        let request = json!({"model": "m", "messages": [
                {"role": "system", "content": said("system")},
                {"role": "user", "content": said("question")},
            ],
            "tools": [{"type": "function", "function": {"name": "t", "description": said("described")}}]});
        let call = json!({"id": "1", "type": "function",
            "function": {"name": "t", "arguments": json!({"at": said("argument")}).to_string()}});
        let message = json!({"role": "assistant", "content": said("answer"), "tool_calls": [call]});
        let response =
            json!({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]});
        tracer.chat("openai", "m").request(&request).in_scope(|chat| {
            chat.response(&response);
        });
    });
}

#[test]
fn a_tool_sends_content_only_if_asked() {
    let say = |tracer: &Tracer| {
        let call = ToolCall::new("t", json!({"at": said("argument")})).id("1");
        tracer.tool("t").call(&call).in_scope(|tool| {
            tool.result(said("result"));
        });
    };
    check("tool", &["argument", "result"], "execute_tool t", say);
}

#[test]
fn a_search_sends_content_only_if_asked() {
    check("retrieval", &["query", "document"], "retrieval d", |tracer| {
        tracer.retrieval("d").query(said("query")).in_scope(|search| {
            search.documents(&[document("document")]);
        });
    });
}

#[test]
fn a_reordering_sends_content_only_if_asked() {
    check("reranker", &["query", "before", "after"], "rerank r", |tracer| {
        tracer.reranker("r").query(said("query")).in_scope(|rerank| {
            rerank.input_documents(&[document("before")]).output_documents(&[document("after")]);
        });
    });
}

#[test]
fn an_embedding_sends_content_only_if_asked() {
    check("embedding", &["text"], "embeddings m", |tracer| {
        tracer.embedding("openai", "m").input([said("text")]).in_scope(|_| ());
    });
}

#[test]
fn a_guardrail_and_an_evaluator_send_content_only_if_asked() {
    let places = ["guard-in", "guard-out", "judged", "judgement", "explained"];
    check("guardrail", &places, "guardrail g", |tracer| {
        tracer.guardrail("g").input(said("guard-in")).in_scope(|guardrail| {
            guardrail.output(said("guard-out"));
        });
        let judgement = Evaluation::new("e").score(1.0).explanation(said("explained"));
        tracer.evaluator("e").input(said("judged")).in_scope(|judge| {
            judge.output(said("judgement")).evaluation(&judgement);
        });
    });
}

#[prela::trace(span_type = "tool", capture)]
fn look_up(place: &str) -> String {
    format!("{place} and {}", said("returned"))
}

#[test]
fn a_traced_function_sends_content_only_if_asked() {
    check("macro", &["passed", "returned"], "look_up", |tracer| {
        tracer.span_default("caller").in_scope(|_| look_up(&said("passed")));
    });
}
