//! A trace as a page of its own: one file that opens without a server and without a network.

use super::assets::{Asset, assets};
use super::columns::{columns, details, finding};
use crate::doctor::Finding;
use crate::query::Trace;
use serde_json::{Value, json};
use std::hash::{BuildHasher as _, RandomState};

/// Whether a page has prompts, answers and the like in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Everything as it was stored.
    Whole,
    /// Without prompts, answers, documents, and arguments and results of tools.
    Without,
}

/// The page with a trace in it.
pub fn file(trace: &Trace, findings: &[Finding], content: Content) -> String {
    let mut data = json!({
        "view": columns(trace),
        "findings": findings.iter().map(|it| finding(trace, it)).collect::<Vec<_>>(),
        "details": details(trace),
    });
    if content == Content::Without {
        leave_out(&mut data["details"]);
    }
    // Only `<` could end the script element, or change how it is parsed.
    let data = data.to_string().replace('<', "\\u003c");
    // Only scripts of this file run: whoever made the trace cannot know the nonce.
    let nonce = format!("{:016x}", RandomState::new().hash_one(data.len()));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    );
    let of_kind = |extension: &'static str| {
        assets().iter().filter(move |asset| asset.name.ends_with(extension))
    };
    let styles: String = of_kind(".css").map(|asset| asset.text).collect();
    let script: String = of_kind(".js").map(inline).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Prela</title>\n\
         <style nonce=\"{nonce}\">\n{styles}</style>\n<body>\n\
         <script type=\"application/json\" id=\"trace\">{data}</script>\n\
         <script type=\"module\" nonce=\"{nonce}\">\n{script}</script>\n"
    )
}

/// A module without its imports and exports: all modules become one, so their top-level names must differ.
fn inline(asset: &Asset) -> String {
    let mut text = String::with_capacity(asset.text.len());
    let mut is_import = false;
    for line in asset.text.split_inclusive('\n') {
        is_import |= line.starts_with("import ");
        if is_import {
            is_import = !line.trim_end().ends_with(';');
            continue;
        }
        text.push_str(line.strip_prefix("export ").unwrap_or(line));
    }
    text
}

/// Replaces values of attributes and bodies of logs that hold what was said.
fn leave_out(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_content = object.get("key").and_then(Value::as_str).is_some_and(is_content);
            if is_content && object.contains_key("value") {
                object.insert("value".to_owned(), json!({ "stringValue": LEFT_OUT }));
            }
            // Only a log record has a body.
            if object.contains_key("body") && !object.contains_key("key") {
                object.insert("body".to_owned(), json!({ "stringValue": LEFT_OUT }));
            }
            object.values_mut().for_each(leave_out);
        }
        Value::Array(list) => list.iter_mut().for_each(leave_out),
        _ => {}
    }
}

fn is_content(key: &str) -> bool {
    const PARTS: [&str; 13] = [
        "message",
        "prompt",
        "completion",
        "document",
        "arguments",
        "result",
        "input",
        "output",
        "content",
        "query",
        "instructions",
        "parameters",
        "stacktrace",
    ];
    const COUNTS: [&str; 4] = ["token", "mime_type", "results_count", "cost"];
    PARTS.iter().any(|part| key.contains(part)) && !COUNTS.iter().any(|part| key.contains(part))
}

const LEFT_OUT: &str = "(left out)";
