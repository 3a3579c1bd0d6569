//! The program `prela` from outside, and its parts.

#![expect(
    clippy::unwrap_used,
    reason = "allowed in tests by `clippy.toml`, but not in what they share"
)]

mod clients;
mod commands;
mod contract;
mod diagnoses;
mod diffs;
mod disk;
mod files;
mod json;
mod kills;
mod limits;
mod mcp;
mod ports;
mod program;
mod projects;
mod queries;
mod receiving;
mod requests;
mod rpc;
mod senders;
mod store;
