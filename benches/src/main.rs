//! Prela beside its peers on the same work: `cargo run --release -p prela-bench`.
//!
//! `README.md` says how to run a part of it, and what is counted how.

mod allocations;
mod encode;
mod flood;
mod foreground;
mod group;
mod growth;
mod idle;
mod instructions;
mod llm;
mod measure;
mod options;
mod paced;
mod propagation;
mod reading;
mod report;
mod runs;
mod table;
mod transport;

use allocations::Counting;
use group::Group;
use options::Options;
use std::env;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every group, in the order of the report.
const GROUPS: &[Group] = &[
    foreground::SAMPLED,
    foreground::LLM,
    foreground::UNSAMPLED,
    foreground::NOT_INSTALLED,
    foreground::CONTEXT,
    foreground::START,
    foreground::FUTURE,
    foreground::THREADS,
    foreground::OTEL_API,
    foreground::TRACING,
    idle::FIRST,
    encode::PROTOBUF,
    transport::SEND,
    paced::GRPC,
    paced::HTTP,
    propagation::INJECT,
    propagation::EXTRACT,
    llm::RECOGNISE,
    flood::FLOOD,
    growth::GROWTH,
];

fn main() -> ExitCode {
    let mut args = env::args().skip(1).peekable();
    let parts =
        [flood::ARGUMENT, transport::sink::ARGUMENT, runs::ARGUMENT, instructions::ARGUMENT];
    // What other processes of this program are started as.
    match args.next_if(|arg| parts.contains(&arg.as_str())).as_deref() {
        Some(flood::ARGUMENT) => flood::run_one(args),
        Some(transport::sink::ARGUMENT) => transport::sink::run(),
        Some(runs::ARGUMENT) => runs::run_one(GROUPS, args),
        Some(_) => runs::run_for_callgrind(GROUPS, args),
        None => match Options::parse(args) {
            Ok(options) => report::run(GROUPS, &options),
            Err(error) => report::failed(&error),
        },
    }
}
