//! Reads parts of messages.

use super::{member, owned_text, parsed, text};
use crate::genai::{Media, MediaSource, Part, ToolCall, ToolCallResponse};
use serde_json::{Value as Json, json};

impl Part {
    /// Reads a part as any provider writes it: text, or an object.
    pub fn read(json: &Json) -> Self {
        part(json)
    }
}

/// A part: text, or an object that has a `type` or, of Gemini and Bedrock, one member that says what it is.
pub(super) fn part(json: &Json) -> Part {
    if let Some(text) = json.as_str() {
        return Part::Text(text.to_owned());
    }
    let read = match text(json, &["type"]) {
        Some(kind) => typed(json, kind),
        None => untyped(json),
    };
    read.unwrap_or_else(|| other(json))
}

fn typed(json: &Json, kind: &str) -> Option<Part> {
    match kind {
        "text" | "input_text" | "output_text" | "summary_text" | "refusal" => {
            owned_text(json, &["text", "content", "refusal"]).map(Part::Text)
        }
        "reasoning" | "reasoning_text" | "thinking" => reasoning(json).map(Part::Reasoning),
        "tool_call_response"
        | "tool_result"
        | "function_call_output"
        | "custom_tool_call_output" => Some(tool_response(json).into()),
        _ if kind.ends_with("_tool_result") => Some(tool_response(json).into()),
        "tool_call" | "tool_use" | "server_tool_use" | "function_call" | "custom_tool_call"
        | "function" => tool_call(json).map(Part::ToolCall),
        _ => media(json, kind).map(Part::Media),
    }
}

fn untyped(json: &Json) -> Option<Part> {
    if let Some(words) = text(json, &["text"]) {
        let is_thought = json["thought"].as_bool() == Some(true);
        let words = words.to_owned();
        return Some(if is_thought { Part::Reasoning(words) } else { Part::Text(words) });
    }
    if let Some(call) = member(json, &["functionCall", "function_call", "toolUse"]) {
        return tool_call(call).map(Part::ToolCall);
    }
    if let Some(answer) = member(json, &["functionResponse", "function_response", "toolResult"]) {
        return Some(tool_response(answer).into());
    }
    if let Some(data) = member(json, &["inlineData", "inline_data"]) {
        return media(data, "inline_data").map(Part::Media);
    }
    let file = member(json, &["fileData", "file_data"])?;
    media(file, "file_data").map(Part::Media)
}

/// Reads a tool call: OpenAI's `{id, function: {name, arguments}}`, or flat as all others write it.
pub(super) fn tool_call(json: &Json) -> Option<ToolCall> {
    let function = member(json, &["function", "custom"]).unwrap_or(json);
    let arguments = member(function, &["arguments", "args", "input"]);
    Some(ToolCall {
        id: owned_text(json, &["call_id", "id", "toolUseId"]),
        name: owned_text(function, &["name"])?,
        arguments: arguments.map(parsed).unwrap_or_default(),
    })
}

fn tool_response(json: &Json) -> ToolCallResponse {
    let id = ["tool_use_id", "tool_call_id", "call_id", "toolUseId", "id"];
    let response = member(json, &["response", "result", "content", "output"]);
    ToolCallResponse {
        id: owned_text(json, &id),
        response: response.map(plain).unwrap_or_default(),
    }
}

/// The answer of a tool. A list of texts becomes one text.
pub(super) fn plain(response: &Json) -> Json {
    let texts = response.as_array().and_then(|parts| {
        let texts = parts.iter().map(|it| match part(it) {
            Part::Text(text) => Some(text),
            _ => None,
        });
        texts.collect::<Option<Vec<_>>>()
    });
    match texts {
        Some(texts) if !texts.is_empty() => texts.join("\n").into(),
        _ => response.clone(),
    }
}

/// A thought: text, or a list of texts.
pub(super) fn reasoning(json: &Json) -> Option<String> {
    if let Some(words) = owned_text(json, &["thinking", "content", "text", "reasoning"]) {
        return Some(words);
    }
    let texts = ["content", "summary"].iter().filter_map(|name| json[*name].as_array());
    let texts = texts.flatten().filter_map(|it| text(it, &["text"])).collect::<Vec<_>>();
    Some(texts.join("\n")).filter(|words| !words.is_empty())
}

fn media(json: &Json, kind: &str) -> Option<Media> {
    let modality = ["image", "audio", "video"].into_iter().find(|it| kind.contains(it));
    // The data is in an object of its own, or beside the type.
    let inner = member(json, &[kind, "source"]).filter(|inner| inner.is_object()).unwrap_or(json);
    let mime_type = owned_text(inner, &["mime_type", "media_type", "mimeType", "mime"])
        .or_else(|| text(inner, &["format"]).zip(modality).map(|(it, of)| format!("{of}/{it}")));
    let media = if let Some(id) = text(inner, &["file_id"]) {
        Media::new(mime_type, MediaSource::File(id.to_owned()))
    } else if let Some(data) = text(inner, &["data", "file_data"]) {
        located(mime_type, data, MediaSource::Blob)
    } else if let Some(uri) =
        text(inner, &["url", "uri", "fileUri", "file_uri", "file_url", "image_url", kind])
    {
        located(mime_type, uri, MediaSource::Uri)
    } else if kind == "blob" {
        Media::new(mime_type, MediaSource::Blob(owned_text(inner, &["content"])?))
    } else {
        return None;
    };
    Some(match text(json, &["modality"]).or(modality) {
        Some(modality) => media.modality(modality),
        None => media,
    })
}

/// Makes a blob of base64 in a `data:` URL, and of anything else what `make` makes.
fn located(mime_type: Option<String>, text: &str, make: fn(String) -> MediaSource) -> Media {
    let data = text.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    match data.and_then(|(head, data)| head.strip_suffix(";base64").zip(Some(data))) {
        Some((kind, data)) => Media::new(Some(kind.to_owned()), MediaSource::Blob(data.to_owned())),
        None => Media::new(mime_type, make(text.to_owned())),
    }
}

/// Any other part. The conventions ask for a `type`; without one the name of the first member is taken.
fn other(json: &Json) -> Part {
    let Some(object) = json.as_object() else {
        return Part::Other(json!({"type": "unknown", "content": json}));
    };
    let mut object = object.clone();
    if !object.get("type").is_some_and(Json::is_string) {
        let kind = object.keys().next().cloned().unwrap_or_else(|| "unknown".into());
        object.insert("type".into(), kind.into());
    }
    Part::Other(object.into())
}
