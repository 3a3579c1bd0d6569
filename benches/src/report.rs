//! Tables for a reader, lines of JSON for a program.

use crate::figures::Figures;
use crate::instructions;
use crate::measure::{self, Bar, Cost, Group, Variant};
use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

/// What the command line asks for.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) no_instructions: bool,
    pub(crate) only: Option<String>,
}

/// One number of one variant.
struct Row {
    variant: &'static str,
    metric: &'static str,
    value: f64,
    /// The variant it is compared with, and how it compares.
    peer: Option<(&'static str, f64)>,
    bar: Option<f64>,
}

pub(crate) fn usage(argument: &str) -> ExitCode {
    eprintln!("prela-bench: `{argument}`: use --json, --only GROUP, --no-instructions");
    ExitCode::FAILURE
}

pub(crate) fn run_for_callgrind(groups: &[Group], name: &str) -> ExitCode {
    for group in groups {
        let variants = (group.variants)();
        if let Some(variant) = variants.iter().find(|variant| variant.name == name) {
            measure::run_for_callgrind(variant);
            return ExitCode::SUCCESS;
        }
    }
    eprintln!("prela-bench: there is no row `{name}`");
    ExitCode::FAILURE
}

/// Runs what is asked for. All of it: each group in a process of its own, since a second instance in a
/// process changes what contexts hold.
pub(crate) fn run(groups: &[Group], figures: &[Figures], options: &Options) -> ExitCode {
    let names = groups.iter().map(|group| group.name).chain(figures.iter().map(|it| it.name));
    let Some(only) = &options.only else { return run_each(names, options) };
    if let Some(group) = groups.iter().find(|group| group.name == only) {
        run_group(group, options);
    } else if let Some(figures) = figures.iter().find(|figures| figures.name == only) {
        let rows = (figures.measure)();
        if options.json {
            rows.iter().for_each(|row| println!("{}", row.json(figures)));
        }
        print!("{}", figures.table(&rows));
    } else {
        return usage(only);
    }
    ExitCode::SUCCESS
}

fn run_each<'a>(names: impl Iterator<Item = &'a str>, options: &Options) -> ExitCode {
    let mut report = heading();
    for name in names {
        let mut one = Command::new(env::current_exe().expect("it runs"));
        one.args(["--only", name]).args(options.json.then_some("--json"));
        one.args(options.no_instructions.then_some("--no-instructions")).stderr(Stdio::inherit());
        let Ok(output) = one.output() else { return ExitCode::FAILURE };
        if !output.status.success() {
            return ExitCode::FAILURE;
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if line.starts_with('{') == options.json {
                println!("{line}");
            }
            if !line.starts_with('{') {
                report.push_str(line);
                report.push('\n');
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
    if let Err(error) = fs::write(path, report) {
        eprintln!("prela-bench: write {path}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run_group(group: &Group, options: &Options) {
    let counts_instructions = !options.no_instructions && instructions::can_be_counted();
    let variants = (group.variants)();
    let costs = measure::measure(&variants);
    let instructions: Vec<_> = variants
        .iter()
        .map(|variant| {
            let is_counted = counts_instructions && variant.is_of_one_thread;
            let count = is_counted.then(|| instructions::of_variant(variant.name))??;
            Some(count / measure::callgrind_units(variant) as f64)
        })
        .collect();
    let rows = rows(&variants, &costs, &instructions);
    if options.json {
        rows.iter().for_each(|row| println!("{}", json(group, row)));
    }
    print!("{}", table(group, &variants, &costs, &instructions, &rows));
}

fn rows(variants: &[Variant], costs: &[Cost], instructions: &[Option<f64>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((variant, cost), instructions) in variants.iter().zip(costs).zip(instructions) {
        let mut row = |metric, value, bar, peer| {
            rows.push(Row { variant: variant.name, metric, value, peer, bar });
        };
        let bar = |pick: fn(&Bar) -> Option<f64>| variant.bars.iter().find_map(pick);
        row("ns", cost.nanos, None, None);
        let most = bar(|bar| if let Bar::Allocations(most) = bar { Some(*most) } else { None });
        row("allocations", cost.allocations, most, None);
        if let Some(instructions) = instructions {
            let most =
                bar(|bar| if let Bar::Instructions(most) = bar { Some(*most) } else { None });
            row("instructions", *instructions, most, None);
        }
        for bar in &variant.bars {
            let Bar::Ratio(most, peer) = bar else { continue };
            let Some(at) = variants.iter().position(|variant| variant.name == *peer) else {
                continue;
            };
            let ratio = cost.nanos / costs[at].nanos;
            row("time", cost.nanos, Some(*most), Some((*peer, ratio)));
        }
    }
    rows
}

impl Row {
    fn measured(&self) -> f64 {
        self.peer.map_or(self.value, |(_, ratio)| ratio)
    }

    fn holds(&self) -> Option<bool> {
        self.bar.map(|bar| self.measured() <= bar)
    }

    /// In words, and by how much it is missed.
    fn verdict(&self, bar: f64) -> String {
        if self.measured() <= bar {
            return "met".to_owned();
        }
        format!("**missed** by {:.0} %", 100.0 * (self.measured() / bar - 1.0))
    }
}

fn json(group: &Group, row: &Row) -> String {
    fn or_null<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(|| "null".to_owned(), |value| value.to_string())
    }
    let bench = format!("{}/{}", group.name, row.variant);
    let peer = row.peer.map(|(name, _)| format!("{name:?}"));
    let ratio = row.peer.map(|(_, ratio)| format!("{ratio:.3}"));
    format!(
        r#"{{"bench":{bench:?},"metric":"{}","value":{:.3},"peer":{},"ratio":{},"bar":{},"holds":{}}}"#,
        row.metric,
        row.value,
        or_null(peer),
        or_null(ratio),
        or_null(row.bar),
        or_null(row.holds()),
    )
}

fn table(
    group: &Group,
    variants: &[Variant],
    costs: &[Cost],
    instructions: &[Option<f64>],
    rows: &[Row],
) -> String {
    let mut text = format!("## {}\n\n{}; per {}.\n\n", group.name, group.work, group.unit);
    text.push_str("| variant | ns | ratio to the first | instructions | allocations | bars |\n");
    text.push_str("|---|---|---|---|---|---|\n");
    let first = costs.first().map_or(f64::NAN, |cost| cost.nanos);
    for ((variant, cost), instructions) in variants.iter().zip(costs).zip(instructions) {
        let instructions =
            instructions.map_or_else(|| "–".to_owned(), |count| format!("{count:.0}"));
        let mut bars = String::new();
        for row in rows.iter().filter(|row| row.variant == variant.name) {
            let Some(bar) = row.bar else { continue };
            let verdict = row.verdict(bar);
            let separator = if bars.is_empty() { "" } else { "; " };
            let _ = match row.peer {
                Some((peer, ratio)) => {
                    write!(bars, "{separator}{ratio:.2} of {peer}, bar {bar:.2}: {verdict}")
                }
                None => write!(bars, "{separator}{} ≤ {bar}: {verdict}", row.metric),
            };
        }
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.2} | {instructions} | {:.2} | {bars} |",
            variant.name,
            cost.nanos,
            cost.nanos / first,
            cost.allocations
        );
    }
    for variant in variants.iter().filter(|variant| !variant.note.is_empty()) {
        let _ = writeln!(text, "\n{}: {}", variant.name, variant.note);
    }
    text.push('\n');
    text
}

/// What the numbers were measured on.
fn heading() -> String {
    let said_by = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let unknown = || "unknown".to_owned();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "# Results\n\nWritten by `cargo run --release -p prela-bench`; see `src/main.rs` for what is counted how.\n\n\
         - machine: {} with {cores} cores, {} {}\n- toolchain: {}\n- commit: {}\n- date: {}\n\n",
        model.unwrap_or("unknown"),
        env::consts::OS,
        env::consts::ARCH,
        said_by("rustc", &["--version"]).unwrap_or_else(unknown),
        said_by("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown),
        said_by("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(unknown),
    )
}
