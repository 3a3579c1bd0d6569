//! Tests that need two crates, a process or a socket.

mod absent;
mod crossing;
mod end_to_end;
mod examples;
mod failing;
mod interop;
mod processes;
mod program;
mod receiver;
mod runtimes;
mod tidy;
mod ui;
mod w3c_service;
