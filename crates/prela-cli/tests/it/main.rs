//! The program `prela` from outside, and its parts.

#![expect(
    clippy::unwrap_used,
    reason = "allowed in tests by `clippy.toml`, but not in what they share"
)]

mod asking;
mod browser;
mod clients;
mod commands;
mod contract;
mod diagnoses;
mod diffs;
mod disk;
#[cfg(feature = "explore")]
mod exploring;
mod faults;
mod files;
mod flags;
mod formats;
mod json;
mod kills;
mod limits;
mod mcp;
mod page;
mod pending;
mod ports;
mod program;
mod projects;
mod queries;
mod receiving;
mod requests;
mod rpc;
mod running;
mod searching;
mod senders;
mod sessions;
mod store;
mod terminals;
mod unfinished;
mod usage;
