//! `#[prela::trace]` and `#[prela::trace_impl]`: the spans they make, and that nothing else changes.

mod attributes;
mod errors;
mod functions;
mod futures;
mod global;
mod impl_blocks;
mod options;
mod panics;
mod streams;
