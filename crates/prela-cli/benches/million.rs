//! A million spans: how fast `prela serve` takes them while somebody listens, how much memory it has
//! then, and how long each question takes afterwards.
//!
//! `cargo bench -p prela-cli`, or with a number of spans behind `--`. The sender runs on the same cores.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people who measure")]

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prela_cli::otlp::{Envelope, Resource, Scope};
use prela_cli::query::{Filter, Reader};
use prela_cli::server::{Hello, v1};
use prost::Message as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tonic::codec::CompressionEncoding;
use tonic::transport::Endpoint;

const BATCH: u64 = 512;
const SPANS_OF_TRACE: u64 = 20;
const SENDERS: u64 = 4;

fn main() {
    let count = std::env::args().filter_map(|it| it.parse().ok()).next().unwrap_or(1_000_000);
    println!(
        "{count} spans of {} bytes, {SPANS_OF_TRACE} a trace, {BATCH} a request",
        span(0).encoded_len()
    );
    for way in [Way::Grpc(None), Way::Grpc(Some(CompressionEncoding::Gzip)), Way::Http] {
        let dir = tempfile::tempdir().unwrap();
        ingest(&dir.path().join("prela.db"), way, count / 4, None);
    }
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("prela.db");
    // What is asked for, kept up for a while.
    ingest(&store, Way::Grpc(None), count, Some(50_000));
    questions(&store);
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Grpc(Option<CompressionEncoding>),
    Http,
}

/// Has a server take spans, as fast as it does or at a rate, while a client listens.
fn ingest(store: &Path, way: Way, count: u64, rate: Option<u64>) {
    let (mut server, hello) = serve(store);
    let heard = AtomicU64::new(0);
    let requests = count / BATCH;
    let next = AtomicU64::new(0);
    let slowest = AtomicU64::new(0);
    let begin = Instant::now();
    thread::scope(|threads| {
        threads.spawn(|| listen(&hello, &heard));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                threads.spawn(|| {
                    let mut send = sender(&hello, way);
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        if number >= requests {
                            return;
                        }
                        if let Some(rate) = rate {
                            let due =
                                Duration::from_secs_f64((number * BATCH) as f64 / rate as f64);
                            thread::sleep(due.saturating_sub(begin.elapsed()));
                        }
                        let request = request(number);
                        let sent = Instant::now();
                        send(request);
                        slowest
                            .fetch_max(u64::try_from(sent.elapsed().as_micros()).unwrap(), Relaxed);
                    }
                })
            })
            .collect();
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        let took = begin.elapsed().as_secs_f64();
        let (cpu, memory) = usage(&server);
        println!(
            "{way:?}{}: {:.0} spans/s in {took:.1} s; server {cpu:.1} s of CPU, at most {memory} MB; slowest \
             answer {} ms; the listener heard of {} traces",
            rate.map(|rate| format!(" at {rate}/s")).unwrap_or_default(),
            (requests * BATCH) as f64 / took,
            slowest.load(Relaxed) / 1000,
            heard.load(Relaxed),
        );
        server.kill().unwrap();
        server.wait().unwrap();
    });
}

fn serve(store: &Path) -> (Child, Hello) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_prela"))
        .args([
            "serve",
            "--json",
            "--grpc-port",
            "0",
            "--http-port",
            "0",
            "--page-port",
            "0",
            "--store",
        ])
        .arg(store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let hello = serde_json::from_str(&line).unwrap();
    (server, hello)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Hears of new traces until the server is gone.
fn listen(hello: &Hello, heard: &AtomicU64) {
    let url = format!("http://{}", hello.grpc);
    runtime().block_on(async {
        let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();
        let mut client = v1::query_service_client::QueryServiceClient::new(channel);
        let mut news = client.watch_traces(v1::WatchTracesRequest {}).await.unwrap().into_inner();
        while let Ok(Some(more)) = news.message().await {
            heard.fetch_add(more.traces.len() as u64, Relaxed);
        }
    });
}

fn sender(hello: &Hello, way: Way) -> Box<dyn FnMut(Envelope)> {
    match way {
        Way::Grpc(compression) => {
            let runtime = runtime();
            let url = format!("http://{}", hello.grpc);
            let channel = runtime
                .block_on(async { Endpoint::from_shared(url).unwrap().connect().await.unwrap() });
            let mut client = tonic::client::Grpc::new(channel);
            if let Some(compression) = compression {
                client = client.send_compressed(compression);
            }
            Box::new(move |request| {
                runtime.block_on(async {
                    client.ready().await.unwrap();
                    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
                    let codec = tonic_prost::ProstCodec::<Envelope, ()>::default();
                    let path = http::uri::PathAndQuery::from_static(path);
                    client.unary(tonic::Request::new(request), path, codec).await.unwrap();
                });
            })
        }
        Way::Http => {
            let mut connection = TcpStream::connect(hello.http).unwrap();
            Box::new(move |request| {
                let body = request.encode_to_vec();
                let head = format!(
                    "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                connection.write_all(head.as_bytes()).unwrap();
                connection.write_all(&body).unwrap();
                let (mut answer, mut part) = (Vec::new(), [0; 1024]);
                while !answer.ends_with(b"\r\n\r\n") {
                    let count = connection.read(&mut part).unwrap();
                    answer.extend_from_slice(&part[..count]);
                }
                assert!(
                    answer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&answer)
                );
            })
        }
    }
}

/// Spans as agents have them: a root, tools and models, some of which fail.
fn span(number: u64) -> Span {
    // 50 traces at a time, the root last.
    let (block, within) = (number / (50 * SPANS_OF_TRACE), number % (50 * SPANS_OF_TRACE));
    let (trace, place) = (block * 50 + within % 50 + 1, within / 50);
    let text = |key: &str, value: String| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(value)) }),
        ..KeyValue::default()
    };
    let int = |key: &str, value: u64| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::IntValue(value.cast_signed())) }),
        ..KeyValue::default()
    };
    let is_root = place == SPANS_OF_TRACE - 1;
    let start = 1_790_000_000_000_000_000 + trace * 10_000_000 + place * 1_000;
    let is_error = number % 100 == 7;
    Span {
        trace_id: [trace.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(), trace.to_be_bytes()]
            .concat(),
        span_id: (number + 1).to_be_bytes().to_vec(),
        parent_span_id: if is_root {
            Vec::new()
        } else {
            let root = block * 50 * SPANS_OF_TRACE + (SPANS_OF_TRACE - 1) * 50 + within % 50 + 1;
            root.to_be_bytes().to_vec()
        },
        name: if is_root { format!("agent.run {}", trace % 40) } else { format!("step {place}") },
        kind: 1,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 2_000_000,
        attributes: vec![
            text("gen_ai.operation.name", "chat".to_owned()),
            text("gen_ai.request.model", format!("model-{}", number % 7)),
            int("gen_ai.usage.input_tokens", number % 4_000),
            int("gen_ai.usage.output_tokens", number % 400),
            text("thread.name", format!("tokio-runtime-worker-{}", number % 8)),
            text("request.id", format!("request-{number:016x}")),
            text("session.id", format!("session-{}", trace % 1_000)),
        ],
        events: if is_error {
            let message = format!("request {number} was refused");
            vec![Event {
                name: "exception".to_owned(),
                attributes: vec![text("exception.message", message)],
                ..Event::default()
            }]
        } else {
            Vec::new()
        },
        status: is_error.then(|| Status { code: 2, ..Status::default() }),
        ..Span::default()
    }
}

fn request(number: u64) -> Envelope {
    let records = (number * BATCH..(number + 1) * BATCH).map(|it| span(it).encode_to_vec().into());
    let service = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue("bench".to_owned())) }),
        ..KeyValue::default()
    };
    let resource = ResourceMessage { attributes: vec![service], ..ResourceMessage::default() };
    let scope =
        InstrumentationScope { name: "million".to_owned(), ..InstrumentationScope::default() };
    let bytes = |message: Vec<u8>| Some(Bytes::from(message));
    let scope = Scope {
        scope: bytes(scope.encode_to_vec()),
        records: records.collect(),
        ..Scope::default()
    };
    let resource = Resource {
        resource: bytes(resource.encode_to_vec()),
        scopes: vec![scope],
        ..Resource::default()
    };
    Envelope { resources: vec![resource] }
}

/// Seconds of CPU, and megabytes at most.
fn usage(process: &Child) -> (f64, u64) {
    let proc =
        |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", process.id())).unwrap();
    let stat = proc("stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = proc("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (ticks as f64 / 100.0, kib >> 10)
}

fn questions(store: &Path) {
    let size = std::fs::metadata(store).unwrap().len() >> 20;
    println!("the store has {size} MB");
    let all = Filter::default;
    let of_service = || Filter { service: Some("bench".to_owned()), ..all() };
    let nobody = || Filter { service: Some("nobody".to_owned()), ..all() };
    let reader = Reader::open(store).unwrap();
    let oldest = format!("{}", prela_cli::ids::TraceId(span(0).trace_id.try_into().unwrap()));
    type Ask<'a> = &'a dyn Fn(&Reader) -> usize;
    let asked: [(&str, Ask<'_>); 13] = [
        ("list", &|it| it.list(&all()).unwrap().len()),
        ("list of a service", &|it| it.list(&of_service()).unwrap().len()),
        ("list of nobody", &|it| it.list(&nobody()).unwrap().len()),
        ("list with errors", &|it| it.list(&Filter { errors_only: true, ..all() }).unwrap().len()),
        ("list by name", &|it| {
            it.list(&Filter { name: Some("run 7".into()), ..all() }).unwrap().len()
        }),
        ("the oldest trace", &|it| it.trace(it.find(&oldest).unwrap()).unwrap().spans.len()),
        ("last", &|it| it.trace(it.find("last").unwrap()).unwrap().spans.len()),
        ("errors", &|it| it.errors(&all()).unwrap().len()),
        ("search, recent", &|it| it.search("was refused", &all()).unwrap().len()),
        ("search, an early id", &|it| {
            it.search(&format!("request-{:016x}", 12_345), &all()).unwrap().len()
        }),
        // All its parts are in each span, as a run of zeros is: the worst there is.
        ("search, the worst", &|it| it.search("request-0000000000000000", &all()).unwrap().len()),
        ("search, nothing", &|it| it.search("nowhere to be found", &all()).unwrap().len()),
        ("totals", &|it| usize::try_from(it.totals().unwrap().spans).unwrap()),
    ];
    for (name, ask) in asked {
        report(name, || ask(&reader));
    }
    drop(reader);
    commands(store, &oldest);
}

/// Each command, as a program of its own.
fn commands(store: &Path, oldest: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trace.json");
    let file = file.to_str().unwrap();
    let early = format!("request-{:016x}", 12_345);
    let asked: [&[&str]; 23] = [
        &["list"],
        &["list", "--json"],
        &["list", "--errors", "--since", "100days"],
        &["show", "last"],
        &["show", oldest],
        &["show", oldest, "--full"],
        &["show", oldest, "--json"],
        &["show", "last", "--as-test"],
        &["last", "--compact"],
        &["search", "was refused"],
        &["search", &early],
        &["search", "nowhere to be found"],
        &["search", "3999"],
        &["errors"],
        &["errors", "-n", "1000"],
        &["diff", "last~1", "last"],
        &["doctor"],
        &["doctor", oldest],
        &["export", oldest, "--otlp-json", "-o", file],
        &["export", "last", "--perfetto"],
        &["import", file],
        &["gc", "--max-size", "100GB", "--max-age", "10000days"],
        &["completions", "bash"],
    ];
    for arguments in asked {
        let ask = || {
            let output = Command::new(env!("CARGO_BIN_EXE_prela"))
                .args(arguments)
                .env("PRELA_STORE", store)
                .output()
                .unwrap();
            // What is not there is an answer, too.
            assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?} {output:?}");
        };
        report(&format!("prela {}", arguments.join(" ")), ask);
    }
    if cfg!(unix) {
        let ask = || {
            let mut run = Command::new(env!("CARGO_BIN_EXE_prela"));
            run.args(["run", "--", "true"]).env("PRELA_STORE", store);
            assert!(run.output().unwrap().status.success());
        };
        report("prela run -- true", ask);
    }
}

fn report<T>(name: &str, mut ask: impl FnMut() -> T) {
    let mut times: Vec<_> = (0..11)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(ask());
            begin.elapsed()
        })
        .collect();
    times.sort();
    println!("{name}: {:.2?}, at most {:.2?}", times[times.len() / 2], times[times.len() - 1]);
}
