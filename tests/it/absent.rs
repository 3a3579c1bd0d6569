//! A program whose collector is not there, or does not answer: it ends soon, as it would have without
//! Prela, and says how many spans it could not deliver.

use crate::program::role;
use crate::receiver::{Answer, Receiver, Refusal, Transport};
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

/// What the program ends with, whatever became of its spans.
const STATUS: i32 = 7;
/// What a collector may cost a program that ends: the default of 1.5 s for a last attempt, and a
/// little for a busy machine.
const COST: Duration = Duration::from_secs(2);
/// The longest time for the whole program, whose start takes much longer on a busy machine; less than a request may
/// take.
const SOON: Duration = Duration::from_secs(6);

fn run(runtime: &str, transport: Transport, endpoint: &str) -> (Output, Duration) {
    let mut program = role("absent");
    let protocol = match transport {
        Transport::Grpc => "grpc",
        Transport::Http => "http/protobuf",
    };
    program.args([runtime, &STATUS.to_string()]).env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    program.env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    let start = Instant::now();
    let output = program.output().unwrap();
    (output, start.elapsed())
}

#[track_caller]
fn assert_ends_well((output, took): &(Output, Duration), endpoint: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(STATUS), "{said}");
    let cost = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(Duration::from_millis(cost) < COST, "cost {cost} ms: {said}");
    assert!(*took < SOON, "took {took:?}: {said}");
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("prela: ")).collect();
    let last = lines.last().unwrap_or_else(|| panic!("no line: {said}"));
    assert!(last.starts_with("prela: 100 of 100 spans could not be delivered to otlp"), "{said}");
    assert!(last.contains(endpoint), "{said}");
    assert_eq!(lines.len(), 1, "{said}");
}

/// Each transport with each kind of runtime, all at once: most of their time is waiting.
fn for_each(check: impl Fn(&str, Transport) + Sync) {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for runtime in ["none", "current-thread", "multi-thread"] {
                let check = &check;
                threads.spawn(move || check(runtime, transport));
            }
        }
    });
}

#[test]
fn nobody_listens_there() {
    for_each(|runtime, transport| {
        let refusal = Refusal::new();
        assert_ends_well(&run(runtime, transport, &refusal.endpoint()), &refusal.endpoint());
    });
}

#[test]
fn somebody_listens_and_never_answers() {
    for_each(|runtime, transport| {
        let receiver = Receiver::start(transport);
        receiver.answer([Answer::Held]);
        assert_ends_well(&run(runtime, transport, &receiver.endpoint()), &receiver.endpoint());
    });
}
