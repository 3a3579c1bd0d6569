//! The processes that tests start. A role is named after the module of `it` that has the test.

mod absent;
mod endings;
mod environment;
#[cfg(unix)]
mod forks;
mod http_services;
mod processes;
mod sampling;
mod spooling;
mod suppression;

use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["absent", runtime, status] => absent::run(runtime, status),
        ["endings", how] => endings::run(how),
        ["environment", part] => environment::run(part).unwrap_or_else(|error| {
            eprintln!("failed to {error}");
            std::process::exit(1);
        }),
        #[cfg(unix)]
        ["forks", endpoint] => forks::run(endpoint),
        ["http_services", service] => http_services::run(service),
        ["processes", generations] => processes::run(generations),
        ["sampling", sampler] => sampling::run(sampler),
        ["spooling", dir, endpoint, number] => spooling::run(dir, endpoint, number),
        ["suppression", transport, endpoint, level, bridge] => {
            suppression::run(transport, endpoint, level, bridge);
        }
        _ => panic!("there is no role {arguments:?}"),
    }
}
