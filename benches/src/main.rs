//! Prela beside `opentelemetry_sdk` on the same work: `cargo run --release -p prela-bench`.
//!
//! The variants take turns in one process, so what the machine does meanwhile meets them all; a ratio of
//! two medians of one run can be compared with that of another run, a time cannot.

#![expect(clippy::print_stdout, reason = "a table for a reader")]

mod foreground;
mod measure;

use measure::{Row, measure};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let rows = measure(ALLOCATOR, &foreground::variants());
    let peer =
        rows.iter().find(|row| row.name == foreground::PEER).map_or(f64::NAN, |row| row.nanos);
    println!("root + 4 children with 4 attributes each, in a scope; per span\n");
    println!("| variant | ns | ratio | allocations |");
    println!("|---|---|---|---|");
    for Row { name, nanos, allocations } in rows {
        println!("| {name} | {nanos:.0} | {:.2} | {allocations:.1} |", nanos / peer);
    }
}
