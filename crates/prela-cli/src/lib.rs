//! The parts of the program `prela`: an OTLP collector, a store, and questions to it.
//!
//! It is a library only for this package's own tests and benchmarks; other programs use
//! OTLP, the JSON API, the gRPC API of `proto/prela/query/v1` and `--json`.
#![expect(
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "who uses these is built together with them"
)]

pub mod commands;
pub mod demo;
pub mod doctor;
#[cfg(feature = "explore")]
pub mod explore;
pub mod ids;
pub mod mcp;
pub mod otlp;
pub mod page;
pub mod project;
pub mod query;
pub mod receive;
pub mod render;
pub mod server;
pub mod settings;
pub mod store;
mod tree;
mod usage;
