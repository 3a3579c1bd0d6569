//! Which traces are asked for.

use rusqlite::types::Value;

/// Which traces are asked for: those to which all conditions apply, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The most traces, or spans, of an answer.
    pub limit: usize,
    /// The earliest start; nanoseconds since 1970.
    pub since_ns: Option<i64>,
    /// The time before which a trace began; nanoseconds since 1970.
    pub until_ns: Option<i64>,
    /// [`TraceSummary::service`](super::TraceSummary::service), in full.
    pub service: Option<String>,
    /// A part of the root's name, in any case of its ASCII letters.
    pub name: Option<String>,
    /// Whether only traces with a failed span are asked for.
    pub errors_only: bool,
    /// The shortest duration, in nanoseconds.
    pub min_duration_ns: Option<i64>,
    /// The run, which is one start of a process: `prela.run.id` or `service.instance.id`.
    pub run: Option<String>,
}

impl Default for Filter {
    /// The newest 20 of all traces.
    fn default() -> Self {
        Self {
            limit: 20,
            since_ns: None,
            until_ns: None,
            service: None,
            name: None,
            errors_only: false,
            min_duration_ns: None,
            run: None,
        }
    }
}

impl Filter {
    /// The largest limit that a question from outside may set.
    pub const MOST: usize = 10_000;

    /// The conditions on table `trace`, and the values of their `?`.
    pub(super) fn conditions(&self) -> (String, Vec<Value>) {
        let mut sql = String::from("trace.spans > 0");
        let mut values = Vec::new();
        let mut with = |condition: &str, value: Value| {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        };
        if let Some(since) = self.since_ns {
            with("trace.start_ns >= ?", since.into());
        }
        if let Some(until) = self.until_ns {
            with("trace.start_ns < ?", until.into());
        }
        if let Some(duration) = self.min_duration_ns {
            with("trace.end_ns - trace.start_ns >= ?", duration.into());
        }
        if let Some(service) = &self.service {
            with("trace.service = (SELECT id FROM str WHERE s = ?)", service.clone().into());
        }
        if let Some(run) = &self.run {
            with("trace.run = (SELECT id FROM run WHERE run_id = ?)", run.clone().into());
        }
        if let Some(name) = &self.name {
            // LIKE would take the underscores of names for wildcards.
            with(
                "instr(lower((SELECT s FROM str WHERE id = trace.root_name)), lower(?)) > 0",
                name.clone().into(),
            );
        }
        if self.errors_only {
            sql.push_str(" AND trace.errors > 0");
        }
        (sql, values)
    }

    /// The limit as SQLite's `LIMIT`.
    pub(super) fn sql_limit(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }
}
