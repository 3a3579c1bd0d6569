//! All of a span.

use super::{Prela, agent, id, open, send, trace};
use crate::program::wait_until;
use crate::requests::{START, text};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use prela::testing::Capture;
use prela::{Exporter, SpanType, baggage};
use std::time::Duration;

#[test]
fn a_model_call_is_a_conversation_with_tokens_and_cost() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.click(".span-row", "chat big-model");
    page.find(".turn.system", "Be brief.");
    page.find(".turn.user", "Where do we eat in Lisbon?");
    page.find(".turn.answer .call", "book_table");
    page.find(".turn.answer .call", "\"guests\":2");
    page.find(".turn.answer", "tool_call");
    page.find(".figures tbody tr", "This span1,20030$0.0125");
    page.find(".events", "first_token");
    page.find(".glance", "890 ms");
    page.find(".glance", "big-model");
    // The search has a link to this call.
    page.find(".links li", "← retrieval guides");
    page.click(".links a", "retrieval guides");
    page.find(".detail-title", "retrieval guides");
    page.find(".links li", "→");
    page.find(".documents li", "guide-7");
    page.find(".documents li", "score 0.91");
    page.find(".documents li", "Porto has bridges.");
    page.close();
}

#[test]
fn a_tool_an_agent_and_a_process_say_what_they_know() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.click(".span-row", "execute_tool book_table");
    page.find(".section", "Arguments");
    page.find(".section", "20:00");
    page.find(".failure", "closed on Mondays");
    page.find(".exception", "tools::Closed");
    page.click(".exception summary", "Stack");
    page.find(".exception pre", "at ./src/tools.rs:41:9");
    page.press("k");
    page.press("k");
    page.find(".detail-title", "invoke_agent guide");
    page.find(".figures tbody tr", "With all below it3,00090$0.03");
    page.find(".section", "Baggage");
    page.find(".section .pair", "tenantacme");
    page.find(".section .pair", "service.nameshop");
    page.find(".section .pair", &id(1));
    // A link to a span is an address of its own.
    let address = page.value("location.href");
    page.go("about:blank");
    page.go(address.as_str().unwrap());
    page.find(".detail-title", "invoke_agent guide");
    page.close();
}

/// Prela's SDK puts entries of the baggage among the attributes, where it was told to.
#[test]
fn baggage_is_a_section_of_its_own() {
    let prela = Prela::start();
    let capture = Capture::with(|builder| {
        let otlp = Exporter::otlp_grpc(format!("http://{}", prela.hello.grpc));
        builder.exporter(otlp).baggage_to_attributes(["tenant", "plan"])
    });
    let tracer = capture.tracer();
    tracer.span("handler", SpanType::Agent).in_scope(|_| {
        assert!(baggage::set("tenant", "acme") && baggage::set("secret", "never"));
        tracer.span("step", SpanType::Tool).attr("colour", "red").in_scope(|_| ());
    });
    capture.prela().flush(Duration::from_secs(30)).unwrap();
    let reader = prela.reader();
    wait_until("it is there", || reader.find("last").is_ok());
    let Some(mut page) = open(&prela, &format!("#/trace/{}", reader.find("last").unwrap())) else {
        return;
    };
    page.click(".span-row", "step");
    page.find(".section", "Baggage");
    let sections = "Object.fromEntries([...document.querySelectorAll('.detail .section')].map((it) => [it.querySelector('h3').textContent, it.querySelector('.table')?.textContent]))";
    let sections = page.value(sections);
    assert_eq!(sections["Baggage"], "tenantacme", "{sections}");
    let others = sections["Attributes"].as_str().unwrap();
    assert!(others.contains("colourred") && !others.contains("tenant"), "{sections}");
    page.close();
}

/// Conversations are written in each of the ways that libraries have.
#[test]
fn conversations_are_read_in_every_dialect() {
    let openai = r#"[{"role":"user","content":"ask me"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","function":{"name":"look_up","arguments":"{\"k\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"found it"}]"#;
    let parts = r#"[{"role":"user","parts":[{"type":"text","content":"ask me"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look_up","arguments":{"k":1}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"found it"}]}]"#;
    let anthropic = r#"[{"role":"user","content":[{"type":"text","text":"ask me"}]},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"look_up","input":{"k":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"found it"}]}]"#;
    let openinference = [
        ("llm.input_messages.0.message.role", "user"),
        ("llm.input_messages.0.message.content", "ask me"),
        ("llm.input_messages.1.message.role", "assistant"),
        ("llm.input_messages.1.message.tool_calls.0.tool_call.function.name", "look_up"),
        ("llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments", r#"{"k":1}"#),
        ("llm.input_messages.10.message.role", "tool"),
        ("llm.input_messages.10.message.content", "found it"),
    ];
    let openllmetry = [
        ("gen_ai.prompt.0.role", "user"),
        ("gen_ai.prompt.0.content", "ask me"),
        ("gen_ai.prompt.1.role", "assistant"),
        ("gen_ai.prompt.1.tool_calls.0.name", "look_up"),
        ("gen_ai.prompt.1.tool_calls.0.arguments", r#"{"k":1}"#),
        ("gen_ai.prompt.2.role", "tool"),
        ("gen_ai.prompt.2.content", "found it"),
    ];
    let dialects: [(&str, Vec<(&str, &str)>); 5] = [
        ("parts", vec![("gen_ai.input.messages", parts)]),
        ("openai", vec![("gen_ai.input.messages", openai)]),
        ("anthropic", vec![("gen_ai.input.messages", anthropic)]),
        ("openinference", openinference.to_vec()),
        ("openllmetry", openllmetry.to_vec()),
    ];
    let prela = Prela::start();
    let spans = dialects.iter().zip(1..).map(|((name, attributes), number)| {
        let attributes = attributes.iter().map(|(key, value)| text(key, value)).collect();
        agent::step((1, number, u64::from(number > 1)), name, (number, number + 50), attributes)
    });
    send(&prela, spans.collect());
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    for (name, _) in &dialects {
        page.click(".span-row .title", name);
        page.wait(&format!("document.querySelector('.detail-title').textContent === {name:?} && document.querySelector('.turn')"));
        page.find(".turn.user .said", "ask me");
        page.find(".turn.assistant .call", "look_up");
        page.find(".turn.assistant .call", "{\"k\":1}");
        page.find(".turn .result", "found it");
        page.wait("document.querySelectorAll('.turn').length === 3");
    }
    page.close();
}

#[test]
fn two_runs_are_compared() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river.\nBook early."));
    let mut after = agent::run(2, "On the hill.\nBook early.");
    after.push(agent::step((2, 7, 1), "execute_tool translate", (2_160, 2_180), Vec::new()));
    after.remove(3);
    send(&prela, after);
    let Some(mut page) = open(&prela, &trace(2)) else { return };
    page.click("button", "Compare");
    page.click(".choices button", "invoke_agent guide");
    page.find("h1", "before and after");
    page.find(".diff-row.added", "execute_tool translate");
    page.find(".diff-row.removed", "retrieval guides");
    page.click(".diff-row.changed", "chat big-model");
    page.find(".lines .removed", "By the river.");
    page.find(".lines .added", "On the hill.");
    page.find(".diff-sides", "Before");
    page.click("button", "Only what differs");
    page.wait("![...document.querySelectorAll('.diff-row:not([hidden])')].some((it) => it.textContent.includes('book_table'))");
    page.close();
}

#[test]
fn links_of_other_traces_lead_both_ways() {
    let prela = Prela::start();
    let mut later = agent::step((2, 1, 0), "resume", (0, 5), Vec::new());
    let target = agent::step((1, 1, 0), "first run", (0, 5), Vec::new());
    later.links = vec![Link {
        trace_id: target.trace_id.clone(),
        span_id: target.span_id.clone(),
        attributes: vec![text("why", "goes on")],
        ..Link::default()
    }];
    send(
        &prela,
        vec![
            target,
            later,
            Span { start_time_unix_nano: START, ..agent::step((3, 1, 0), "x", (0, 1), Vec::new()) },
        ],
    );
    let Some(mut page) = open(&prela, &trace(2)) else { return };
    page.click(".span-row", "resume");
    page.find(".links li", "whygoes on");
    page.click(".links a", &id(1)[..8]);
    page.find("h1", "first run");
    page.click(".links a", "resume");
    page.find("h1", "resume");
    page.close();
}
