//! The traces that came in from a program that has ended.

use crate::doctor::{Doctor, Finding, Kind};
use crate::query::{Cursor, Filter, Reader, TraceSummary, Usage};
use crate::render::{BOLD, DIM, RED, YELLOW, clean, dollars, trace_took, usage};
use crate::server::Hello;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// The traces that came in from a program. As JSON it is an object of these fields.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    run: String,
    /// The traces of the run, the newest first.
    traces: Vec<TraceSummary>,
    findings: Vec<Finding>,
}

impl Summary {
    /// The traces that name this run. If none does, since the program sends no resource attributes: those that
    /// came in since `begin`, unless the collector `is_shared` and they may be another program's.
    pub(super) fn of(
        store: &Path,
        run: &str,
        begin: Cursor,
        is_shared: bool,
    ) -> anyhow::Result<Self> {
        let reader = Reader::open(store)?;
        let filter = Filter { run: Some(run.to_owned()), limit: Filter::MOST, ..Filter::default() };
        let mut traces = reader.list(&filter)?;
        if traces.is_empty() && !is_shared {
            traces = reader.changes(begin)?.traces;
            traces.reverse();
        }
        let doctor = Doctor::new(&reader);
        let mut findings = doctor.of_newest(traces.len().min(EXAMINED))?;
        findings.retain(|it| traces.iter().any(|trace| trace.trace_id == it.trace_id));
        Ok(Self { run: run.to_owned(), traces, findings })
    }

    pub(super) fn print(
        &self,
        err: &mut dyn Write,
        hello: &Hello,
        is_lasting: bool,
        is_json: bool,
    ) -> anyhow::Result<()> {
        if is_json {
            writeln!(err, "{}", serde_json::to_string(self)?)?;
            return Ok(());
        }
        if self.traces.is_empty() {
            writeln!(
                err,
                "prela: no traces came in. Does it send OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT, and flush \
                 before it ends?"
            )?;
            return Ok(());
        }
        writeln!(err, "{BOLD}prela:{BOLD:#} {}", self.sums())?;
        for trace in self.traces.iter().take(SHOWN) {
            line(err, trace)?;
        }
        if let Some(more @ 1..) = self.traces.len().checked_sub(SHOWN) {
            writeln!(err, "  {DIM}and {more} more: prela list{DIM:#}")?;
        }
        for finding in self.findings.iter().take(SHOWN) {
            warn(err, finding)?;
        }
        self.point_on(err, hello, is_lasting)?;
        Ok(())
    }

    fn sums(&self) -> String {
        let sum = |of: fn(&TraceSummary) -> u64| self.traces.iter().map(of).sum::<u64>();
        let mut parts = vec![
            counted(self.traces.len() as u64, "trace"),
            counted(sum(|it| it.spans), "span"),
            counted(sum(|it| it.errors), "error"),
        ];
        let used = self.traces.iter().map(TraceSummary::usage).fold(Usage::default(), Usage::plus);
        if used.input_tokens > 0 || used.output_tokens > 0 {
            parts.push(format!("{} tokens", usage(Usage { cost_nusd: 0, ..used })));
        }
        if used.cost_nusd > 0 {
            parts.push(dollars(used.cost_nusd));
        }
        if !self.findings.is_empty() {
            parts.push(counted(self.findings.len() as u64, "broken link"));
        }
        parts.join(" · ")
    }

    /// Prints which commands show more, and the page's address if its server `is_lasting`.
    fn point_on(&self, err: &mut dyn Write, hello: &Hello, is_lasting: bool) -> io::Result<()> {
        // The largest trace tells most.
        let Some(trace) = self.traces.iter().max_by_key(|it| it.spans) else { return Ok(()) };
        let mut ways = vec![format!("prela show {}", &trace.trace_id.to_string()[..8])];
        if self.traces.iter().any(|it| it.errors > 0) {
            ways.push("prela errors".to_owned());
        }
        if !self.findings.is_empty() {
            ways.push("prela doctor".to_owned());
        }
        let page = || format!("{}#/trace/{}", hello.page_url(), &trace.trace_id.to_string()[..8]);
        ways.extend(is_lasting.then(page));
        writeln!(err, "  look: {}", ways.join(" · "))
    }
}

fn line(err: &mut dyn Write, trace: &TraceSummary) -> io::Result<()> {
    let id = &trace.trace_id.to_string()[..16];
    let (mark, style) = if trace.errors > 0 { ("✗ ", RED) } else { ("", anstyle::Style::new()) };
    // Its process has ended, so what has no end will never have one.
    let took = trace_took(&TraceSummary { unfinished: trace.open, ..trace.clone() });
    let name = clean(&trace.name);
    writeln!(
        err,
        "  {id}  {style}{mark}{name}{style:#}  {DIM}{took} · {}{DIM:#}",
        counted(trace.spans, "span")
    )
}

fn warn(err: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let what = match finding.kind {
        Kind::Orphan => "lost its parent",
        Kind::StrayRoot => "is a trace of its own",
    };
    write!(err, "  {YELLOW}⚠ `{}` {what}{YELLOW:#}", clean(&finding.name))?;
    match &finding.parent {
        Some(parent) => writeln!(err, ", and probably belongs under `{}`", clean(&parent.name)),
        None => writeln!(err),
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The most traces, and the most findings, that have a line.
const SHOWN: usize = 5;
/// The most traces that the doctor examines.
const EXAMINED: usize = 1_000;
