//! Messages as OpenLLMetry wrote them before there was a convention: an attribute for each part of each.

use crate::Value;
use crate::genai::{Message, Part, ToolDefinition};
use crate::semconv::{TRACELOOP_COMPLETION, TRACELOOP_FUNCTIONS, TRACELOOP_PROMPT};
use serde_json::Value as Json;

type Pairs = Vec<(String, Value)>;

/// The attributes of messages to a model: `gen_ai.prompt.0.role`, `gen_ai.prompt.0.content` and the like.
pub(super) fn prompt(messages: &[Message]) -> Pairs {
    flat(TRACELOOP_PROMPT, messages)
}

/// The attributes of messages of a model: `gen_ai.completion.0.content` and the like, with the reason why each ended.
pub(super) fn completion(messages: &[Message]) -> Pairs {
    let mut pairs = flat(TRACELOOP_COMPLETION, messages);
    for (at, message) in messages.iter().enumerate() {
        if let Some(reason) = &message.finish_reason {
            let key = format!("{TRACELOOP_COMPLETION}.{at}.finish_reason");
            pairs.push((key, reason.to_string().into()));
        }
    }
    pairs
}

/// The attributes of the tools that are offered: `llm.request.functions.0.name` and the like.
pub(super) fn functions(tools: &[ToolDefinition]) -> Pairs {
    let mut pairs = Pairs::new();
    for (at, tool) in tools.iter().enumerate() {
        let tool = tool.to_json();
        for name in ["name", "description", "parameters"] {
            let text = match &tool[name] {
                Json::Null => continue,
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            pairs.push((format!("{TRACELOOP_FUNCTIONS}.{at}.{name}"), text.into()));
        }
    }
    pairs
}

fn flat(prefix: &str, messages: &[Message]) -> Pairs {
    let mut pairs = Pairs::new();
    for (at, message) in messages.iter().enumerate() {
        let key = |rest: &str| format!("{prefix}.{at}.{rest}");
        pairs.push((key("role"), message.role.as_str().into()));
        let is_content = |part: &&Part| !matches!(part, Part::ToolCall(_));
        let content: Vec<_> = message.parts.iter().filter(is_content).collect();
        let text = match content[..] {
            [] => None,
            [Part::ToolCallResponse(answer)] => {
                pairs.push((key("tool_call_id"), answer.id.clone().into()));
                Some(
                    answer
                        .response
                        .as_str()
                        .map_or_else(|| answer.response.to_string(), str::to_owned),
                )
            }
            [part] if part.text().is_some() => part.text().map(str::to_owned),
            _ => Some(content.iter().map(|part| part.to_json()).collect::<Json>().to_string()),
        };
        pairs.extend(text.map(|text| (key("content"), text.into())));
        for (nth, call) in message.tool_calls().enumerate() {
            let key = |rest| key(&format!("tool_calls.{nth}.{rest}"));
            pairs.push((key("id"), call.id.clone().into()));
            pairs.push((key("name"), call.name.as_str().into()));
            pairs.push((key("arguments"), call.arguments.to_string().into()));
        }
    }
    pairs
}
