//! How long flushing and shutting down take: as long as the work, and no longer than they were given.

use crate::receiver::{Answer, Receiver, Transport};
use prela::{ErrorKind, Prela};
use prela_tests::assert_adds_up;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

const A_WHILE: Duration = Duration::from_secs(60);
const PROMPT: Duration = Duration::from_millis(100);

/// A collector that takes connections and says nothing.
struct BlackHole(TcpListener);

impl BlackHole {
    fn new() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).unwrap())
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}

fn instance(transport: Transport, endpoint: String) -> Prela {
    let builder = prela::builder().env([] as [(&str, &str); 0]).diagnostics(|_| ());
    builder.exporter(transport.exporter(endpoint)).build().unwrap()
}

fn end_span(prela: &Prela) {
    prela.tracer().span_default("span").in_scope(|_| ());
}

/// Runs a wait in every place from which one may wait.
fn everywhere(run: impl Fn() + Clone + Send + 'static) {
    let current = || Builder::new_current_thread().enable_all().build().unwrap();
    let one_worker = || Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let in_a_task = |runtime: Runtime| {
        let run = run.clone();
        runtime.block_on(async { tokio::spawn(async move { run() }).await.unwrap() });
    };
    run();
    current().block_on(async { run() });
    in_a_task(current());
    in_a_task(one_worker());
}

#[test]
fn a_black_hole_does_not_hold_up_anybody() {
    for transport in Transport::BOTH {
        everywhere(move || {
            let hole = BlackHole::new();
            let prela = instance(transport, hole.endpoint());
            end_span(&prela);
            let within = Duration::from_millis(150);
            let begin = Instant::now();
            assert_eq!(prela.flush(within).unwrap_err().kind(), ErrorKind::Timeout);
            let report = prela.shutdown(within);
            let took = begin.elapsed();
            assert!(took >= within && took < within * 2 + Duration::from_secs(1), "{took:?}");
            assert!(report.timed_out);
            assert_eq!(report.undelivered(), 1);
            assert_adds_up(&report.stats);
        });
    }
}

#[test]
fn waiting_ends_with_the_work() {
    // The best of some: the machine is busy with other tests.
    let prompt = |wait: &dyn Fn() -> Duration| {
        let times: Vec<_> = (0..5).map(|_| wait()).collect();
        assert!(times.iter().any(|time| *time < PROMPT), "{times:?}");
    };
    for transport in Transport::BOTH {
        everywhere(move || {
            prompt(&|| {
                let receiver = Receiver::start(transport);
                let prela = instance(transport, receiver.endpoint());
                end_span(&prela);
                let begin = Instant::now();
                prela.flush(A_WHILE).unwrap();
                end_span(&prela);
                assert_eq!(prela.shutdown(A_WHILE).stats.exported, 2);
                begin.elapsed()
            });
        });
    }
}

#[test]
fn waiting_ends_when_a_late_answer_comes() {
    let times: Vec<_> = (0..5)
        .map(|_| {
            let receiver = Receiver::start(Transport::Grpc);
            receiver.answer([Answer::Held]);
            let prela = instance(Transport::Grpc, receiver.endpoint());
            end_span(&prela);
            thread::scope(|threads| {
                let waiting = threads.spawn(|| {
                    prela.flush(A_WHILE).unwrap();
                    Instant::now()
                });
                receiver.wait_for_requests(1);
                let released = Instant::now();
                receiver.release();
                waiting.join().unwrap().duration_since(released)
            })
        })
        .collect();
    assert!(times.iter().any(|time| *time < PROMPT), "{times:?}");
}

#[test]
fn futures_of_it_work_anywhere() {
    let hole = BlackHole::new();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let prela = instance(Transport::Http, hole.endpoint());
        end_span(&prela);
        let within = Duration::from_millis(50);
        assert!(prela.flush_async(within).await.is_err());
        assert!(prela.shutdown_async(within).await.timed_out);
    });
}
