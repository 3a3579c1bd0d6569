//! Reads requests.

use super::message::message;
use super::part::part;
use super::{count, list, member, owned_text, text};
use crate::genai::{Input, Message, Part, RequestParameters, Role, ToolDefinition};
use serde_json::Value as Json;

impl Input {
    /// Reads the request of any provider, or its list of messages.
    pub fn read(request: &Json) -> Self {
        let is_request = ["messages", "input", "contents", "prompt"];
        let Some(messages) = member(request, &is_request) else {
            return Self { messages: messages(request), ..Self::default() };
        };
        let system = ["system", "instructions", "systemInstruction", "system_instruction"];
        Self {
            messages: messages_of(messages, request),
            system_instructions: member(request, &system).map(instructions).unwrap_or_default(),
            tools: member(request, &["tools", "functions"])
                .map(ToolDefinition::read_all)
                .unwrap_or_default(),
        }
    }
}

/// Ollama's `generate` has the images of its prompt beside it.
fn messages_of(given: &Json, request: &Json) -> Vec<Message> {
    match (given.as_str(), request.get("images")) {
        (Some(prompt), Some(images)) => {
            let whole = serde_json::json!({"role": "user", "content": prompt, "images": images});
            message(&whole, Role::User).into_iter().collect()
        }
        _ => messages(given),
    }
}

/// Reads a list of messages, or one message. A list of parts becomes one message.
fn messages(json: &Json) -> Vec<Message> {
    let Some(all) = json.as_array() else {
        return message(json, Role::User).into_iter().collect();
    };
    let is_message = |it: &Json| it.is_string() || message(it, Role::User).is_some();
    let has_role = |it: &Json| it.get("role").is_some();
    let is_part = |it: &Json| it.get("type").is_some() || it.get("text").is_some();
    if !all.iter().any(has_role) && !all.iter().all(is_message) && all.iter().all(is_part) {
        let mut whole = Message::new(Role::User, "");
        whole.parts = all.iter().map(part).collect();
        return vec![whole];
    }
    all.iter().filter_map(|it| message(it, Role::User)).collect()
}

/// Text, a list of parts, or a message of Gemini's without a role.
fn instructions(json: &Json) -> Vec<Part> {
    match json {
        Json::Array(parts) => parts.iter().map(part).collect(),
        _ => message(json, Role::System).map(|message| message.parts).unwrap_or_default(),
    }
}

impl ToolDefinition {
    /// Reads a list of tools as any provider writes it.
    pub fn read_all(tools: &Json) -> Vec<Self> {
        // OpenAI's functions are one level further in, Gemini's in groups.
        let all = tools.as_array().map_or(std::slice::from_ref(tools), Vec::as_slice);
        let mut found = Vec::new();
        for tool in all {
            match list(tool, &["functionDeclarations", "function_declarations"]) {
                Some(group) => found.extend(group.iter().filter_map(tool_definition)),
                None => found.extend(tool_definition(tool)),
            }
        }
        found
    }
}

fn tool_definition(json: &Json) -> Option<ToolDefinition> {
    let inner = member(json, &["function", "custom"]).unwrap_or(json);
    let kind = text(json, &["type"]).unwrap_or("function");
    // A provider's own tools have a type and no name; Gemini's are a member without either.
    let named = text(inner, &["name"]).or_else(|| text(json, &["type"]));
    let name = named.or_else(|| Some(json.as_object()?.keys().next()?.as_str()))?;
    let schema = ["parameters", "input_schema", "inputSchema", "parametersJsonSchema"];
    Some(ToolDefinition {
        kind: kind.to_owned(),
        name: name.to_owned(),
        description: owned_text(inner, &["description"]),
        parameters: member(inner, &schema).cloned(),
    })
}

impl RequestParameters {
    /// Reads the request of any provider.
    pub fn read(request: &Json) -> Self {
        let nested = ["generationConfig", "generation_config", "options", "inferenceConfig"];
        // What Gemini, Ollama and Bedrock have in an object of its own, the others have at the top.
        let places = nested.iter().filter_map(|name| request.get(*name)).chain([request]);
        let find = |names: &[&str]| places.clone().find_map(|place| member(place, names));
        let number = |names: &[&str]| find(names).and_then(Json::as_f64);
        let texts = |names: &[&str]| match find(names) {
            Some(Json::String(one)) => vec![one.clone()],
            Some(Json::Array(all)) => {
                all.iter().filter_map(Json::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let most = ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"];
        Self {
            max_tokens: find(&most).or_else(|| find(&["num_predict", "maxTokens"])).and_then(count),
            temperature: number(&["temperature"]),
            top_p: number(&["top_p", "topP"]),
            top_k: number(&["top_k", "topK"]),
            frequency_penalty: number(&["frequency_penalty", "frequencyPenalty"]),
            presence_penalty: number(&["presence_penalty", "presencePenalty"]),
            stop_sequences: texts(&["stop", "stop_sequences", "stopSequences"]),
            seed: find(&["seed"]).and_then(Json::as_i64),
            choice_count: find(&["n", "candidateCount", "candidate_count"])
                .and_then(count)
                .filter(|count| *count != 1),
            stream: find(&["stream"]).and_then(Json::as_bool),
            output_type: output_type(find(&[
                "response_format",
                "responseMimeType",
                "format",
                "text",
            ])),
            encoding_formats: texts(&["encoding_format"]),
            dimension_count: find(&["dimensions", "outputDimensionality"]).and_then(count),
        }
    }
}

/// `{type}` of OpenAI's chat, `{format: {type}}` of its responses, a MIME type of Gemini, and of Ollama `json` or a
/// schema.
fn output_type(format: Option<&Json>) -> Option<String> {
    let format = format?;
    let format = format.get("format").unwrap_or(format);
    let word = match format {
        Json::String(word) => word.as_str(),
        _ => text(format, &["type"])?,
    };
    let known = match word {
        "text" | "text/plain" => "text",
        _ if word.contains("json") || word == "object" => "json",
        _ => return None,
    };
    Some(known.to_owned())
}
