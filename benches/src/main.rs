//! Prela beside its peers on the same work: `cargo run --release -p prela-bench`.
//!
//! The variants of a group take turns in one process, so what the machine does meanwhile meets them all;
//! a ratio of two times of one run can be compared with that of another run, a time cannot.
//! Instructions are counted by callgrind, allocations by a global allocator, both on the thread that
//! does the work.
//!
//! `--json` prints one line of JSON a row, `--only GROUP` runs one group, `--no-instructions` leaves
//! callgrind out. Without `--only` each group has a process of its own, and the tables are written to
//! `benches/RESULTS.md`.

mod allocations;
mod encode;
mod figures;
mod flood;
mod foreground;
mod growth;
mod instructions;
mod llm;
mod measure;
mod paced;
mod propagation;
mod report;
mod transport;

use allocations::Counting;
use figures::Figures;
use measure::Group;
use report::Options;
use std::env;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is measured in a way of its own, after the groups.
const FIGURES: &[Figures] = &[flood::FLOOD, growth::GROWTH];

/// Every group, in the order of the report.
const GROUPS: &[Group] = &[
    foreground::SAMPLED,
    foreground::UNSAMPLED,
    foreground::NOT_INSTALLED,
    foreground::CONTEXT,
    encode::PROTOBUF,
    transport::SEND,
    paced::GRPC,
    paced::HTTP,
    propagation::INJECT,
    propagation::EXTRACT,
    llm::RECOGNISE,
];

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => options.json = true,
            "--no-instructions" => options.no_instructions = true,
            "--only" => options.only = args.next(),
            flood::ARGUMENT => return flood::run_one(args),
            transport::sink::ARGUMENT => return transport::sink::run(),
            "--callgrind" => {
                return report::run_for_callgrind(GROUPS, &args.next().unwrap_or_default());
            }
            _ => return report::usage(&arg),
        }
    }
    report::run(GROUPS, FIGURES, &options)
}
