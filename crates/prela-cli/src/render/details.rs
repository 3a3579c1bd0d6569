//! All that is known of each span, uncut.

use super::rows::Row;
use super::text::{clean, width_of_output, wrap};
use super::units::{duration, span_took};
use super::{BOLD, DIM, RED, YELLOW};
use crate::doctor::{Finding, Kind};
use crate::otlp::{Said, conversation, json_of, plain, value_of};
use crate::query::{Span, Trace};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::Value as Json;
use std::io::{self, Write};

/// Prints every span of a trace with its attributes, events and links, and then the logs. Messages of
/// models are printed as a conversation.
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
        let body = log.message.body.as_ref().map_or(Json::Null, json_of);
        let at = duration(log.time_ns.saturating_sub(begin));
        writeln!(out, "\n{BOLD}log{BOLD:#} {DIM}+{at}{DIM:#}")?;
        block(out, "  ", &plain(&body))?;
    }
    Ok(())
}

/// Prints a span with its attributes, events and links; `begin` is the start of its trace.
///
/// # Errors
///
/// Those of the output.
pub fn of_span(out: &mut dyn Write, span: &Span, begin: i64) -> io::Result<()> {
    let took = span_took(span);
    let at = duration(span.start_ns.saturating_sub(begin));
    let service = match clean(span.service()) {
        service if service.is_empty() => service,
        service => format!("{service} "),
    };
    let (name, id) = (clean(span.name()), span.span_id);
    writeln!(out, "\n{BOLD}{name}{BOLD:#} {DIM}{service}· span {id} · +{at} · {took}{DIM:#}")?;
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
        let value = value_of(pair);
        if let Some(messages) = conversation(&value) {
            writeln!(out, "{indent}{key}")?;
            for Said { role, text } in messages {
                writeln!(out, "{indent}  {BOLD}{}{BOLD:#}", clean(&role))?;
                block(out, &format!("{indent}    "), &text)?;
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

/// Says of each finding what it is, why, and what to write.
pub(crate) fn findings(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let name = clean(&finding.name);
        let id = &finding.trace_id.to_string()[..16];
        let what = match finding.kind {
            Kind::Orphan => "lost its parent",
            Kind::StrayRoot => "is a trace of its own",
        };
        writeln!(out, "\n{YELLOW}⚠ `{name}` {what}{YELLOW:#} {DIM}(trace {id}){DIM:#}")?;
        if let Some(parent) = &finding.parent {
            writeln!(out, "  probably belongs under {BOLD}`{}`{BOLD:#}", clean(&parent.name))?;
        }
        let room = width_of_output().saturating_sub(9);
        for (at, line) in wrap(&clean(&finding.reason), room).iter().enumerate() {
            writeln!(out, "  {} {line}", if at == 0 { "why:  " } else { "      " })?;
        }
        for (at, line) in finding.code.lines().enumerate() {
            writeln!(out, "  {} {}", if at == 0 { "write:" } else { "      " }, clean(line))?;
        }
    }
    Ok(())
}
