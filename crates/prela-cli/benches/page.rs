//! The page with much in it: frame times and memory of a trace of 100,000 spans, and of a list of 10,000
//! traces while 5,000 spans a second come in.
//!
//! `cargo bench -p prela-cli --bench page`. Chromium, the server and the sender share the cores.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people who measure")]

#[path = "../tests/it/browser.rs"]
#[expect(dead_code, reason = "tests ask the browser for more")]
mod browser;

use browser::Page;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prela_cli::server::Hello;
use prost::Message as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const SPANS: u64 = 100_000;
const TRACES: u64 = 10_000;
const RATE: u64 = 5_000;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, hello) = serve(&dir.path().join("prela.db"));
    large_trace(&hello);
    long_list(&hello);
    server.kill().unwrap();
    server.wait().unwrap();
}

fn large_trace(hello: &Hello) {
    for first in (1..=SPANS).step_by(5_000) {
        post(hello, (first..first + 5_000).map(|number| span(1, number)).collect());
    }
    let Some(mut page) = Page::open("about:blank") else { return };
    let begin = Instant::now();
    page.go(&format!("{}#/trace/last", hello.page_url()));
    page.wait("document.querySelectorAll('.span-row').length > 10");
    println!("{SPANS} spans: shown after {} ms", begin.elapsed().as_millis());
    frames(&mut page, "scrolled", "#spans", "host.scrollTop += 700");
    frames(
        &mut page,
        "zoomed",
        "#spans",
        "host.dispatchEvent(new WheelEvent('wheel', { deltaY: at % 120 < 60 ? -20 : 20, ctrlKey: true, cancelable: true, clientX: 700 }))",
    );
    let search = "(async () => {
        const [begin, box] = [performance.now(), document.querySelector('#find')];
        box.value = 'step 77'; box.dispatchEvent(new Event('input'));
        await new Promise((done) => requestAnimationFrame(done));
        return performance.now() - begin;
    })()";
    println!("  names searched in {:.0} ms", page.value(search).as_f64().unwrap());
    for (key, name) in [("2", "lanes"), ("3", "flame")] {
        let begin = Instant::now();
        page.press(key);
        page.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => 1)");
        println!("  {name} after {} ms", begin.elapsed().as_millis());
    }
    memory(&mut page);
}

fn long_list(hello: &Hello) {
    for first in (2..TRACES + 2).step_by(5_000) {
        post(hello, (first..first + 5_000).map(|trace| span(trace, 1)).collect());
    }
    let Some(mut page) = Page::open(&hello.page_url()) else { return };
    page.wait("document.querySelectorAll('.list-row').length > 10");
    let (ends, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|threads| {
        threads.spawn(|| {
            let begin = Instant::now();
            let mut next = TRACES + 2;
            while !ends.load(Relaxed) {
                // Traces of ten spans, a tenth of a second's at a time.
                let traces = next..next + RATE / 100;
                next = traces.end;
                post(
                    hello,
                    traces
                        .flat_map(|trace| (1..=10).map(move |number| span(trace, number)))
                        .collect(),
                );
                let done = sent.fetch_add(RATE / 10, Relaxed) + RATE / 10;
                let due = Duration::from_secs_f64(done as f64 / RATE as f64);
                thread::sleep(due.saturating_sub(begin.elapsed()));
            }
        });
        println!("{TRACES} traces listed, {RATE} spans/s coming in:");
        frames(&mut page, "watched", "#traces", "");
        frames(&mut page, "scrolled", "#traces", "host.scrollTop += 300");
        ends.store(true, Relaxed);
    });
    println!("  {} spans came meanwhile", sent.load(Relaxed));
    memory(&mut page);
}

/// Does something in each frame, for ten seconds, and says how long frames took.
fn frames(page: &mut Page, what: &str, host: &str, action: &str) {
    let times = page.value(&format!(
        "(async () => {{
            const host = document.querySelector('{host}');
            host.scrollTop = 0;
            const times = [];
            const frame = () => new Promise(requestAnimationFrame);
            let last = await frame();
            const end = last + 10000;
            for (let at = 0; last < end; at += 1) {{
                {action};
                const now = await frame();
                times.push(now - last);
                last = now;
            }}
            return times.sort((a, b) => a - b);
        }})()"
    ));
    let times: Vec<f64> = times.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
    let part = |part: usize| times[(times.len() - 1) * part / 100];
    println!(
        "  {what}: {} frames in 10 s; p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        times.len(),
        part(50),
        part(95),
        part(99),
        part(100),
    );
}

fn memory(page: &mut Page) {
    page.call("HeapProfiler.collectGarbage", &serde_json::json!({}));
    let bytes = page.value("performance.memory.usedJSHeapSize").as_f64().unwrap();
    let nodes = page.value("document.querySelectorAll('*').length");
    println!("  {:.0} MB of JavaScript, {nodes} elements", bytes / 1e6);
}

/// A tree of ten children each, on eight threads.
fn span(trace: u64, number: u64) -> Span {
    const START: u64 = 1_790_000_000_000_000_000;
    let text = |key: &str, value: String| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(value)) }),
        ..KeyValue::default()
    };
    let level = number.ilog10();
    let start = START + trace * 1_000_000_000 + number * 10_000;
    Span {
        trace_id: [trace.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(), trace.to_be_bytes()]
            .concat(),
        span_id: number.to_be_bytes().to_vec(),
        parent_span_id: if number < 10 && number > 1 {
            1_u64.to_be_bytes().to_vec()
        } else if number == 1 {
            Vec::new()
        } else {
            (number / 10).to_be_bytes().to_vec()
        },
        name: format!("step {}", number % 97),
        kind: 1,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1_000_000_000 / 10_u64.pow(level),
        attributes: vec![
            text(
                "gen_ai.operation.name",
                ["chat", "execute_tool", "retrieval", "invoke_agent"][(number % 4) as usize]
                    .to_owned(),
            ),
            text("thread.name", format!("worker-{}", number % 8)),
            text("note", format!("what step {number} has to say about itself")),
        ],
        ..Span::default()
    }
}

fn post(hello: &Hello, spans: Vec<Span>) {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    let mut connection = TcpStream::connect(hello.http).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        hello.http,
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&body).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn serve(store: &std::path::Path) -> (Child, Hello) {
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
    (server, serde_json::from_str(&line).unwrap())
}
