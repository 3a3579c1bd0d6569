//! The JSON of providers: OpenAI's chat completions and responses, Anthropic's messages, Gemini's
//! `generateContent`, Ollama's chat and generate, Bedrock's converse, and the schemas of the conventions.
//!
//! One reader takes all of them: where two use the same name they mean the same, so that compatible servers that
//! mix them are read as well. Depth is bounded by `serde_json`'s own limit.

mod answer;
mod message;
mod part;
mod request;
mod usage;

pub(super) use self::answer::output;

use serde_json::Value as Json;

/// The first of these members that is there and is not `null`.
fn member<'a>(json: &'a Json, names: &[&str]) -> Option<&'a Json> {
    let object = json.as_object()?;
    names.iter().filter_map(|name| object.get(*name)).find(|value| !value.is_null())
}

/// The first of these members that is text.
fn text<'a>(json: &'a Json, names: &[&str]) -> Option<&'a str> {
    let object = json.as_object()?;
    names.iter().find_map(|name| object.get(*name)?.as_str())
}

fn owned_text(json: &Json, names: &[&str]) -> Option<String> {
    text(json, names).map(str::to_owned)
}

/// The elements of the first of these members that is a list.
fn list<'a>(json: &'a Json, names: &[&str]) -> Option<&'a [Json]> {
    let object = json.as_object()?;
    names.iter().find_map(|name| object.get(*name)?.as_array()).map(Vec::as_slice)
}

/// A count; some write it as a double.
fn count(json: &Json) -> Option<u64> {
    let of_double = |number: f64| {
        let is_count = (0.0..=9e15).contains(&number) && number.fract() == 0.0;
        is_count.then(|| number.to_string().parse().ok()).flatten()
    };
    json.as_u64().or_else(|| of_double(json.as_f64()?))
}

/// Parses JSON that is written as text, as arguments of tools are. Text that is no JSON stays.
fn parsed(json: &Json) -> Json {
    match json.as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| json.clone()),
        None => json.clone(),
    }
}
