//! Tests that need two crates, a process or a socket.

mod absent;
mod collector;
mod crossing;
mod deadlines;
mod end_to_end;
mod examples;
mod failing;
mod forks;
mod http_services;
mod interop;
mod llm;
mod logs;
mod mcp;
mod metrics;
mod processes;
mod program;
mod public_api;
mod receiver;
mod reports;
mod runtimes;
mod sampling;
mod spooling;
mod tidy;
mod transports;
mod ui;
mod w3c_service;
