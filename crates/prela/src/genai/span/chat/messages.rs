//! Writes messages in the schemas that backends read.

use super::{traceloop, write_value};
use crate::genai::span::content::{follows, write_list};
use crate::genai::{FinishReason, Input, Message, Part, Role, ToolDefinition, Transcript};
use crate::semconv::{Conventions, Side, genai, openinference as oi};
use crate::{Span, Value};
use opentelemetry::Key;
use serde_json::Value as Json;

pub(super) fn write_input(span: &Span, input: &Input) {
    let Input { messages, system_instructions, tools } = input;
    let mut pairs = vec![(genai::INPUT_MESSAGES, json(messages.iter().map(Message::to_json)))];
    if !system_instructions.is_empty() {
        let parts = json(system_instructions.iter().map(Part::to_json));
        pairs.push((genai::SYSTEM_INSTRUCTIONS, parts));
    }
    write(span, pairs);
    if !span.content().is_on_spans() {
        return;
    }
    if !tools.is_empty() {
        write_tools(span, tools);
    }
    // A backend that reads this alone must see the instructions, too.
    let system = (!system_instructions.is_empty()).then(|| {
        let message = Message::system("");
        system_instructions.iter().fold(message, |message, part| message.part(part.clone()))
    });
    let all: Vec<_> = system.into_iter().chain(messages.iter().cloned()).collect();
    write_value(span, Side::Input, &all);
    if follows(span, Conventions::OPENINFERENCE) {
        write_list(span, flat(oi::INPUT_MESSAGES, &all));
    }
    if follows(span, Conventions::TRACELOOP) {
        write_list(span, traceloop::prompt(&all));
    }
}

pub(super) fn write_tools(span: &Span, tools: &[ToolDefinition]) {
    span.set_attribute(genai::TOOL_DEFINITIONS, json(tools.iter().map(ToolDefinition::to_json)));
    if follows(span, Conventions::OPENINFERENCE) {
        let schemas = tools.iter().enumerate().map(|(at, tool)| {
            (format!("{}.{at}.tool.json_schema", oi::TOOLS), tool.to_json().to_string().into())
        });
        write_list(span, schemas.collect());
    }
    if follows(span, Conventions::TRACELOOP) {
        write_list(span, traceloop::functions(tools));
    }
}

pub(super) fn write_output(span: &Span, output: Transcript) {
    let is_failed = span.is_failed();
    let told = match span.attribute(genai::RESPONSE_FINISH_REASONS) {
        Some(Value::Array(reasons)) => reasons,
        _ => Vec::new(),
    };
    let default = |at: usize| match told.get(at) {
        Some(Value::String(reason)) => FinishReason::from(reason.as_str()),
        _ if is_failed => FinishReason::Error,
        _ => FinishReason::Stop,
    };
    let messages = output.into_output_or(default);
    write(span, vec![(genai::OUTPUT_MESSAGES, json(messages.iter().map(Message::to_json)))]);
    if told.is_empty() {
        let reasons = messages.iter().filter_map(|it| Some(it.finish_reason.as_ref()?.to_string()));
        span.set_attribute(genai::RESPONSE_FINISH_REASONS, reasons.collect::<Vec<_>>());
    }
    if !span.content().is_on_spans() {
        return;
    }
    write_value(span, Side::Output, &messages);
    if follows(span, Conventions::OPENINFERENCE) {
        write_list(span, flat(oi::OUTPUT_MESSAGES, &messages));
    }
    if follows(span, Conventions::TRACELOOP) {
        write_list(span, traceloop::completion(&messages));
    }
}

/// Writes content on the span, into an event, or both.
fn write(span: &Span, pairs: Vec<(&'static str, String)>) {
    let content = span.content();
    if content.is_in_events() {
        let own = [genai::PROVIDER_NAME, genai::REQUEST_MODEL];
        let own = own.into_iter().filter_map(|key| Some((Key::from(key), span.attribute(key)?)));
        let pairs = pairs.iter().map(|(key, text)| (Key::from(*key), text.as_str().into()));
        span.add_to_event(genai::INFERENCE_DETAILS_EVENT, own.chain(pairs).collect());
    }
    if content.is_on_spans() {
        for (key, text) in pairs {
            span.set_attribute(key, text);
        }
    }
}

fn json(values: impl Iterator<Item = Json>) -> String {
    values.collect::<Json>().to_string()
}

/// OpenInference's attributes of messages, one for each of their parts.
fn flat(prefix: &str, messages: &[Message]) -> Vec<(String, Value)> {
    let mut pairs = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let key = |rest: &str| format!("{prefix}.{at}.message.{rest}");
        pairs.push((key("role"), message.role.as_str().into()));
        let texts: Vec<_> = message.parts.iter().filter_map(Part::text).collect();
        match texts.as_slice() {
            [] => {}
            [text] => pairs.push((key("content"), (*text).into())),
            texts => {
                for (nth, text) in texts.iter().enumerate() {
                    let key = |rest| key(&format!("contents.{nth}.message_content.{rest}"));
                    pairs.push((key("type"), "text".into()));
                    pairs.push((key("text"), (*text).into()));
                }
            }
        }
        for (nth, call) in message.tool_calls().enumerate() {
            let key = |rest| key(&format!("tool_calls.{nth}.tool_call.{rest}"));
            pairs.push((key("id"), call.id.clone().into()));
            pairs.push((key("function.name"), call.name.as_str().into()));
            pairs.push((key("function.arguments"), call.arguments.to_string().into()));
        }
        for part in &message.parts {
            let Part::ToolCallResponse(answer) = part else { continue };
            let text = answer.response.as_str().map(str::to_owned);
            pairs.push((key("tool_call_id"), answer.id.clone().into()));
            pairs
                .push((key("content"), text.unwrap_or_else(|| answer.response.to_string()).into()));
        }
        if let (Role::Tool, Some(name)) = (&message.role, &message.name) {
            pairs.push((key("name"), name.as_str().into()));
        }
    }
    pairs
}

impl Span {
    /// Whether its status is an error so far.
    pub(super) fn is_failed(&self) -> bool {
        self.record().is_some_and(|record| record.is_failed() == Some(true))
    }
}
