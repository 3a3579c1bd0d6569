//! Tests that need two crates, a process or a socket.

mod absent;
mod collector;
mod end_to_end;
mod examples;
mod failing;
mod interop;
mod processes;
mod program;
mod receiver;
mod runtimes;
mod tidy;
mod transports;
mod ui;
