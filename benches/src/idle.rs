//! The first span of a process that has had nothing to do: its threads are asleep, and its caches have
//! forgotten it.

use crate::foreground::{ours, peers};
use crate::group::Group;
use crate::measure::median;
use crate::reading::{Goal, Reading};
use opentelemetry::trace::Tracer as _;
use prela::SpanType;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const FIRST: Group = Group::figures(
    "idle",
    "the first span after 20 ms in which nothing happened, and how often any other thread of the process was put on \
     a core in the 20 ms after it; the middle of 101",
    measure,
);

const SDK: &str = "opentelemetry_sdk";
const PRELA: &str = "prela";

fn measure() -> Vec<Reading> {
    let provider = peers::provider();
    let (sdk, tracer) = (peers::tracer(&provider), ours::instance().tracer());
    let (sdk_nanos, sdk_wakes) = first(|| sdk.in_span("first", |_| ()), peers::flush(&provider));
    let (nanos, wakes) =
        first(|| tracer.span("first", SpanType::Custom).in_scope(|_| ()), ours::flush);
    vec![
        Reading::new(SDK, "ns", sdk_nanos),
        Reading::new(SDK, "other threads woken up", sdk_wakes),
        Reading::new(PRELA, "ns", nanos),
        Reading::new(PRELA, "time of the first", nanos / sdk_nanos),
        Reading::new(PRELA, "other threads woken up", wakes).goal(Goal::at_most(0.0)),
    ]
}

fn first(make: impl Fn(), flush: impl Fn()) -> (f64, f64) {
    let once = |_| {
        flush();
        thread::sleep(Duration::from_millis(20));
        let switches = switches_of_others();
        let start = Instant::now();
        make();
        let nanos = start.elapsed().as_nanos() as f64;
        thread::sleep(Duration::from_millis(20));
        (nanos, switches_of_others() - switches)
    };
    let (nanos, wakes) = (0..101).map(once).unzip();
    (median(nanos), median(wakes))
}

/// How often the other threads of this process have left a core, which they do each time they wake up.
fn switches_of_others() -> f64 {
    let own = fs::read_link("/proc/thread-self").unwrap_or_default();
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let others = tasks.filter(|task| Some(&*task.file_name()) != own.file_name());
    let status = others.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let switches = |status: String| -> f64 {
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        let counts = counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        counts.sum()
    };
    status.map(switches).sum()
}
