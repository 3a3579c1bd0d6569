//! `prela serve`: the ports, and what is answered on them.
//!
//! All ports answer everything, so an exporter that mixes them up works, too.

mod access;
mod api;
mod connections;
mod guard;
mod hello;
mod page;
mod port;
mod readers;
mod rpc;
mod run;
mod view;
mod watch;

pub use self::access::Access;
pub use self::api::trace as trace_json;
pub use self::hello::{Hello, running};
pub use self::port::PortError;
pub use self::rpc::v1;
pub use self::run::{Config, ServeError, Server};
