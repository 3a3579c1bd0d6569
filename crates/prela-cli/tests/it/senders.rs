//! Those who really send: Prela's SDK, Python's exporters, the OpenTelemetry Collector.

use crate::clients::{fill, post_spans};
use crate::program::{Prela, wait_until};
use crate::requests::{everything, span};
use opentelemetry_proto::tonic::trace::v1::Span;
use prela::testing::Capture;
use prela::{Exporter, Otlp, SpanType};
use prela_cli::query::{Filter, Link, Reader, Tree};
use prela_cli::server::Hello;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const A_WHILE: Duration = Duration::from_secs(30);

fn say_skipped(what: &str) {
    // Past the test harness, which shows nothing of tests that pass.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// The newest trace as text.
fn tree(reader: &Reader) -> String {
    let trace = reader.trace(reader.find("last").unwrap()).unwrap();
    let mut text = String::new();
    for node in Tree::of(&trace).nodes {
        let span = &trace.spans[node.span];
        assert!(matches!(node.link, Link::Root | Link::Child));
        let error = if span.is_error() { " error" } else { "" };
        text += &format!("{}{}{error}\n", "  ".repeat(node.depth), span.name());
    }
    text
}

#[test]
fn the_sdk_is_heard_over_every_transport() {
    type Way = fn(String, String) -> Otlp;
    let ways: [(&str, Way); 8] = [
        ("gRPC", |grpc, _| Exporter::otlp_grpc(grpc)),
        ("gRPC, gzip", |grpc, _| Exporter::otlp_grpc(grpc).gzip(true)),
        ("gRPC, zstd", |grpc, _| Exporter::otlp_grpc(grpc).zstd(true)),
        ("HTTP", |_, http| Exporter::otlp_http(http)),
        ("HTTP, gzip", |_, http| Exporter::otlp_http(http).gzip(true)),
        ("HTTP, zstd", |_, http| Exporter::otlp_http(http).zstd(true)),
        ("HTTP, JSON", |_, http| Exporter::otlp_http(http).json(true)),
        ("gRPC at the port for HTTP", |_, http| Exporter::otlp_grpc(http)),
    ];
    for (way, otlp) in ways {
        let prela = Prela::start();
        let url = |address| format!("http://{address}");
        let otlp = otlp(url(prela.hello.grpc), url(prela.hello.http));
        let capture = Capture::with(|builder| builder.exporter(otlp));
        let tracer = capture.tracer();
        tracer.span("planner", SpanType::Agent).in_scope(|_| {
            tracer.span("ask", SpanType::Llm).in_scope(|ask| {
                ask.set_attribute("gen_ai.usage.input_tokens", 12)
                    .set_attribute("gen_ai.request.model", "m");
            });
            let _ =
                tracer.span("search", SpanType::Tool).in_scope_result(|_| Err::<(), _>("no index"));
        });
        capture.prela().flush(A_WHILE).unwrap();
        let recorded = capture.spans();
        let reader = prela.reader();
        assert_eq!(tree(&reader), "planner\n  ask\n  search error\n", "{way}");
        let listed = &reader.list(&Filter::default()).unwrap()[0];
        assert_eq!((listed.input_tokens, listed.errors), (12, 1), "{way}");
        let trace = reader.trace(listed.trace_id).unwrap();
        for span in &trace.spans {
            let model = (span.name() == "ask").then_some("m");
            assert_eq!(span.model.as_deref(), model, "{way}");
            let recorded = recorded.iter().find(|it| it.name == span.name()).unwrap();
            assert_eq!(span.message.attributes.len(), recorded.attributes.len(), "{way}");
            assert_eq!(span.message.events.len(), recorded.events.len(), "{way}");
        }
    }
}

#[test]
fn what_a_full_server_refuses_the_sdk_sends_again() {
    type Way = fn(&Hello) -> Otlp;
    let ways: [(&str, Way); 2] = [
        ("gRPC", |hello| Exporter::otlp_grpc(format!("http://{}", hello.grpc))),
        ("HTTP", |hello| Exporter::otlp_http(format!("http://{}", hello.http))),
    ];
    for (way, otlp) in ways {
        let prela = Prela::start();
        let holders = fill(prela.hello.http);
        let otlp = otlp(&prela.hello);
        let capture = Capture::with(|builder| builder.exporter(otlp).max_batch_size(50));
        for _ in 0..200 {
            capture.tracer().span_default("step").in_scope(|_| ());
        }
        std::thread::scope(|threads| {
            let flush = threads.spawn(|| capture.prela().flush(A_WHILE));
            // It has been told to come again by then.
            std::thread::sleep(Duration::from_millis(1_500));
            assert!(!flush.is_finished(), "{way}");
            drop(holders);
            flush.join().unwrap().unwrap();
        });
        let steps = Filter { name: Some("step".to_owned()), limit: 1_000, ..Filter::default() };
        assert_eq!(prela.reader().list(&steps).unwrap().len(), 200, "{way}");
    }
}

/// Python with its exporters, made once; none where it cannot be.
fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("PRELA_PYTHON_CACHE").map(PathBuf::from);
    let dir = cache.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("python"));
    let python = dir.join("bin/python");
    let is_made = dir.join("made");
    if is_made.exists() {
        return Some(python);
    }
    let run = |command: &mut Command| command.output().is_ok_and(|it| it.status.success());
    let has_all = run(Command::new("python3").args(["-m", "venv"]).arg(&dir))
        && run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args([
                "opentelemetry-sdk",
                "opentelemetry-exporter-otlp-proto-grpc",
                "opentelemetry-exporter-otlp-proto-http",
            ]));
    if !has_all {
        say_skipped("tests with Python's exporters; they need python3, venv and pip");
        return None;
    }
    std::fs::write(is_made, "").unwrap();
    Some(python)
}

const PROGRAM: &str = r#"
import sys
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, BatchSpanProcessor
protocol, endpoint, compression = sys.argv[1:4]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from grpc import Compression
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=True, compression={"": Compression.NoCompression, "gzip": Compression.Gzip}[compression])
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.exporter.otlp.proto.http import Compression
    exporter = OTLPSpanExporter(endpoint=endpoint + "/v1/traces", compression={"": Compression.NoCompression, "gzip": Compression.Gzip, "deflate": Compression.Deflate}[compression])
provider = TracerProvider(resource=Resource.create({"service.name": "snake"}))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("python")
with tracer.start_as_current_span("root") as root:
    root.set_attribute("list", [1, 2, 3])
    for number in range(3):
        with tracer.start_as_current_span(f"child {number}") as child:
            child.add_event("said", {"text": "na\u00efve"})
            if number == 2:
                child.set_status(trace.StatusCode.ERROR, "the last one")
assert provider.force_flush(20000)
provider.shutdown()
"#;

#[test]
fn pythons_exporters_are_heard() {
    let Some(python) = python() else { return };
    for (protocol, compression) in
        [("grpc", ""), ("grpc", "gzip"), ("http", ""), ("http", "gzip"), ("http", "deflate")]
    {
        let prela = Prela::start();
        let address = if protocol == "grpc" { prela.hello.grpc } else { prela.hello.http };
        let output = Command::new(&python)
            .args(["-c", PROGRAM, protocol, &format!("http://{address}"), compression])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let reader = prela.reader();
        let expected = "root\n  child 0\n  child 1\n  child 2 error\n";
        assert_eq!(tree(&reader), expected, "{protocol} {compression} {output:?}");
        assert_eq!(reader.list(&Filter::default()).unwrap()[0].service, "snake");
    }
}

/// A Collector that passes on to a server over one way.
struct Collector {
    process: Child,
    http: std::net::SocketAddr,
    _dir: TempDir,
}

impl Collector {
    /// Starts a Collector; none where it is not built.
    fn start(exporter: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/collector");
        let built = Command::new(folder.join("build")).arg("--if-built").output().ok()?;
        let program = String::from_utf8(built.stdout).unwrap().trim().to_owned();
        if program.is_empty() {
            say_skipped(
                "tests against the OpenTelemetry Collector; tests/collector/build builds it, with Go",
            );
            return None;
        }
        let dir = TempDir::new().unwrap();
        let config = dir.path().join("collector.yaml");
        for _ in 0..5 {
            let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let text = format!(
                "receivers:\n  otlp:\n    protocols:\n      http: {{endpoint: \"{http}\"}}\n\
                 exporters:\n  {exporter}\n\
                 service:\n  telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    \
                 traces: {{receivers: [otlp], exporters: [{}]}}\n",
                exporter.split(':').next().unwrap()
            );
            std::fs::write(&config, text).unwrap();
            let mut process = Command::new(&program)
                .arg("--config")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines =
                BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
            let mut said = Vec::new();
            let is_ready = lines.by_ref().any(|line| {
                said.push(line);
                said.last().is_some_and(|line| line.contains("Everything is ready"))
            });
            if is_ready {
                // It goes on to write, and must not be held up.
                std::thread::spawn(move || lines.for_each(drop));
                return Some(Self { process, http, _dir: dir });
            }
            process.wait().unwrap();
            assert!(said.iter().any(|line| line.contains("address already in use")), "{said:#?}");
        }
        panic!("no address stays free");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_collector_passes_on_to_it() {
    for (exporter, compression, encoding) in [
        ("otlp", "none", ""),
        ("otlp", "gzip", ""),
        ("otlp", "zstd", ""),
        ("otlp_http", "none", ", encoding: proto"),
        ("otlp_http", "gzip", ", encoding: json"),
        ("otlp_http", "zstd", ", encoding: proto"),
        ("otlp_http", "deflate", ", encoding: json"),
    ] {
        let prela = Prela::start();
        let address = if exporter == "otlp" { prela.hello.grpc } else { prela.hello.http };
        let config = format!(
            "{exporter}: {{endpoint: \"http://{address}\", compression: {compression}{encoding}, tls: {{insecure: true}}}}"
        );
        let Some(collector) = Collector::start(&config) else { return };
        let sent = vec![span(1, 7, 0), everything(), span(1, 3, 1)];
        assert_eq!(post_spans(collector.http, sent.clone()).status, 200);
        let way = format!("{exporter} {compression} {encoding}");
        wait_until(&way, || prela.reader().totals().unwrap().spans == 3);
        let reader = prela.reader();
        let trace = reader.trace(reader.find("last").unwrap()).unwrap();
        let stored: HashMap<_, _> =
            trace.spans.iter().map(|it| (it.message.span_id.clone(), &it.message)).collect();
        for span in &sent {
            // What it passes on has a status, if an empty one.
            let status = Some(span.status.clone().unwrap_or_default());
            assert_eq!(*stored[&span.span_id], Span { status, ..span.clone() }, "{way}");
        }
    }
}
