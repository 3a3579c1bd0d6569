//! A receiver that answers, but does not take everything at once, gets all that the time of a shutdown
//! allows; one that is not there ends it early.

use crate::receiver::{Asked, Peer, Reaction, Refusal, Transport};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prela::Prela;
use prela::pipeline::ShutdownReport;
use prela::spool::Spool;
use prela_tests::assert_adds_up;
use prost::Message as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Longer than anything here takes on a busy machine.
const A_WHILE: Duration = Duration::from_secs(30);
/// What takes no time by itself.
const SOON: Duration = Duration::from_secs(8);

/// One answer of a script.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Take,
    /// An HTTP status, which something between here and a gRPC receiver may answer too.
    Http(u16),
    /// A status with `Retry-After` in seconds.
    HttpAfter(u16, u64),
    Grpc(Code),
    /// A status with a `RetryInfo` of milliseconds.
    GrpcAfter(Code, u64),
    Reset,
}

impl Turn {
    fn reaction(self, transport: Transport) -> Reaction {
        match self {
            Self::Take if transport == Transport::Http => {
                Reaction::http(200, &[("content-type", "application/x-protobuf")], "")
            }
            Self::Take => Reaction::grpc(vec![0; 5], &[("grpc-status", "0")]),
            Self::Http(status) => Reaction::http(status, &[], "not now"),
            Self::HttpAfter(status, after) => {
                Reaction::http(status, &[("retry-after", &after.to_string())], "not now")
            }
            Self::Grpc(code) => {
                let code = i32::from(code).to_string();
                Reaction::grpc_without_body(&[("grpc-status", &code)])
            }
            Self::GrpcAfter(code, after) => {
                let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(after)));
                let status = Status::with_error_details(code, "", details);
                Reaction::grpc_without_body(&[
                    ("grpc-status", &i32::from(code).to_string()),
                    ("grpc-status-details-bin", &STANDARD_NO_PAD.encode(status.details())),
                ])
            }
            Self::Reset => Reaction::Reset,
        }
    }
}

/// A receiver that answers by turns, the last one for ever, and counts what it took.
struct Moody {
    peer: Peer,
    taken: Arc<AtomicUsize>,
    turns: Arc<AtomicUsize>,
}

impl Moody {
    fn start(transport: Transport, script: Vec<Turn>) -> Self {
        let (taken, turns) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, turn) = (taken.clone(), turns.clone());
        let peer = Peer::start(transport, move |asked| {
            let now = turn.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
            if matches!(script[now], Turn::Take) {
                counted.fetch_add(spans(transport, &asked), Ordering::SeqCst);
            }
            script[now].reaction(transport)
        });
        Self { peer, taken, turns }
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    fn turns(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }
}

fn spans(transport: Transport, asked: &Asked) -> usize {
    let head = if transport == Transport::Grpc { 5 } else { 0 };
    let request = ExportTraceServiceRequest::decode(&asked.body[head..]).unwrap();
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

/// How a program ends its tracing.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Shutdown,
    Drop,
    Async,
}

impl Ending {
    const ALL: [Self; 3] = [Self::Shutdown, Self::Drop, Self::Async];

    /// The report, if there is one.
    fn end(self, prela: Prela, within: Duration) -> Option<ShutdownReport> {
        match self {
            Self::Shutdown => Some(prela.shutdown(within)),
            Self::Drop => {
                drop(prela);
                None
            }
            Self::Async => {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                Some(runtime.block_on(prela.shutdown_async(within)))
            }
        }
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// Spans that have ended, whose sending is left to the end of the program.
struct Run {
    prela: Prela,
    lines: Lines,
    spool: Option<TempDir>,
}

impl Run {
    fn new(
        transport: Transport,
        endpoint: &str,
        has_spool: bool,
        configure: impl FnOnce(prela::Builder) -> prela::Builder,
    ) -> Self {
        let (lines, spool) = (Lines::default(), has_spool.then(|| TempDir::new().unwrap()));
        let written = lines.clone();
        let mut builder = prela::builder()
            .env([("", ""); 0])
            .exporter(transport.exporter(endpoint))
            .schedule_delay(A_WHILE * 100)
            .max_queue_size(10_000)
            .diagnostics(move |line| written.0.lock().unwrap().push(line.to_owned()));
        if let Some(dir) = &spool {
            builder = builder.spool(Spool::new(dir.path()));
        }
        Self { prela: configure(builder).build().unwrap(), lines, spool }
    }

    fn end_spans(&self, count: usize) {
        for _ in 0..count {
            self.prela.tracer().span_default("step").in_scope(|_| ());
        }
    }

    /// Ends the program, and looks at what is said.
    fn end(self, ending: Ending, within: Duration) -> (Option<ShutdownReport>, String) {
        let report = ending.end(self.prela, within);
        if let Some(report) = &report {
            assert_adds_up(&report.stats);
        }
        drop(self.spool);
        (report, self.lines.text())
    }
}

/// The answers after which a request may be sent again.
fn retryable(transport: Transport) -> Vec<Turn> {
    let http = [429, 502, 503, 504].map(Turn::Http);
    let own = match transport {
        Transport::Http => vec![Turn::HttpAfter(503, 0), Turn::HttpAfter(429, 0)],
        Transport::Grpc => vec![
            Turn::Grpc(Code::Cancelled),
            Turn::Grpc(Code::DeadlineExceeded),
            Turn::GrpcAfter(Code::ResourceExhausted, 20),
            Turn::Grpc(Code::Aborted),
            Turn::Grpc(Code::OutOfRange),
            Turn::Grpc(Code::Unavailable),
            Turn::GrpcAfter(Code::Unavailable, 20),
            Turn::Grpc(Code::DataLoss),
        ],
    };
    [&http[..], &own, &[Turn::Reset]].concat()
}

/// For each transport, ending, and with a spool or without one, all at once: most of their time is
/// waiting.
fn for_each(check: impl Fn(Transport, Ending, bool) + Sync) {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for ending in Ending::ALL {
                for has_spool in [false, true] {
                    let check = &check;
                    threads.spawn(move || check(transport, ending, has_spool));
                }
            }
        }
    });
}

/// open-telemetry/opentelemetry-rust#3081: what a receiver answers under load is no reason to give up.
#[test]
fn every_answer_that_may_be_retried_is_a_sign_of_life() {
    for_each(|transport, ending, has_spool| {
        thread::scope(|threads| {
            for answer in retryable(transport) {
                threads.spawn(move || {
                    let mut script = vec![Turn::Take, answer, Turn::Take];
                    // More in a row than a peer that is not there is given.
                    script.extend([answer; 5]);
                    script.push(Turn::Take);
                    let receiver = Moody::start(transport, script);
                    let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
                        it.max_batch_size(10).shutdown_timeout(A_WHILE)
                    });
                    run.end_spans(40);
                    let (report, text) = run.end(ending, A_WHILE);
                    let case = format!("{answer:?} {ending:?} spool {has_spool}: {text}");
                    assert_eq!((receiver.taken(), text.as_str()), (40, ""), "{case}");
                    if let Some(report) = report {
                        assert_eq!(report.undelivered() + report.stats.spooled, 0, "{case}");
                        assert!(!report.timed_out, "{case}");
                    }
                });
            }
        });
    });
}

/// A receiver that refuses every second request costs a shutdown a pause each, and no span.
#[test]
fn every_second_answer_is_a_refusal() {
    for_each(|transport, ending, has_spool| {
        let busy = match transport {
            Transport::Http => Turn::Http(503),
            Transport::Grpc => Turn::Grpc(Code::Unavailable),
        };
        let receiver = Moody::start(transport, [Turn::Take, busy].repeat(50));
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.shutdown_timeout(A_WHILE)
        });
        run.end_spans(5_000);
        let begin = Instant::now();
        let (_, text) = run.end(ending, A_WHILE);
        assert_eq!((receiver.taken(), text.as_str()), (5_000, ""));
        assert!(begin.elapsed() < SOON * 2, "{:?}", begin.elapsed());
    });
}

/// open-telemetry/opentelemetry-rust#3081, while shutting down: the pause that was asked for is made,
/// and then all is sent.
#[test]
fn the_pause_that_a_receiver_asks_for_is_made() {
    for_each(|transport, ending, has_spool| {
        let wait = match transport {
            Transport::Http => Turn::HttpAfter(503, 1),
            Transport::Grpc => Turn::GrpcAfter(Code::ResourceExhausted, 1_000),
        };
        let receiver = Moody::start(transport, vec![wait, wait, wait, Turn::Take]);
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.shutdown_timeout(A_WHILE)
        });
        let begin = Instant::now();
        run.end_spans(5_000);
        let (_, text) = run.end(ending, A_WHILE);
        assert_eq!((receiver.taken(), text.as_str()), (5_000, ""));
        let took = begin.elapsed();
        assert!(took >= Duration::from_secs(3) && took < SOON * 2, "{took:?}");
    });
}

/// The default time of a drop is enough for some pauses.
#[test]
fn a_dropped_guard_waits_for_short_pauses() {
    for has_spool in [false, true] {
        let wait = Turn::GrpcAfter(Code::Unavailable, 200);
        let receiver = Moody::start(Transport::Grpc, vec![wait, wait, wait, Turn::Take]);
        let run = Run::new(Transport::Grpc, receiver.peer.endpoint(), has_spool, |it| it);
        run.end_spans(11);
        let (_, text) = run.end(Ending::Drop, A_WHILE);
        assert_eq!((receiver.taken(), text.as_str()), (11, ""));
    }
}

/// Nobody waits for what cannot be; it is said, and what there is a disk for goes there.
#[test]
fn a_pause_beyond_the_deadline_is_said() {
    for_each(|transport, ending, has_spool| {
        let wait = match transport {
            Transport::Http => Turn::HttpAfter(503, 60),
            Transport::Grpc => Turn::GrpcAfter(Code::Unavailable, 60_000),
        };
        let receiver = Moody::start(transport, vec![wait]);
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.shutdown_timeout(A_WHILE)
        });
        run.end_spans(40);
        let begin = Instant::now();
        let (report, text) = run.end(ending, A_WHILE);
        assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
        // What was asked for is respected.
        assert_eq!(receiver.turns(), 1);
        let fate = if has_spool { "wait in the spool" } else { "could not be delivered" };
        assert!(text.starts_with(&format!("prela: 40 of 40 spans {fate}")), "{text}");
        let said = "the receiver asked to wait 60s, longer than the shutdown had left";
        assert!(text.contains(said), "{text}");
        if let Some(report) = report {
            let exporter = &report.stats.exporters[0];
            assert!(exporter.last_error.as_ref().unwrap().contains(said));
            assert_eq!(report.stats.spooled, if has_spool { 40 } else { 0 });
            assert!(!report.timed_out);
        }
    });
}

/// A pause that was asked for before the shutdown began: no other batch is tried meanwhile.
#[test]
fn a_pause_that_was_asked_for_before_is_kept() {
    for_each(|transport, ending, has_spool| {
        let wait = match transport {
            Transport::Http => Turn::HttpAfter(503, 60),
            Transport::Grpc => Turn::GrpcAfter(Code::Unavailable, 60_000),
        };
        let receiver = Moody::start(transport, vec![Turn::Take, wait]);
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.max_batch_size(10).shutdown_timeout(A_WHILE)
        });
        run.end_spans(40);
        let begin = Instant::now();
        while receiver.turns() < 2 {
            assert!(begin.elapsed() < A_WHILE);
            thread::yield_now();
        }
        let (_, text) = run.end(ending, A_WHILE);
        assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
        assert_eq!((receiver.taken(), receiver.turns()), (10, 2), "{text}");
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("prela: 30 of 40 spans "), "{text}");
        assert!(last.contains("the receiver asked to wait "), "{text}");
    });
}

/// A receiver that never takes anything is tried until the time is over, and not longer.
#[test]
fn a_receiver_that_stays_busy_ends_with_the_deadline() {
    for_each(|transport, ending, has_spool| {
        let receiver = Moody::start(transport, vec![Turn::Http(503)]);
        // Much of which is kept for the disk, on a machine that is busy with other tests.
        let within = Duration::from_secs(3);
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.max_batch_size(10).shutdown_timeout(within)
        });
        run.end_spans(40);
        let begin = Instant::now();
        let (report, text) = run.end(ending, within);
        let took = begin.elapsed();
        assert!(took > within / 2 && took < within + SOON, "{took:?}");
        assert!(receiver.turns() > 3, "{} attempts", receiver.turns());
        let fate = if has_spool { "wait in the spool" } else { "could not be delivered" };
        assert!(text.contains(&format!("prela: 40 of 40 spans {fate}")), "{text}");
        assert!(text.contains("503"), "{text}");
        if let Some(report) = report {
            assert_eq!(report.stats.spooled, if has_spool { 40 } else { 0 });
            assert_eq!(report.undelivered(), if has_spool { 0 } else { 40 });
        }
    });
}

/// A receiver that was left alone because it had failed before is tried when there is no later.
#[test]
fn what_failed_before_the_shutdown_is_tried_again() {
    for_each(|transport, ending, has_spool| {
        // As many failures as open the breaker, for much longer than the others take.
        let mut script = vec![Turn::Http(503); 8];
        script.push(Turn::Take);
        let receiver = Moody::start(transport, script);
        let run = Run::new(transport, receiver.peer.endpoint(), has_spool, |it| {
            it.max_batch_size(10).shutdown_timeout(A_WHILE)
        });
        run.end_spans(40);
        let begin = Instant::now();
        while receiver.turns() < 5 {
            assert!(begin.elapsed() < A_WHILE);
            thread::yield_now();
        }
        let (_, text) = run.end(ending, A_WHILE);
        assert_eq!((receiver.taken(), text.as_str()), (40, ""), "{ending:?} spool {has_spool}");
    });
}

/// open-telemetry/opentelemetry-python#3309: nobody waits for a peer that is not there.
#[test]
fn only_a_peer_that_is_not_there_ends_it_early() {
    let refusal = Refusal::new();
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    let endpoints = [refusal.endpoint(), "http://collector.invalid:4318".to_owned(), silent];
    for_each(|transport, ending, has_spool| {
        for endpoint in &endpoints {
            let otlp = transport.exporter(endpoint).timeout(Duration::from_millis(200));
            let lines = Lines::default();
            let (written, dir) = (lines.clone(), TempDir::new().unwrap());
            let mut builder = prela::builder()
                .env([("", ""); 0])
                .exporter(otlp)
                .shutdown_timeout(A_WHILE)
                .max_batch_size(10)
                .diagnostics(move |line| written.0.lock().unwrap().push(line.to_owned()));
            if has_spool {
                builder = builder.spool(Spool::new(dir.path()));
            }
            let prela = builder.build().unwrap();
            (0..40).for_each(|_| prela.tracer().span_default("step").in_scope(|_| ()));
            let begin = Instant::now();
            ending.end(prela, A_WHILE);
            assert!(begin.elapsed() < SOON, "{endpoint}: {:?}", begin.elapsed());
            let fate = if has_spool { "wait in the spool" } else { "could not be delivered" };
            let text = lines.text();
            assert!(text.contains(&format!("prela: 40 of 40 spans {fate}")), "{text}");
        }
    });
}
