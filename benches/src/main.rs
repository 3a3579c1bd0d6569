//! Prela beside its peers on the same work: `cargo run --release -p prela-bench`.
//!
//! The variants of a group take turns in one process, so what the machine does meanwhile meets them all;
//! a ratio of two times of one run can be compared with that of another run, a time cannot.
//! Instructions are counted by callgrind, allocations by a global allocator, both on the thread that
//! does the work.
//!
//! `--json` prints one line of JSON a row, `--only GROUP` runs one group, `--no-instructions` leaves
//! callgrind out. Without `--only` the tables are written to `benches/RESULTS.md`.

mod allocations;
mod encode;
mod foreground;
mod instructions;
mod measure;
mod propagation;
mod report;
mod transport;

use allocations::Counting;
use measure::Group;
use report::Options;
use std::env;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every group, in the order of the report.
const GROUPS: &[Group] = &[
    foreground::SAMPLED,
    foreground::UNSAMPLED,
    foreground::NOT_INSTALLED,
    foreground::CONTEXT,
    encode::PROTOBUF,
    transport::SEND,
    propagation::INJECT,
    propagation::EXTRACT,
];

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => options.json = true,
            "--no-instructions" => options.no_instructions = true,
            "--only" => options.only = args.next(),
            transport::sink::ARGUMENT => return transport::sink::run(),
            "--callgrind" => {
                return report::run_for_callgrind(GROUPS, &args.next().unwrap_or_default());
            }
            _ => return report::usage(&arg),
        }
    }
    report::run(GROUPS, &options);
    ExitCode::SUCCESS
}
