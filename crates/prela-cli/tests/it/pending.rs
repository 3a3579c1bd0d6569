//! Spans that are there before they end, over real processes: once, at the right place, and in no other
//! collector.

use crate::commands::say;
use crate::program::{Prela, command, text, wait_until};
use crate::requests::{failed, span};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela::redact::Redactor;
use prela::testing::Capture;
use prela::{Builder, Exporter, Otlp, SpanType};
use prela_cli::query::{Filter, Reader, Trace, TraceSummary};
use prost::Message as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(30);

fn showing(otlp: Otlp) -> Capture {
    let at_once = Duration::from_millis(10);
    Capture::with(|builder: Builder| {
        builder.exporter(otlp).schedule_delay(at_once).pending_spans(true)
    })
}

fn newest(reader: &Reader) -> Option<TraceSummary> {
    reader.list(&Filter::default()).unwrap().into_iter().next()
}

fn last(reader: &Reader) -> Trace {
    reader.trace(reader.find("last").unwrap()).unwrap()
}

#[test]
fn a_span_is_there_before_it_ends_and_once_afterwards() {
    type Way = fn(String, String) -> Otlp;
    let ways: [(&str, Way); 3] = [
        ("gRPC", |grpc, _| Exporter::otlp_grpc(grpc)),
        ("HTTP", |_, http| Exporter::otlp_http(http)),
        ("HTTP, JSON, gzip", |_, http| Exporter::otlp_http(http).json(true).gzip(true)),
    ];
    for (way, otlp) in ways {
        let prela = Prela::start();
        let url = |address| format!("http://{address}");
        let otlp = otlp(url(prela.hello.grpc), url(prela.hello.http));
        let capture = Capture::with(|builder| {
            let redactor = Redactor::new().key("token");
            builder.exporter(otlp).redact(redactor).pending_spans(true)
        });
        let tracer = capture.tracer();
        let root = tracer.span("plan", SpanType::Agent).attr("token", "secret").start();
        let context = root.context();
        let child = tracer.span("ask", SpanType::Llm).parent(&context).start();
        child.set_attribute("gen_ai.usage.input_tokens", 12);
        let short = tracer.span("step", SpanType::Tool).parent(&context);
        short.in_scope(|_| ());

        let reader = prela.reader();
        wait_until(way, || newest(&reader).is_some_and(|it| (it.spans, it.open) == (3, 2)));
        let trace = last(&reader);
        assert_eq!((trace.summary.name.as_str(), trace.summary.has_root), ("plan", true), "{way}");
        assert_eq!((trace.summary.input_tokens, trace.summary.unfinished), (12, 0), "{way}");
        let plan = trace.spans.iter().find(|it| it.name() == "plan").unwrap();
        assert!(plan.end_ns.is_none() && !plan.is_unfinished, "{way}");
        assert!(plan.attribute("prela.pending").is_some() && plan.attribute("token").is_some());
        assert!(!format!("{trace:?}").contains("secret"), "{way}");
        let (said, _, _) = say(&prela.store(), 90, &["list"]);
        assert!(said.contains("running"), "{said}");
        let (said, _, _) = say(&prela.store(), 90, &["last"]);
        assert!(said.contains("2 running"), "{said}");

        // What is set while it runs is seen while it runs.
        child.set_attribute("note", "half way");
        wait_until("the note", || {
            last(&reader).spans.iter().any(|it| it.attribute("note").is_some())
        });
        assert_eq!(newest(&reader).unwrap().spans, 3, "{way}");

        child.end();
        root.end();
        capture.prela().flush(A_WHILE).unwrap();
        let trace = last(&reader);
        let summary = &trace.summary;
        assert_eq!((summary.spans, summary.open, summary.unfinished), (3, 0, 0), "{way}");
        assert_eq!((trace.spans.len(), summary.input_tokens), (3, 12), "{way}");
        assert!(trace.spans.iter().all(|it| it.attribute("prela.pending").is_none()), "{way}");
        assert_eq!(reader.list(&Filter::default()).unwrap().len(), 1, "{way}");
        assert_eq!(reader.totals().unwrap().spans, 3, "{way}");

        // Two exporters, the capture's memory and the local tool: copies are in no account.
        let stats = capture.prela().stats();
        assert_eq!((stats.exported, stats.queued + stats.in_flight + stats.dropped), (6, 0));
        let pending = capture.prela().pending_stats().unwrap();
        assert_eq!((pending.shown, pending.missed), (2, 0), "{way}");
    }
}

#[test]
fn whoever_follows_hears_of_a_trace_that_runs() {
    let prela = Prela::start();
    let mut tail = command(["tail", "--json", "--store"])
        .arg(prela.store())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (said, hears) = std::sync::mpsc::channel::<serde_json::Value>();
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = said.send(serde_json::from_str(&line).unwrap());
        }
    });
    let capture = showing(Exporter::otlp_grpc(format!("http://{}", prela.hello.grpc)));
    // Until it follows.
    while hears.recv_timeout(Duration::from_millis(100)).is_err() {
        capture.tracer().span("before", SpanType::Custom).in_scope(|_| ());
        capture.prela().flush(A_WHILE).unwrap();
    }
    let next = || loop {
        let line = hears.recv_timeout(A_WHILE).unwrap();
        if line["name"] == "plan" {
            return line;
        }
    };
    let span = capture.tracer().span("plan", SpanType::Agent).start();
    let running = next();
    assert_eq!((&running["name"], &running["open"]), (&"plan".into(), &1.into()), "{running}");
    span.end();
    capture.prela().flush(A_WHILE).unwrap();
    let ended = next();
    assert_eq!((&ended["spans"], &ended["open"]), (&1.into(), &0.into()), "{ended}");
    tail.kill().unwrap();
    tail.wait().unwrap();
}

/// Head and body of a request.
type Heard = (String, Vec<u8>);

/// Another program at the endpoint is asked who it is, and sent spans that have ended.
#[test]
fn no_other_collector_is_sent_a_span_that_runs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
    let hears = heard.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, hears) = (stream.unwrap(), hears.clone());
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let (mut head, mut length) = (String::new(), 0);
                    while !head.ends_with("\r\n\r\n") {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        head.push_str(&line);
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    // It has a page at every path, as some programs do.
                    let page = r#"{"name":"other"}"#;
                    let page = if head.starts_with("POST") { "" } else { page };
                    hears.lock().unwrap().push((head, body));
                    let answer =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{page}", page.len());
                    let _ = stream.write_all(answer.as_bytes());
                }
            });
        }
    });
    let asked = || {
        let heard = heard.lock().unwrap();
        heard.iter().filter(|(head, _)| head.starts_with("GET /api/hello ")).count()
    };
    let capture = showing(Exporter::otlp_http(format!("http://{address}")));
    let span = capture.tracer().span("plan", SpanType::Agent).start();
    wait_until("it is asked", || asked() > 0);
    // And again: the port may have become the local tool's.
    wait_until("it is asked again", || asked() > 1);
    span.end();
    capture.prela().flush(A_WHILE).unwrap();
    let heard = heard.lock().unwrap();
    let bodies = heard.iter().filter(|(head, _)| head.starts_with("POST")).map(|(_, body)| body);
    let requests = bodies.map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let spans: Vec<Span> = requests
        .flat_map(|it| it.resource_spans)
        .flat_map(|it| it.scope_spans)
        .flat_map(|it| it.spans)
        .collect();
    let ends: Vec<bool> = spans.iter().map(|span| span.end_time_unix_nano > 0).collect();
    assert_eq!(ends, [true]);
    assert_eq!(capture.prela().pending_stats().unwrap().shown, 0);
}

#[test]
fn a_receiver_elsewhere_is_not_even_asked() {
    for (endpoint, is_asked) in [
        ("http://localhost:4317", true),
        ("http://127.0.0.2:4317", true),
        ("http://[::1]:4317", true),
        ("http://collector.invalid:4317", false),
        ("http://192.0.2.1:4317", false),
        ("http://0.0.0.0:4317", false),
        ("http://localhost.example:4317", false),
    ] {
        for is_on in [true, false] {
            let otlp = Exporter::otlp_grpc(endpoint).no_proxy();
            let capture = Capture::with(|builder| builder.exporter(otlp).pending_spans(is_on));
            let stats = capture.prela().pending_stats();
            assert_eq!(stats.is_some(), is_on && is_asked, "{endpoint}");
        }
    }
}

#[test]
fn more_spans_than_are_kept_in_mind_are_counted() {
    let prela = Prela::start();
    let capture = showing(Exporter::otlp_grpc(format!("http://{}", prela.hello.grpc)));
    let tracer = capture.tracer();
    let spans: Vec<_> = (0..5_000).map(|_| tracer.span_default("work").start()).collect();
    let stats = || capture.prela().pending_stats().unwrap();
    wait_until("all are looked at", || stats().shown + stats().missed == 5_000);
    assert!(stats().shown <= 4_096, "{:?}", stats());
    drop(spans);
    capture.prela().flush(A_WHILE).unwrap();
    let totals = prela.reader().totals().unwrap();
    assert_eq!((totals.spans, totals.traces), (5_000, 5_000));
}

/// What the process is that the next test kills: the test itself, in a process of its own.
fn sender(endpoint: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["pending::a_span_whose_process_died_is_unfinished", "--exact", "--nocapture"])
        .env("PRELA_TEST_ENDPOINT", endpoint)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_span_whose_process_died_is_unfinished() {
    if let Ok(endpoint) = std::env::var("PRELA_TEST_ENDPOINT") {
        let capture = showing(Exporter::otlp_grpc(endpoint));
        let span = capture.tracer().span("plan", SpanType::Agent).start();
        let span = capture.tracer().span("step", SpanType::Tool).parent(&span.context());
        span.in_scope(|_| ());
        loop {
            thread::park();
        }
    }
    let prela = Prela::start();
    let mut sender = sender(&format!("http://{}", prela.hello.grpc));
    let reader = prela.reader();
    wait_until("it runs", || newest(&reader).is_some_and(|it| (it.spans, it.open) == (2, 1)));
    assert_eq!(newest(&reader).unwrap().unfinished, 0);
    sender.kill().unwrap();
    sender.wait().unwrap();
    wait_until("it is noticed", || newest(&reader).unwrap().unfinished == 1);
    let trace = last(&reader);
    assert_eq!(trace.spans.iter().filter(|it| it.is_unfinished).count(), 1);
    let (said, _, _) = say(&prela.store(), 90, &["last"]);
    assert!(said.contains("1 unfinished") && said.contains(" unfinished\n"), "{said}");
    let (said, _, _) = say(&prela.store(), 90, &["list"]);
    assert!(said.contains("unfinished"), "{said}");
    let said = crate::clients::get(prela.hello.http, "/api/traces/last").json();
    let pending = &said["pending"];
    let lengths = ["running", "unfinished"].map(|it| pending[it].as_array().unwrap().len());
    assert_eq!(lengths, [0, 1], "{}", text(pending.to_string().as_bytes()));
}

#[test]
fn what_is_known_of_a_running_span_grows_and_counts_once() {
    let (_dir, path, store) = fresh();
    let running = Span { end_time_unix_nano: 0, ..span(1, 1, 0) };
    let more = Span { end_time_unix_nano: 0, ..failed(span(1, 1, 0), "so far") };
    let reader = Reader::open(&path).unwrap();
    let send = |span: &Span| store.insert_blocking(batch(vec![span.clone()])).unwrap().new_spans;
    let sums = || newest(&reader).map(|it| (it.spans, it.errors, it.open, it.unfinished)).unwrap();
    assert_eq!((send(&running), sums()), (1, (1, 0, 1, 0)));
    assert_eq!((send(&more), sums()), (0, (1, 1, 1, 0)));
    // In a request of their own, or in one.
    store.insert_blocking(batch(vec![running, more.clone()])).unwrap();
    assert_eq!(sums(), (1, 1, 1, 0));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE pending SET seen = seen - 60", []).unwrap();
    assert_eq!(sums(), (1, 1, 1, 1));
    assert_eq!((send(&more), sums()), (0, (1, 1, 1, 0)));
    assert_eq!((send(&span(1, 1, 0)), sums()), (0, (1, 0, 0, 0)));
    assert_eq!((send(&more), sums()), (0, (1, 0, 0, 0)));
    let left =
        || connection.query_row("SELECT count(*) FROM pending", [], |row| row.get::<_, i64>(0));
    assert_eq!(left().unwrap(), 0);
    // Retention takes them along.
    send(&Span { end_time_unix_nano: 0, ..span(2, 1, 0) });
    assert_eq!(left().unwrap(), 1);
    store.sweep(0, Duration::ZERO).unwrap();
    assert_eq!(left().unwrap(), 0);
}

#[test]
fn a_root_that_is_renamed_while_it_runs_is_listed_by_its_last_name() {
    let root = |name: &str| Span { name: name.to_owned(), ..span(1, 1, 0) };
    let running = |name: &str| Span { end_time_unix_nano: 0, ..root(name) };
    let steps = [running("GET"), running("GET /users"), root("GET /users/{id}")];
    // In a request each, and in one.
    for size in [1, 3] {
        let (_dir, path, store) = fresh();
        let reader = Reader::open(&path).unwrap();
        for part in steps.chunks(size) {
            store.insert_blocking(batch(part.to_vec())).unwrap();
            let (summary, last) = (newest(&reader).unwrap(), part.last().unwrap());
            assert_eq!((&summary.name, summary.has_root), (&last.name, true), "{size}");
            assert_eq!((summary.service.as_str(), summary.spans), ("shop", 1), "{size}");
        }
    }
    // The first of two roots names the trace, and goes on to.
    let (_dir, path, store) = fresh();
    let reader = Reader::open(&path).unwrap();
    store.insert_blocking(batch(vec![running("GET"), span(1, 2, 0)])).unwrap();
    store.insert_blocking(batch(vec![span(1, 3, 0), root("GET /users/{id}")])).unwrap();
    assert_eq!(newest(&reader).unwrap().name, "GET /users/{id}");
    // That of another root stays.
    let (_dir, path, store) = fresh();
    let reader = Reader::open(&path).unwrap();
    store.insert_blocking(batch(vec![span(1, 2, 0), running("GET")])).unwrap();
    store.insert_blocking(batch(vec![root("GET /users/{id}")])).unwrap();
    assert_eq!(newest(&reader).unwrap().name, "span 2");
}
