//! All that is known of each span, to be read to the end: nothing is cut.

use super::rows::Row;
use super::text::clean;
use super::units::duration;
use super::{BOLD, DIM, RED};
use crate::query::{Span, Trace};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value as Json;
use std::io::{self, Write};

/// Prints every span of a trace with its attributes, events and links. Messages of models are printed
/// as the conversation that they are.
///
/// # Errors
///
/// Those of the output.
pub fn details(out: &mut dyn Write, trace: &Trace, rows: &[Row]) -> io::Result<()> {
    let begin = trace.summary.start_ns;
    for span in rows.iter().filter_map(|row| row.span).map(|at| &trace.spans[at]) {
        of_span(out, span, begin)?;
    }
    for log in &trace.logs {
        let body = log.message.body.as_ref().map_or(Json::Null, json);
        let at = duration(log.time_ns.saturating_sub(begin));
        writeln!(out, "\n{BOLD}log{BOLD:#} {DIM}+{at}{DIM:#}")?;
        block(out, "  ", &plain(&body))?;
    }
    Ok(())
}

fn of_span(out: &mut dyn Write, span: &Span, begin: i64) -> io::Result<()> {
    let took = span.duration_ns().map_or_else(|| "running".to_owned(), duration);
    let at = duration(span.start_ns.saturating_sub(begin));
    writeln!(
        out,
        "\n{BOLD}{}{BOLD:#} {DIM}{} · span {} · +{at} · {took}{DIM:#}",
        clean(span.name()),
        clean(span.service()),
        span.span_id
    )?;
    if span.is_error() {
        writeln!(out, "  {RED}error{RED:#}")?;
        block(out, "    ", span.status_message())?;
    }
    attributes(out, "  ", &span.message.attributes)?;
    for event in &span.message.events {
        let time = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
        let at = duration(time.saturating_sub(begin));
        writeln!(out, "  event {} {DIM}+{at}{DIM:#}", clean(&event.name))?;
        attributes(out, "    ", &event.attributes)?;
    }
    for link in &span.message.links {
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        writeln!(out, "  link to span {} of trace {}", hex(&link.span_id), hex(&link.trace_id))?;
        attributes(out, "    ", &link.attributes)?;
    }
    Ok(())
}

fn attributes(out: &mut dyn Write, indent: &str, all: &[KeyValue]) -> io::Result<()> {
    for pair in all {
        let key = clean(&pair.key);
        let value = pair.value.as_ref().map_or(Json::Null, json);
        // Messages come as structures, or as a text of JSON.
        let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        if let Some(messages) = messages(parsed.as_ref().unwrap_or(&value)) {
            writeln!(out, "{indent}{key}")?;
            for (role, content) in messages {
                writeln!(out, "{indent}  {BOLD}{}{BOLD:#}", clean(&role))?;
                block(out, &format!("{indent}    "), &content)?;
            }
            continue;
        }
        let text = plain(&value);
        if text.contains('\n') {
            writeln!(out, "{indent}{key}")?;
            block(out, &format!("{indent}  "), &text)?;
        } else {
            writeln!(out, "{indent}{key} {DIM}={DIM:#} {}", clean(&text))?;
        }
    }
    Ok(())
}

fn block(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    text.lines().try_for_each(|line| writeln!(out, "{indent}{}", clean(line)))
}

/// Who said what, if these are messages.
fn messages(value: &Json) -> Option<Vec<(String, String)>> {
    let message = |message: &Json| {
        let role = message.get("role")?.as_str()?;
        let parts = ["parts", "content", "tool_calls"].iter().filter_map(|key| message.get(*key));
        let parts: Vec<_> = parts.map(content).filter(|text| !text.is_empty()).collect();
        Some((role.to_owned(), parts.join("\n")))
    };
    let all = value.as_array().filter(|all| !all.is_empty())?;
    all.iter().map(message).collect()
}

/// What a part of a message says: its text, else all of it.
fn content(part: &Json) -> String {
    match part {
        Json::Array(parts) => parts.iter().map(content).collect::<Vec<_>>().join("\n"),
        Json::Object(fields) => {
            let text = ["content", "text"].iter().find_map(|key| fields.get(*key)?.as_str());
            text.map_or_else(|| part.to_string(), str::to_owned)
        }
        Json::Null => String::new(),
        other => plain(other),
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn json(value: &AnyValue) -> Json {
    match &value.value {
        Some(Value::StringValue(text)) => text.as_str().into(),
        Some(Value::BoolValue(value)) => (*value).into(),
        Some(Value::IntValue(number)) => (*number).into(),
        // JSON has no NaN; people have.
        Some(Value::DoubleValue(number)) if !number.is_finite() => number.to_string().into(),
        Some(Value::DoubleValue(number)) => (*number).into(),
        Some(Value::BytesValue(bytes)) => format!("{} bytes", bytes.len()).into(),
        Some(Value::ArrayValue(list)) => list.values.iter().map(json).collect(),
        Some(Value::KvlistValue(map)) => {
            let pair =
                |pair: &KeyValue| (pair.key.clone(), pair.value.as_ref().map_or(Json::Null, json));
            Json::Object(map.values.iter().map(pair).collect())
        }
        _ => Json::Null,
    }
}
