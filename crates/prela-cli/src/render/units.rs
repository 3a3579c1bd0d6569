//! Numbers for people, and what is said where there is none.
//!
//! What has no end runs, or is unfinished: `query` decides that, by how long nothing was heard of it.

use crate::query::{Side, Span, TraceSummary, Usage};
use std::time::{Duration, SystemTime};

/// Nanoseconds with three digits: `890 ms`, `2.45 s`.
pub fn duration(ns: i64) -> String {
    let ns = ns.max(0).unsigned_abs();
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => three_digits(ns, 1_000, "µs"),
        1_000_000..1_000_000_000 => three_digits(ns, 1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => three_digits(ns, 1_000_000_000, "s"),
        _ => {
            let seconds = ns / 1_000_000_000;
            match seconds / 3_600 {
                0 => format!("{}m {:02}s", seconds / 60, seconds % 60),
                hours => format!("{hours}h {:02}m", seconds / 60 % 60),
            }
        }
    }
}

fn three_digits(number: u64, unit: u64, name: &str) -> String {
    let (whole, rest) = (number / unit, number % unit);
    match whole {
        0..10 => format!("{whole}.{:02} {name}", rest * 100 / unit),
        10..100 => format!("{whole}.{} {name}", rest * 10 / unit),
        _ => format!("{whole} {name}"),
    }
}

/// A number of tokens: `88`, `1.2k`, `3.4M`.
pub fn count(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}.{}k", number / 1_000, number % 1_000 / 100),
        _ => format!("{}.{}M", number / 1_000_000, number % 1_000_000 / 100_000),
    }
}

/// Billionths of a US dollar: `$0.0142`.
pub fn dollars(nusd: u64) -> String {
    format!("${}.{:04}", nusd / 1_000_000_000, nusd % 1_000_000_000 / 100_000)
}

/// Tokens and cost: `3.1k→412 $0.0142`; empty if there are none.
pub fn usage(used: Usage) -> String {
    let tokens = match (used.input_tokens, used.output_tokens) {
        (0, 0) => String::new(),
        (input, output) => format!("{}→{}", count(input), count(output)),
    };
    let cost = if used.cost_nusd > 0 { dollars(used.cost_nusd) } else { String::new() };
    format!("{tokens} {cost}").trim().to_owned()
}

/// The moment `time` ago, in nanoseconds since 1970.
pub(crate) fn ago(time: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_sub(time).as_nanos()).unwrap_or(i64::MAX)
}

/// How long ago a time was, such as `5m`.
pub(crate) fn age(start_ns: i64) -> String {
    let seconds = ago(Duration::ZERO).saturating_sub(start_ns).max(0) / 1_000_000_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long a span took.
pub fn span_took(span: &Span) -> String {
    took(span.duration_ns(), span.is_unfinished)
}

/// How long a span of a diff took.
pub(super) fn side_took(side: &Side) -> String {
    took(side.duration_ns, side.is_unfinished)
}

/// How long a trace took, in a list; or that it still runs, or has spans that will never end.
pub fn trace_took(trace: &TraceSummary) -> String {
    let is_unfinished = trace.open == trace.unfinished;
    took((trace.open == 0).then_some(trace.duration_ns), is_unfinished)
}

/// How many spans of a trace have no end, and why; empty if all have one.
pub(crate) fn without_end(trace: &TraceSummary) -> Vec<String> {
    let running = trace.open.saturating_sub(trace.unfinished);
    let both = [(running, RUNNING), (trace.unfinished, UNFINISHED)];
    both.iter().filter(|it| it.0 > 0).map(|(number, what)| format!("{number} {what}")).collect()
}

/// How long something took that may have no end.
pub(super) fn took(duration_ns: Option<i64>, is_unfinished: bool) -> String {
    match duration_ns {
        Some(ns) => duration(ns),
        None if is_unfinished => UNFINISHED.to_owned(),
        None => RUNNING.to_owned(),
    }
}

const RUNNING: &str = "running";
const UNFINISHED: &str = "unfinished";

#[cfg(test)]
mod tests {
    use super::{count, dollars, duration};

    #[test]
    fn numbers_have_three_digits_or_so() {
        for (ns, expected) in [
            (-1, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (12_345_678, "12.3 ms"),
            (890_999_999, "890 ms"),
            (2_450_000_000, "2.45 s"),
            (61_000_000_000, "1m 01s"),
            (7_260_000_000_000, "2h 01m"),
        ] {
            assert_eq!(duration(ns), expected);
        }
        for (number, expected) in [(0, "0"), (999, "999"), (1_250, "1.2k"), (3_400_000, "3.4M")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(dollars(14_200_000), "$0.0142");
    }
}
