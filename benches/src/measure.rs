//! Times and allocations of variants that take turns, and instructions of one at a time.

use crate::allocations;
use crate::reading::Goal;
use std::hint::black_box;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// One way to do the work of a group.
pub(crate) struct Variant {
    /// Unique in its group.
    pub(crate) name: &'static str,
    /// Does it once.
    run: Box<dyn Fn()>,
    /// How many units that makes.
    pub(crate) units: usize,
    /// Lets background threads catch up; not timed.
    rest: Option<Box<dyn Fn()>>,
    pub(crate) goals: Vec<(Measure, Goal)>,
    clock: Box<dyn Fn() -> Duration>,
    /// Whether instructions and allocations of the calling thread tell what it costs.
    pub(crate) is_of_one_thread: bool,
}

/// What of a variant a goal is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    Instructions,
    /// Beside those of this variant.
    InstructionsOf(&'static str),
    Allocations,
    /// Beside that of this variant, in the same run.
    TimeOf(&'static str),
}

impl Variant {
    pub(crate) fn new(name: &'static str, units: usize, run: impl Fn() + 'static) -> Self {
        Self {
            name,
            run: Box::new(run),
            units,
            rest: None,
            goals: Vec::new(),
            clock: Box::new(wall),
            is_of_one_thread: true,
        }
    }

    pub(crate) fn rest(mut self, rest: impl Fn() + 'static) -> Self {
        self.rest = Some(Box::new(rest));
        self
    }

    /// Counts the thread's CPU time only, so that waiting costs nothing.
    pub(crate) fn by_cpu(mut self) -> Self {
        self.clock = Box::new(cpu_of_thread);
        self
    }

    /// Counts the CPU time of all threads: for work that goes on in the background.
    pub(crate) fn by_process(self) -> Self {
        self.by(cpu_of_process)
    }

    /// Counts by the clock of whoever does the work, on other threads than this one.
    pub(crate) fn by(mut self, clock: impl Fn() -> Duration + 'static) -> Self {
        self.clock = Box::new(clock);
        self.is_of_one_thread = false;
        self
    }

    pub(crate) fn goal(mut self, measure: Measure, goal: Goal) -> Self {
        self.goals.push((measure, goal));
        self
    }

    fn run_round(&self) {
        for _ in 0..self.runs_a_round() {
            (self.run)();
        }
    }

    fn runs_a_round(&self) -> usize {
        (UNITS_A_ROUND / self.units).max(1)
    }

    pub(crate) fn units_a_round(&self) -> usize {
        self.runs_a_round() * self.units
    }

    fn rest_after_round(&self) {
        if let Some(rest) = &self.rest {
            rest();
            // Whoever rest() woke up sleeps again before the next variant has its turn.
            thread::sleep(Duration::from_micros(100));
        }
    }
}

/// What one variant costs a unit.
pub(crate) struct Cost {
    /// Of each round.
    nanos: Vec<f64>,
    /// On the calling thread, least of all rounds: what is left when every pool is warm.
    pub(crate) allocations: f64,
}

impl Cost {
    /// In the round in the middle.
    pub(crate) fn nanos(&self) -> f64 {
        median(self.nanos.clone())
    }

    /// Of its time and that of another in the same round, the ratio in the middle.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        median(self.nanos.iter().zip(&other.nanos).map(|(own, other)| own / other).collect())
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const ROUNDS: usize = 201;
/// Below the default batch of every peer, 512: a burst as a request makes it, for which no export thread
/// is woken up before its time. What waits is flushed between two rounds.
const UNITS_A_ROUND: usize = 400;

pub(crate) fn measure(variants: &[Variant]) -> Vec<Cost> {
    let cost = |_| Cost { nanos: Vec::with_capacity(ROUNDS), allocations: f64::INFINITY };
    let mut costs: Vec<_> = variants.iter().map(cost).collect();
    // The first two rounds warm up.
    for round in 0..ROUNDS + 2 {
        for turn in 0..variants.len() {
            // Each round begins with another one, so that nobody always follows the same neighbour.
            let i = (round + turn) % variants.len();
            let (variant, cost) = (&variants[i], &mut costs[i]);
            let units = variant.units_a_round() as f64;
            let allocations_before = allocations::of_this_thread();
            let start = (variant.clock)();
            variant.run_round();
            let elapsed = ((variant.clock)() - start).as_nanos() as f64;
            let allocated = (allocations::of_this_thread() - allocations_before) as f64;
            if round >= 2 {
                cost.nanos.push(elapsed / units);
                cost.allocations = cost.allocations.min(allocated / units);
            }
            variant.rest_after_round();
        }
    }
    costs
}

fn wall() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

pub(crate) fn cpu_of_thread() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

pub(crate) fn cpu_of_process() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().unwrap_or_default()
}

/// What callgrind is run on: warm, so that only the work itself is counted.
pub(crate) fn run_for_callgrind(variant: &Variant) {
    for _ in 0..8 {
        variant.run_round();
        variant.rest_after_round();
    }
    for _ in 0..ROUNDS_COUNTED {
        callgrind_region(variant);
        variant.rest_after_round();
    }
}

/// What the export thread has freed meanwhile, and so what an allocation costs, differs a little from round to round.
pub(crate) const ROUNDS_COUNTED: usize = 8;

/// Callgrind counts from the entry of this function to its return, on its thread only.
#[inline(never)]
fn callgrind_region(variant: &Variant) {
    black_box(variant).run_round();
}
