//! Ends of real processes: what is queued arrives, the process ends as it would have ended without
//! Prela, and spans that nobody records are told once.

use crate::program::role;
use crate::receiver::{Answer, Receiver, Refusal, Transport};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Spans that the program ends.
const SPANS: usize = 20;
/// A program that ends in good time on a busy machine, and no sooner than one that hangs.
const SOON: Duration = Duration::from_secs(6);

/// The program, which sends nothing by itself.
fn ending(how: &str, endpoint: &str, transport: Transport) -> Command {
    let mut program = role("endings");
    let protocol = match transport {
        Transport::Grpc => "grpc",
        Transport::Http => "http/protobuf",
    };
    program.arg(how).env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    program.env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    program
}

/// What the program says in the name of Prela.
fn lines(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().filter(|line| line.starts_with("prela: ")).map(str::to_owned).collect()
}

/// Each case with each transport, all at once: most of their time is waiting.
fn for_each<T: Sync>(cases: &[T], check: impl Fn(&T, Transport) + Sync) {
    thread::scope(|threads| {
        for case in cases {
            for transport in Transport::BOTH {
                let check = &check;
                threads.spawn(move || check(case, transport));
            }
        }
    });
}

/// `std::process::exit` and a leaked instance run no destructor of the program's: getsentry/snuba#5394,
/// tokio-rs/tracing-opentelemetry#122, open-telemetry/opentelemetry-rust#1961.
#[test]
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
fn what_is_queued_arrives_however_the_main_thread_ends() {
    let cases = [
        ("return", 0, SPANS),
        ("exit", 7, SPANS),
        ("exit in a runtime", 7, SPANS),
        ("exit with an instance of its own", 7, SPANS),
        ("exit with two instances", 7, 2 * SPANS),
        ("exit after shutdown", 7, SPANS),
        ("exit of a fork", 0, 2 * SPANS),
        ("into_global", 0, SPANS),
        ("into_global on a thread, exit", 7, SPANS),
        ("static", 0, SPANS),
        ("forgotten", 0, SPANS),
        ("panic", 101, SPANS),
        ("panic without a guard", 101, SPANS),
    ];
    for_each(&cases, |&(how, status, spans), transport| arrives(how, status, spans, transport));
}

#[test]
fn what_is_queued_arrives_before_an_exit_through_prela() {
    let cases = [
        ("prela::exit", SPANS),
        ("prela::exit on a thread", SPANS),
        ("prela::exit in a task", SPANS),
        ("prela::exit of nothing", 0),
    ];
    for_each(&cases, |&(how, spans), transport| arrives(how, 7, spans, transport));
}

#[track_caller]
fn arrives(how: &str, status: i32, spans: usize, transport: Transport) {
    let receiver = Receiver::start(transport);
    let output = ending(how, &receiver.endpoint(), transport).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{how}: {said}");
    assert_eq!(receiver.spans().len(), spans, "{how}: {said}");
    assert_eq!(lines(&output), [""; 0], "{how}");
}

/// An exit costs no more time than the shutdown timeout, and the spans that were lost are told.
#[test]
fn an_exit_is_not_held_up_for_long() {
    for_each(&["exit", "prela::exit on a thread", "into_global"], |how, transport| {
        let refusal = Refusal::new();
        let held = Receiver::start(transport);
        held.answer([Answer::Held]);
        for endpoint in [refusal.endpoint(), held.endpoint()] {
            let start = Instant::now();
            let output = ending(how, &endpoint, transport).output().unwrap();
            assert!(start.elapsed() < SOON, "{how}: {:?}", start.elapsed());
            let status = if *how == "into_global" { 0 } else { 7 };
            assert_eq!(output.status.code(), Some(status), "{how}");
            let lines = lines(&output);
            assert_eq!(lines.len(), 1, "{lines:?}");
            let lost = "prela: 20 of 20 spans could not be delivered to otlp";
            assert!(lines[0].starts_with(lost), "{lines:?}");
        }
    });
}

#[test]
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
fn an_exit_without_a_collector_leaves_the_spans_in_the_spool() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let mut program = ending("exit with a spool", &refusal.endpoint(), Transport::Http);
    let output = program.env("SPOOL", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));

    let receiver = Receiver::start(Transport::Http);
    let mut program = ending("exit with a spool", &receiver.endpoint(), Transport::Http);
    let output = program.env("SPOOL", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(receiver.spans().len(), 2 * SPANS, "those of both runs");
}

/// A guard that was dropped at once or too early records nothing: tokio-rs/tracing#2746.
#[test]
fn spans_after_a_shutdown_are_told_once() {
    let at_once = "not `let _ = ..`";
    let too_early = "Keep what `prela::init` returns";
    let cases = [
        ("dropped at once", at_once, 0),
        ("dropped at once, threads", at_once, 0),
        ("dropped at once, other API", at_once, 0),
        ("own instance, dropped", at_once, 0),
        ("dropped by a function", too_early, SPANS),
        ("shut down", too_early, SPANS),
        ("shut down by a future", too_early, SPANS),
    ];
    for_each(&cases, |&(how, remedy, spans), transport| {
        let receiver = Receiver::start(transport);
        let output = ending(how, &receiver.endpoint(), transport).output().unwrap();
        assert!(output.status.success(), "{how}: {}", String::from_utf8_lossy(&output.stderr));
        let lines = lines(&output);
        assert_eq!(lines.len(), 1, "{how}: {lines:?}");
        let names_it = lines[0].contains("\"endings\"") && lines[0].contains("`let _prela = ");
        assert!(names_it && lines[0].contains(remedy), "{how}: {lines:?}");
        assert_eq!(receiver.spans().len(), spans, "{how}");
    });
}

/// The program does as it should: threads that are still at work when it ends are no fault of it.
#[test]
fn what_is_still_at_work_at_the_end_is_not_told() {
    for_each(&["still at work", "still at work at exit", "capture"], |how, transport| {
        let receiver = Receiver::start(transport);
        let output = ending(how, &receiver.endpoint(), transport).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{how}: {output:?}");
        // One that was open may have ended too late, and is told as lost.
        let lines = lines(&output);
        assert!(!lines.iter().any(|line| line.contains("spans begin")), "{how}: {lines:?}");
    });
}

/// Nobody has exporters: nobody wants to know.
#[test]
fn a_program_that_is_not_traced_is_told_nothing() {
    let off = [
        ("OTEL_SDK_DISABLED", "true"),
        ("PRELA_EXPORTER", "none"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ];
    for_each(
        &["dropped at once", "shut down", "early", "early, then started"],
        |how, transport| {
            for (variable, value) in off {
                let mut program = ending(how, "http://localhost:9", transport);
                let output = program.env(variable, value).output().unwrap();
                assert!(output.status.success(), "{how}: {output:?}");
                assert_eq!(lines(&output), [""; 0], "{how} {variable}");
            }
        },
    );
    let output = role("endings").arg("early").output().unwrap();
    assert!(output.status.success() && lines(&output).is_empty(), "{output:?}");
}

/// A program that forgot to start: nothing arrives, nothing is said by others.
#[test]
fn spans_before_an_instance_are_told_once_if_the_environment_asks_for_one() {
    for how in ["early", "early, then started", "early, macro"] {
        for variable in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            let receiver = Receiver::start(Transport::Grpc);
            let mut program = role("endings");
            program.arg(how).env(variable, receiver.endpoint());
            let output = program.output().unwrap();
            assert!(output.status.success(), "{how}: {output:?}");
            let lines = lines(&output);
            assert_eq!(lines.len(), 1, "{how}: {lines:?}");
            let names_it = lines[0].contains(variable) && lines[0].contains("`let _prela = ");
            assert!(names_it, "{how}: {lines:?}");
            assert!(!lines[0].contains(&receiver.endpoint()), "a URL can hold a password");
        }
    }
    let mut program = ending("early, no span", "http://localhost:9", Transport::Grpc);
    assert_eq!(lines(&program.output().unwrap()), [""; 0], "no span was begun");
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::io::Write as _;
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::net::TcpStream;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Child, ChildStdout, ExitStatus};

    /// A program that waits for its end.
    struct Waiting {
        process: Child,
        output: BufReader<ChildStdout>,
    }

    impl Waiting {
        fn start(mut program: Command) -> Self {
            program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut process = program.spawn().unwrap();
            let output = BufReader::new(process.stdout.take().unwrap());
            Self { process, output }
        }

        fn start_until_ready(program: Command) -> Self {
            let mut waiting = Self::start(program);
            assert_eq!(waiting.next_line(), "ready");
            waiting
        }

        fn next_line(&mut self) -> String {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        }

        fn send(&self, signal: i32) {
            let pid = self.process.id().try_into().unwrap();
            // SAFETY: sends a signal to a child that nobody has waited for.
            assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
        }

        /// Waits until the program ends, and returns what Prela said in it.
        fn end(mut self) -> (ExitStatus, Vec<String>) {
            let mut said = String::new();
            self.process.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            let status = self.process.wait().unwrap();
            let lines = said.lines().filter(|line| line.starts_with("prela: "));
            (status, lines.map(str::to_owned).collect())
        }

        fn has_ended(&mut self) -> bool {
            self.process.try_wait().unwrap().is_some()
        }
    }

    const BOTH: [i32; 2] = [libc::SIGINT, libc::SIGTERM];

    /// Ctrl-C and SIGTERM run no destructor: apollographql/router#9910.
    #[test]
    fn what_is_queued_arrives_before_a_signal_ends_the_program() {
        for_each(&["signal", "signal in a runtime", "nobody waits any more"], |how, transport| {
            for signal in BOTH {
                let receiver = Receiver::start(transport);
                let program =
                    Waiting::start_until_ready(ending(how, &receiver.endpoint(), transport));
                program.send(signal);
                let (status, lines) = program.end();
                assert_eq!(status.signal(), Some(signal), "{how}: {status}");
                assert_eq!(receiver.spans().len(), SPANS, "{how}");
                assert_eq!(lines, [""; 0], "{how}");
            }
        });
    }

    /// A server that finishes what it has begun decides by itself when it ends, and with what.
    #[test]
    fn a_program_that_ends_in_order_on_a_signal_sends_everything() {
        for_each(&BOTH, |&signal, transport| {
            let receiver = Receiver::start(transport);
            let program =
                Waiting::start_until_ready(ending("graceful", &receiver.endpoint(), transport));
            program.send(signal);
            let (status, lines) = program.end();
            assert_eq!((status.code(), status.signal()), (Some(0), None));
            assert_eq!(receiver.spans().len(), SPANS, "those that it made after the signal");
            assert_eq!(lines, [""; 0]);
        });
    }

    /// The request that is being answered when the signal comes, and its span.
    #[test]
    fn a_server_answers_what_it_has_before_it_ends() {
        for_each(&BOTH, |&signal, transport| {
            let receiver = Receiver::start(transport);
            let mut program =
                Waiting::start(ending("graceful server", &receiver.endpoint(), transport));
            let mut client = TcpStream::connect(program.next_line()).unwrap();
            client.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            assert_eq!(program.next_line(), "ready");
            program.send(signal);
            let mut response = String::new();
            client.read_to_string(&mut response).unwrap();
            assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("done"));
            let (status, lines) = program.end();
            assert_eq!((status.code(), lines.len()), (Some(0), 0), "{lines:?}");
            let names: Vec<_> = receiver.spans().iter().map(|it| it.name().to_owned()).collect();
            assert_eq!(names, ["GET /slow"]);
        });
    }

    #[test]
    fn a_signal_is_not_held_up_for_long_by_a_collector_that_never_answers() {
        for_each(&BOTH, |&signal, transport| {
            let receiver = Receiver::start(transport);
            receiver.answer([Answer::Held]);
            let program =
                Waiting::start_until_ready(ending("signal", &receiver.endpoint(), transport));
            let start = Instant::now();
            program.send(signal);
            let (status, lines) = program.end();
            assert_eq!(status.signal(), Some(signal));
            assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
            assert!(lines.len() == 1 && lines[0].contains("20 of 20 spans"), "{lines:?}");
        });
    }

    /// Impatient users, and a supervisor's last word.
    #[test]
    fn a_second_signal_ends_the_program_at_once() {
        for_each(&["signal, patient", "never done"], |how, transport| {
            let receiver = Receiver::start(transport);
            receiver.answer([Answer::Held]);
            let mut program =
                Waiting::start_until_ready(ending(how, &receiver.endpoint(), transport));
            let start = Instant::now();
            while !program.has_ended() {
                assert!(start.elapsed() < Duration::from_secs(60), "{how} goes on");
                program.send(libc::SIGTERM);
                thread::yield_now();
            }
            assert_eq!(program.end().0.signal(), Some(libc::SIGTERM), "{how}");
        });
    }
}
