//! The answers.

use super::ask::{self, Ask};
use super::page::Answer;
use super::{overview, part};
use crate::doctor::Doctor;
use crate::query::{Change, Filter, Reader, Side, SpanDiff, SpanHit, TraceSummary};
use crate::render::{self, clean};
use crate::render::{age, ago, findings as print_findings};
use anstream::StripStream;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Answers a question to the store.
///
/// # Errors
///
/// There is no store, or what is asked for is not there.
pub(super) fn to(ask: &Ask, store: &Path) -> anyhow::Result<String> {
    let reader = Reader::open(store)?;
    match ask {
        Ask::List(ask) => list(&reader, ask),
        Ask::Show(ask) => show(&reader, ask),
        Ask::Errors(ask) => {
            let hits = reader.errors(&filter(ask.limit, ask.since))?;
            Ok(found(&hits, "No span failed."))
        }
        Ask::Search(ask) => {
            let hits = reader.search(&ask.query, &filter(ask.limit, ask.since))?;
            Ok(found(&hits, "No span has this in it."))
        }
        Ask::Diff(ask) => diff(&reader, ask),
        Ask::Doctor(ask) => doctor(&reader, ask),
    }
}

fn filter(limit: Option<usize>, since: Option<Duration>) -> Filter {
    let limit = limit.unwrap_or(20).clamp(1, MOST);
    Filter { limit, since_ns: since.map(ago), ..Filter::default() }
}

fn list(reader: &Reader, ask: &ask::List) -> anyhow::Result<String> {
    let filter = Filter {
        service: ask.service.clone(),
        name: ask.name.clone(),
        errors_only: ask.errors,
        ..filter(ask.limit, ask.since)
    };
    let traces = reader.list(&filter)?;
    let mut answer = Answer::default();
    if traces.is_empty() {
        answer.say("There is no such trace.");
    }
    let lines: Vec<_> = traces.iter().map(trace_line).collect();
    answer.page(&lines, 0);
    Ok(answer.into_text())
}

fn trace_line(trace: &TraceSummary) -> String {
    let took = render::trace_took(trace);
    let mut line = format!(
        "{}  {}  {took}  {}",
        &trace.trace_id.to_string()[..16],
        short(&trace.name, 80),
        overview::counted(trace.spans, "span")
    );
    if trace.errors > 0 {
        line += &format!("  {}", overview::counted(trace.errors, "error"));
    }
    let usage = overview::usage(trace.usage());
    format!("{line}{usage}  {} ago  {}", age(trace.start_ns), short(&trace.service, 40))
}

fn show(reader: &Reader, ask: &ask::Show) -> anyhow::Result<String> {
    let trace = reader.trace(Doctor::new(reader).find(&ask.trace)?)?;
    if ask.is_of_a_part() {
        return part::of(&trace, ask);
    }
    let findings = Doctor::new(reader).of_trace(&trace)?;
    Ok(overview::of(&trace, findings.len()))
}

fn found(hits: &[SpanHit], none: &str) -> String {
    let mut answer = Answer::default();
    if hits.is_empty() {
        answer.say(none);
    }
    let lines: Vec<_> = hits.iter().map(hit_line).collect();
    answer.page(&lines, 0);
    answer.into_text()
}

fn hit_line(hit: &SpanHit) -> String {
    let mark = if hit.is_error { "✗ " } else { "" };
    let (place, text) = if hit.found_in.is_empty() {
        (String::new(), &hit.status_message)
    } else {
        (format!("{}: ", clean(&hit.found_in)), &hit.excerpt)
    };
    format!(
        "{} {}  {mark}{}  in {}  {} ago  {place}{}",
        &hit.trace_id.to_string()[..16],
        overview::digits(hit.span_id),
        short(&hit.name, 60),
        short(&hit.trace_name, 60),
        age(hit.start_ns),
        clean(text)
    )
}

fn diff(reader: &Reader, ask: &ask::Two) -> anyhow::Result<String> {
    let doctor = Doctor::new(reader);
    let mut diff = reader.diff(doctor.find(&ask.a)?, doctor.find(&ask.b)?)?;
    let all = diff.spans.len();
    // Spans that take about as long as before are not worth a line.
    let worth = diff.a.duration_ns.max(diff.b.duration_ns) / 20;
    diff.spans.retain(|span| span.change != Change::Same || slower(span) > worth);
    let left_out = all - diff.spans.len();
    let lines = lines(|out| render::diff(out, &diff, WIDTH))?;
    let mut answer = Answer::default();
    if left_out > 0 {
        answer.say(&format!("{left_out} of {all} spans are the same and left out."));
    }
    answer.page(&lines, ask.offset);
    Ok(answer.into_text())
}

/// By how much a span became slower or faster, in nanoseconds.
fn slower(span: &SpanDiff) -> i64 {
    let took = |side: &Option<Side>| side.as_ref().and_then(|side| side.duration_ns);
    match (took(&span.a), took(&span.b)) {
        (Some(a), Some(b)) => b.saturating_sub(a).saturating_abs(),
        _ => 0,
    }
}

fn doctor(reader: &Reader, ask: &ask::Doctor) -> anyhow::Result<String> {
    let doctor = Doctor::new(reader);
    let findings = match &ask.trace {
        Some(trace) => doctor.of_trace(&reader.trace(doctor.find(trace)?)?)?,
        None => doctor.of_newest(ask.limit.unwrap_or(MOST).clamp(1, MOST))?,
    };
    let mut answer = Answer::default();
    if findings.is_empty() {
        answer.say("No broken links: every span that was looked at has its place.");
    }
    answer.page(&lines(|out| print_findings(out, &findings))?, ask.offset);
    Ok(answer.into_text())
}

/// What is printed, in lines, without colours.
pub(super) fn lines(
    print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<Vec<String>> {
    let mut out = StripStream::new(Vec::new());
    print(&mut out)?;
    let text = String::from_utf8_lossy(&out.into_inner()).into_owned();
    Ok(text.lines().map(str::to_owned).collect())
}

/// A text in one line of at most `most` characters.
pub(super) fn short(text: &str, most: usize) -> String {
    let mut cleaned = clean(text);
    if cleaned.chars().count() > most {
        cleaned = cleaned.chars().take(most.saturating_sub(1)).chain(['…']).collect();
    }
    cleaned
}

const MOST: usize = 100;
const WIDTH: usize = 100;
