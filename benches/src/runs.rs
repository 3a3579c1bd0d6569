//! Runs of a group: each in a process of its own, since a second instance in a process changes what
//! contexts hold.

use crate::group::{Group, Measured};
use crate::instructions;
use crate::measure::{self, Cost, Measure, Variant, median};
use crate::options::Options;
use crate::reading::{Goal, Reading};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// The argument that makes this program one run of a group.
pub(crate) const ARGUMENT: &str = "--run";

/// One number of several runs.
pub(crate) struct Number {
    /// Of the run in the middle.
    pub(crate) reading: Reading,
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// What so many runs of a group found, by this program or by the same one of another profile.
pub(crate) fn of(program: &Path, group: &Group, options: &Options) -> Option<Vec<Number>> {
    let runs: Option<Vec<_>> =
        (0..options.runs).map(|run| one(program, group, options, run == 0)).collect();
    Some(numbers(&runs?))
}

fn one(program: &Path, group: &Group, options: &Options, is_first: bool) -> Option<Vec<Reading>> {
    let mut command = Command::new(program);
    command.args([ARGUMENT, group.name]).args(options.no_times.then_some("--no-times"));
    // Instructions are the same each time.
    let has_instructions = is_first && !options.no_instructions;
    command.args((!has_instructions).then_some("--no-instructions")).stderr(Stdio::inherit());
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    text.lines().map(Reading::parse).collect()
}

fn numbers(runs: &[Vec<Reading>]) -> Vec<Number> {
    let Some(first) = runs.first() else { return Vec::new() };
    let values = |of: &Reading| -> Vec<f64> {
        let like = runs.iter().flatten().filter(|reading| reading.is_like(of));
        like.map(|reading| reading.value).collect()
    };
    // The run in the middle is the one whose numbers are least far from the medians.
    let distance = |run: &&Vec<Reading>| -> f64 {
        let far = |reading: &Reading| (reading.value / median(values(reading))).ln().abs();
        run.iter().map(far).filter(|far| far.is_finite()).sum()
    };
    let middle = runs.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(first);
    let number = |reading: &Reading| {
        let values = values(reading);
        Number {
            reading: middle.iter().find(|it| it.is_like(reading)).unwrap_or(reading).clone(),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            median: median(values),
        }
    };
    first.iter().map(number).collect()
}

/// This process is one run: prints what [`of`] reads.
pub(crate) fn run_one(groups: &[Group], mut args: impl Iterator<Item = String>) -> ExitCode {
    let group = args.next().and_then(|name| groups.iter().find(|group| group.name == name));
    let (Some(group), Ok(options)) = (group, Options::parse(args)) else {
        return ExitCode::FAILURE;
    };
    let readings = match group.measured {
        Measured::Figures(_) if options.no_times => Vec::new(),
        Measured::Figures(measure) => measure(),
        Measured::Costs { variants, .. } => costs(group.name, &variants(), &options),
    };
    readings.iter().for_each(|reading| println!("{}", reading.line()));
    ExitCode::SUCCESS
}

/// This process is what callgrind looks at: one variant of a group.
pub(crate) fn run_for_callgrind(
    groups: &[Group],
    mut args: impl Iterator<Item = String>,
) -> ExitCode {
    let (group, name) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let group = groups.iter().find(|known| known.name == group);
    let Some(Measured::Costs { variants, .. }) = group.map(|group| &group.measured) else {
        return ExitCode::FAILURE;
    };
    let variants = variants();
    let Some(variant) = variants.iter().find(|variant| variant.name == name) else {
        return ExitCode::FAILURE;
    };
    measure::run_for_callgrind(variant);
    ExitCode::SUCCESS
}

fn costs(group: &str, variants: &[Variant], options: &Options) -> Vec<Reading> {
    let costs = if options.no_times { Vec::new() } else { measure::measure(variants) };
    let are_counted = !options.no_instructions && instructions::can_be_counted();
    let count = |variant: &Variant| {
        let is_counted = are_counted && variant.is_of_one_thread;
        let count = is_counted.then(|| instructions::of_variant(group, variant.name))??;
        Some(count / (measure::ROUNDS_COUNTED * variant.units_a_round()) as f64)
    };
    let counts: Vec<_> = variants.iter().map(count).collect();
    let at = |peer: &str| variants.iter().position(|variant| variant.name == peer);
    let mut readings = Vec::new();
    for (i, variant) in variants.iter().enumerate() {
        let cost = costs.get(i);
        readings.extend(cost.map(|cost| Reading::new(variant.name, "ns", cost.nanos())));
        for (measure, goal) in measures(variant, variants[0].name) {
            let of = |metric, value: Option<f64>| {
                Some(Reading::new(variant.name, metric, value?).goal(goal))
            };
            readings.extend(match measure {
                Measure::Instructions => of("instructions", counts[i]),
                Measure::InstructionsOf(peer) => {
                    let ratio = at(peer).and_then(|at| Some(counts[i]? / counts[at]?));
                    of("instructions", ratio).map(|reading| reading.beside(peer))
                }
                Measure::Allocations => {
                    let cost = cost.filter(|_| variant.is_of_one_thread);
                    of("allocations", cost.map(|cost| cost.allocations))
                }
                Measure::TimeOf(peer) => {
                    let peer_cost = at(peer).and_then(|at| costs.get(at));
                    let ratio =
                        cost.zip(peer_cost).map(|(own, peer): (&Cost, _)| own.ratio_to(peer));
                    of("time", ratio).map(|reading| reading.beside(peer))
                }
            });
        }
    }
    readings
}

/// What is told of every variant, each with its goal if it has one, and what else it has goals for.
fn measures(variant: &Variant, first: &'static str) -> Vec<(Measure, Option<Goal>)> {
    let mut measures: Vec<_> =
        variant.goals.iter().map(|&(measure, goal)| (measure, Some(goal))).collect();
    for told in [Measure::TimeOf(first), Measure::Instructions, Measure::Allocations] {
        if !measures.iter().any(|(measure, _)| *measure == told) {
            measures.push((told, None));
        }
    }
    measures
}
