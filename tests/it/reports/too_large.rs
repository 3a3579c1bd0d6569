//! Receivers that take less at a time, and say so, or not, before they have read what they refuse.

use crate::receiver::{Asked, Peer, Reaction, Transport};
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prela::Prela;
use prela::pipeline::Stats;
use prela_tests::assert_adds_up;
use prost::Message as _;
use std::collections::HashSet;
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const A_WHILE: Duration = Duration::from_secs(30);
/// What the scripted receivers take: less than a few of the spans.
const LIMIT: usize = 128 << 10;
/// How many spans are sent: few, since a build for tests is slow to compress.
const SPANS: usize = 24;
const BYTES: usize = 20_000;

/// The names of spans that arrived.
#[derive(Clone, Default)]
struct Arrived(Arc<Mutex<Vec<String>>>);

impl Arrived {
    fn take_in(&self, request: &[u8]) {
        let request = ExportTraceServiceRequest::decode(request).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans).map(|span| span.name);
        self.0.lock().unwrap().extend(spans);
    }

    fn names(&self) -> HashSet<String> {
        self.0.lock().unwrap().iter().cloned().collect()
    }
}

/// A body without compression.
fn plain(body: &[u8], is_gzip: bool) -> Vec<u8> {
    let mut plain = Vec::new();
    match is_gzip {
        true => drop(flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap()),
        false => plain.extend_from_slice(body),
    }
    plain
}

/// What became of a batch, what was said, and how long it took.
fn run(
    otlp: prela::Otlp,
    end_spans: impl FnOnce(&Prela),
    is_running: bool,
) -> (Stats, String, Duration) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = lines.clone();
    let prela = prela::builder()
        .env([("", ""); 0])
        .exporter(otlp)
        .schedule_delay(A_WHILE * 100)
        .diagnostics(move |line| written.lock().unwrap().push(line.to_owned()))
        .build()
        .unwrap();
    end_spans(&prela);
    let begin = Instant::now();
    if is_running {
        let _ = prela.flush(A_WHILE);
    }
    let stats = prela.shutdown(A_WHILE).stats;
    assert_adds_up(&stats);
    let text = lines.lock().unwrap().join("\n");
    (stats, text, begin.elapsed())
}

/// Text that no compression makes much shorter.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed + 1;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b'!' + (state >> 33) as u8 % 90));
    }
    text
}

fn end_spans(prela: &Prela, count: usize) {
    for n in 0..count {
        let text = noise(n as u64, BYTES);
        prela.tracer().span_default(format!("{n}")).attr("text", text).in_scope(|_| ());
    }
}

/// axum's own limit, on a server of its own.
struct Axum {
    endpoint: String,
    arrived: Arrived,
    _stop: oneshot::Sender<()>,
}

impl Axum {
    fn start(limit: usize) -> Self {
        let arrived = Arrived::default();
        let taking = arrived.clone();
        let take = move |headers: axum::http::HeaderMap, body: Bytes| async move {
            taking.take_in(&plain(&body, headers.contains_key("content-encoding")));
        };
        let router =
            Router::new().route("/v1/traces", post(take)).layer(DefaultBodyLimit::max(limit));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    result = async { axum::serve(listener, router).await } => result.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { endpoint, arrived, _stop: stop }
    }
}

/// psf/requests#2422, hyperium/hyper#2384, open-telemetry/opentelemetry-python#4533: the answer 413 comes
/// while the body is under way, and the connection ends with it.
#[test]
fn axum_answers_before_it_has_read_the_body() {
    thread::scope(|threads| {
        for gzip in [false, true] {
            for is_running in [false, true] {
                threads.spawn(move || {
                    let (count, limit) = if gzip { (SPANS, LIMIT) } else { (512, 1 << 20) };
                    let axum = Axum::start(limit);
                    let otlp = Transport::Http.exporter(&axum.endpoint).gzip(gzip);
                    let (stats, text, _) = run(otlp, |it| end_spans(it, count), is_running);
                    assert_eq!((stats.exported, text.as_str()), (count as u64, ""));
                    assert_eq!(axum.arrived.names().len(), count);
                });
            }
        }
    });
}

/// How a receiver refuses a request by its length.
#[derive(Clone, Copy, Debug)]
enum Refuses {
    Answering,
    AnsweringAndClosing,
    /// The answer, if there was any, is lost.
    Resetting,
}

fn refusal(transport: Transport, how: Refuses) -> Reaction {
    let answer = match transport {
        Transport::Http => Reaction::http(413, &[], "length limit exceeded"),
        Transport::Grpc => Reaction::grpc_without_body(&[
            ("grpc-status", "8"),
            ("grpc-message", "grpc: received message larger than max (2000000 vs. 131072)"),
        ]),
    };
    match how {
        Refuses::Answering => answer,
        Refuses::AnsweringAndClosing => answer.and_close(),
        Refuses::Resetting => Reaction::Reset,
    }
}

/// A receiver that refuses what is over its limit before it has read it.
fn start(
    transport: Transport,
    refusal: impl Fn() -> Reaction + Send + Sync + 'static,
) -> (Peer, Arrived) {
    let arrived = Arrived::default();
    let taking = arrived.clone();
    let early = move |length| (length > LIMIT).then(&refusal);
    let peer = Peer::start_early(transport, early, move |asked: Asked| match transport {
        Transport::Http => {
            let is_gzip = asked.headers.contains_key("content-encoding");
            taking.take_in(&plain(&asked.body, is_gzip));
            Reaction::http(200, &[("content-type", "application/x-protobuf")], "")
        }
        Transport::Grpc => {
            taking.take_in(&plain(&asked.body[5..], asked.body[0] == 1));
            Reaction::grpc(vec![0; 5], &[("grpc-status", "0")])
        }
    });
    (peer, arrived)
}

/// open-telemetry/opentelemetry-collector#6046: over both transports, and with an answer that never came.
#[test]
fn a_batch_is_cut_however_it_is_refused() {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for how in [Refuses::Answering, Refuses::AnsweringAndClosing, Refuses::Resetting] {
                for (gzip, is_running) in [(false, false), (true, false), (false, true)] {
                    threads.spawn(move || {
                        let (peer, arrived) = start(transport, move || refusal(transport, how));
                        let otlp = transport.exporter(peer.endpoint()).gzip(gzip);
                        let (stats, text, took) = run(otlp, |it| end_spans(it, SPANS), is_running);
                        let case =
                            format!("{transport:?} {how:?} gzip {gzip} running {is_running}");
                        assert_eq!(stats.exported, SPANS as u64, "{case}: {text} {stats:?}");
                        assert_eq!(arrived.names().len(), SPANS, "{case}");
                        assert!(took < A_WHILE, "{case}: {took:?}");
                    });
                }
            }
        }
    });
}

/// Something between here and a gRPC receiver has a limit of its own, and speaks HTTP.
#[test]
fn a_proxy_refuses_by_http() {
    let refuse = || Reaction::http(413, &[], "<html>");
    let (peer, arrived) = start(Transport::Grpc, refuse);
    let otlp = Transport::Grpc.exporter(peer.endpoint());
    let (stats, text, _) = run(otlp, |it| end_spans(it, SPANS), false);
    assert_eq!((stats.exported, text.as_str()), (SPANS as u64, ""));
    assert_eq!(arrived.names().len(), SPANS);
}

/// open-telemetry/opentelemetry-collector#14298: one span over the limit takes no other with it, and the
/// line says how large it was and whose limit that is.
#[test]
fn one_span_over_the_limit_is_lost_alone() {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for how in [Refuses::Answering, Refuses::AnsweringAndClosing, Refuses::Resetting] {
                for is_running in [false, true] {
                    threads.spawn(move || {
                        let (peer, arrived) = start(transport, move || refusal(transport, how));
                        let end_spans = |prela: &Prela| {
                            for n in 0..40 {
                                let length = if n == 17 { 1 << 20 } else { BYTES };
                                let span = prela.tracer().span_default(format!("{n}"));
                                span.attr("text", noise(n, length)).in_scope(|_| ());
                            }
                        };
                        let otlp = transport.exporter(peer.endpoint());
                        let (stats, text, took) = run(otlp, end_spans, is_running);
                        let case = format!("{transport:?} {how:?} running {is_running}: {text}");
                        assert_eq!((stats.exported, stats.dropped_by.too_large), (39, 1), "{case}");
                        assert_eq!(arrived.names().len(), 39, "{case}");
                        let size = "one span alone makes a request of 1048";
                        let limit = "which is over the limit for a request";
                        assert!(text.contains(size) && text.contains(limit), "{case}");
                        let words = match (how, transport) {
                            (Refuses::Resetting, _) => "export to",
                            (_, Transport::Http) => "413 Payload Too Large: length limit exceeded",
                            (_, Transport::Grpc) => "larger than max (2000000 vs. 131072)",
                        };
                        assert!(text.contains(words), "{case}");
                        assert!(took < A_WHILE, "{case}: {took:?}");
                    });
                }
            }
        }
    });
}

/// One that is too long for a batch with others: those in other batches show that it alone is not taken.
#[test]
fn a_batch_of_one_span_over_the_limit_holds_nobody_up() {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for how in [Refuses::AnsweringAndClosing, Refuses::Resetting] {
                for at in [0, 2, 5] {
                    for has_spool in [false, true] {
                        threads.spawn(move || {
                            let (peer, arrived) = start(transport, move || refusal(transport, how));
                            let spool = tempfile::tempdir().unwrap();
                            let builder = prela::builder()
                                .env([("", ""); 0])
                                .exporter(transport.exporter(peer.endpoint()))
                                .max_batch_size(1)
                                .diagnostics(|_| ());
                            let builder = match has_spool {
                                true => builder.spool(prela::spool::Spool::new(spool.path())),
                                false => builder,
                            };
                            let prela = builder.build().unwrap();
                            for n in 0..6 {
                                let length = if n == at { 1 << 20 } else { 100 };
                                let span = prela.tracer().span_default(format!("{n}"));
                                span.attr("text", noise(n, length)).in_scope(|_| ());
                            }
                            let begin = Instant::now();
                            let stats = prela.shutdown(A_WHILE).stats;
                            let took = begin.elapsed();
                            assert_adds_up(&stats);
                            let case = format!("{transport:?} {how:?} {at} spool {has_spool}");
                            let fates = (stats.exported, stats.dropped_by.too_large);
                            assert_eq!(fates, (5, 1), "{case}: {stats:?}");
                            assert_eq!(arrived.names().len(), 5, "{case}");
                            assert!(took < A_WHILE / 2, "{case}: {took:?}");
                        });
                    }
                }
            }
        }
    });
}
