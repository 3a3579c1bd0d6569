//! Times and allocations of variants that take turns, and instructions of one at a time.

use crate::allocations;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The same work done in several ways.
pub(crate) struct Group {
    /// Short, for `--only`.
    pub(crate) name: &'static str,
    /// What is done, in one line.
    pub(crate) work: &'static str,
    /// What a number is a number of: `span`, `operation`.
    pub(crate) unit: &'static str,
    /// Made when the group is run: some of them install something global.
    pub(crate) variants: fn() -> Vec<Variant>,
}

/// One way to do the work of a group.
pub(crate) struct Variant {
    /// Unique in the program.
    pub(crate) name: &'static str,
    /// Does it once.
    pub(crate) run: Box<dyn Fn()>,
    /// How many units that makes.
    pub(crate) units: usize,
    /// Lets background threads catch up; not timed.
    pub(crate) rest: Box<dyn Fn()>,
    pub(crate) bars: Vec<Bar>,
    /// Why a bar is missed.
    pub(crate) note: &'static str,
    clock: fn() -> Duration,
    /// Whether instructions of the calling thread tell what it costs.
    pub(crate) is_of_one_thread: bool,
}

/// What a variant must not exceed.
pub(crate) enum Bar {
    Instructions(f64),
    Allocations(f64),
    /// Of this variant's time.
    Ratio(f64, &'static str),
}

impl Variant {
    pub(crate) fn new(name: &'static str, units: usize, run: impl Fn() + 'static) -> Self {
        Self {
            name,
            run: Box::new(run),
            units,
            rest: Box::new(|| ()),
            bars: Vec::new(),
            note: "",
            clock: wall,
            is_of_one_thread: true,
        }
    }

    pub(crate) fn rest(mut self, rest: impl Fn() + 'static) -> Self {
        self.rest = Box::new(rest);
        self
    }

    /// Counts the thread's CPU time only, so that waiting costs nothing.
    pub(crate) fn by_cpu(mut self) -> Self {
        self.clock = cpu;
        self
    }

    pub(crate) fn note(mut self, why: &'static str) -> Self {
        self.note = why;
        self
    }

    /// Counts the CPU time of all threads: for work that goes on in the background.
    pub(crate) fn by_process(mut self) -> Self {
        self.clock = cpu_of_process;
        self.is_of_one_thread = false;
        self
    }

    pub(crate) fn bar(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }
}

/// What one variant costs a unit.
pub(crate) struct Cost {
    /// In the fastest tenth of the rounds: what is left when the machine does nothing else meanwhile.
    pub(crate) nanos: f64,
    /// On the calling thread, least of all rounds: what is left when every pool is warm.
    pub(crate) allocations: f64,
}

const ROUNDS: usize = 101;
/// As many as leave room in the queues of all variants until they rest.
const UNITS_A_ROUND: usize = 1_000;

pub(crate) fn measure(variants: &[Variant]) -> Vec<Cost> {
    let mut nanos = vec![Vec::with_capacity(ROUNDS); variants.len()];
    let mut allocations = vec![f64::INFINITY; variants.len()];
    // The first two rounds warm up.
    for round in 0..ROUNDS + 2 {
        for (i, variant) in variants.iter().enumerate() {
            let runs = (UNITS_A_ROUND / variant.units).max(1);
            let units = (runs * variant.units) as f64;
            let allocations_before = allocations::of_this_thread();
            let start = (variant.clock)();
            for _ in 0..runs {
                (variant.run)();
            }
            let elapsed = ((variant.clock)() - start).as_nanos() as f64;
            let allocated = (allocations::of_this_thread() - allocations_before) as f64;
            if round >= 2 {
                nanos[i].push(elapsed / units);
                allocations[i] = allocations[i].min(allocated / units);
            }
            (variant.rest)();
        }
    }
    let costs = nanos.into_iter().zip(allocations);
    costs
        .map(|(mut nanos, allocations)| {
            nanos.sort_by(f64::total_cmp);
            Cost { nanos: nanos[ROUNDS / 10], allocations }
        })
        .collect()
}

fn wall() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

pub(crate) fn cpu_of_process() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().unwrap_or_default()
}

/// What `--callgrind` runs: warm, so that only the work itself is counted.
pub(crate) fn run_for_callgrind(variant: &Variant) {
    for _ in 0..8 {
        run(variant);
        (variant.rest)();
    }
    callgrind_region(variant);
}

/// Units that [`callgrind_region`] runs through.
pub(crate) fn callgrind_units(variant: &Variant) -> usize {
    runs(variant) * variant.units
}

fn runs(variant: &Variant) -> usize {
    (UNITS_A_ROUND / variant.units).max(1)
}

fn run(variant: &Variant) {
    for _ in 0..runs(variant) {
        (variant.run)();
    }
}

/// Callgrind counts from the entry of this function to its return, on its thread only.
#[inline(never)]
fn callgrind_region(variant: &Variant) {
    run(black_box(variant));
}
