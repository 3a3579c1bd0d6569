//! More spans than any collector takes: what arrives, what is dropped, and what memory that takes.
//!
//! Each variant runs in a process of its own, so that its peak of memory is its own; the collector is
//! another one on the same machine.

use crate::figures::{Figure, Figures, Limit};
use crate::measure::cpu_of_process;
use crate::transport::sink::Sink;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use prela::pipeline::Overflow;
use prela::{Exporter, SpanType, Tracer};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

pub(crate) const FLOOD: Figures = Figures {
    name: "flood",
    work: "2 threads make 1,000,000 spans flat out, a root and 4 children with 4 attributes each at a \
           time; default queues; the time ends with the last answer",
    measure,
};

/// The argument that makes this program one variant.
pub(crate) const ARGUMENT: &str = "--flood";

const THREADS: usize = 2;
const SPANS: u64 = 1_000_000;

const VARIANTS: [(&str, &str); 5] = [
    ("sdk", "opentelemetry_sdk and -otlp, gRPC"),
    ("grpc", "prela, gRPC"),
    ("http", "prela, HTTP"),
    ("grpc-block", "prela, gRPC, Overflow::Block"),
    ("http-block", "prela, HTTP, Overflow::Block"),
];

fn measure() -> Vec<Figure> {
    let sink = Sink::start();
    let mut figures = Vec::new();
    for (variant, name) in VARIANTS {
        let endpoint = if variant.starts_with("http") { sink.http() } else { sink.grpc() };
        let runs: Vec<_> = (0..3).filter_map(|_| run(variant, &endpoint)).collect();
        let most = |of: fn(&Outcome) -> u64| runs.iter().map(of).max().unwrap_or_default();
        // The fastest: what is left when the machine does nothing else meanwhile. What must not be
        // exceeded, no run may.
        let best = runs.iter().max_by(|a, b| a.rate().total_cmp(&b.rate()));
        let Some(best) = best else { continue };
        let is_ours = variant != "sdk";
        let figure = |metric, value, bar: Option<Limit>| Figure {
            bar: bar.filter(|_| is_ours),
            ..Figure::new(name, metric, value)
        };
        figures.push(figure("delivered/s", best.rate(), Some(Limit::AtLeast(500_000.0))));
        let megabytes = most(|run| run.peak_kb) as f64 / 1024.0;
        figures.push(figure("peak memory, MB", megabytes, Some(Limit::AtMost(96.0))));
        let dropped = most(Outcome::dropped) as f64;
        let none = variant.ends_with("block").then_some(Limit::AtMost(0.0));
        figures.push(figure("dropped, %", 100.0 * dropped / SPANS as f64, none));
        let uncounted = most(|run| run.dropped().abs_diff(run.counted)) as f64;
        if is_ours {
            figures.push(figure("dropped and not counted", uncounted, Some(Limit::AtMost(0.0))));
        }
        let nanos = best.cpu.as_nanos() as f64 / best.delivered.max(1) as f64;
        figures.push(figure("CPU ns a delivered span", nanos, None));
    }
    figures
}

/// What one process found.
struct Outcome {
    delivered: u64,
    /// Drops that the program was told of.
    counted: u64,
    elapsed: Duration,
    cpu: Duration,
    peak_kb: u64,
}

impl Outcome {
    fn dropped(&self) -> u64 {
        SPANS - self.delivered
    }

    fn rate(&self) -> f64 {
        self.delivered as f64 / self.elapsed.as_secs_f64()
    }
}

fn run(variant: &str, endpoint: &str) -> Option<Outcome> {
    let output = Command::new(env::current_exe().ok()?)
        .args([ARGUMENT, variant, endpoint])
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    Some(Outcome {
        delivered: next()?,
        counted: next()?,
        elapsed: Duration::from_micros(next()?),
        cpu: Duration::from_micros(next()?),
        peak_kb: next()?,
    })
}

/// One variant, in a process of its own; prints what [`run`] reads.
pub(crate) fn run_one(mut args: impl Iterator<Item = String>) -> ExitCode {
    let (Some(variant), Some(endpoint)) = (args.next(), args.next()) else {
        return ExitCode::FAILURE;
    };
    let (begin, cpu) = (Instant::now(), cpu_of_process());
    let (delivered, counted) = match variant.as_str() {
        "sdk" => sdk(endpoint),
        _ => prela(&variant, endpoint),
    };
    let (elapsed, cpu) = (begin.elapsed().as_micros(), (cpu_of_process() - cpu).as_micros());
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()).unwrap_or("0");
    println!("{delivered} {counted} {elapsed} {cpu} {peak}");
    ExitCode::SUCCESS
}

fn prela(variant: &str, endpoint: String) -> (u64, u64) {
    let otlp = match variant.starts_with("http") {
        true => Exporter::otlp_http(endpoint),
        false => Exporter::otlp_grpc(endpoint),
    };
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("bench");
    let builder = match variant.ends_with("block") {
        true => builder.overflow(Overflow::Block(A_WHILE)),
        false => builder,
    };
    let prela = builder.exporter(otlp).build().expect("the settings are valid");
    let tracer = prela.tracer();
    flood(|| tree(&tracer));
    let stats = prela.shutdown(A_WHILE).stats;
    (stats.exported, stats.dropped)
}

fn flood(make_five: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..SPANS / 5 / THREADS as u64).for_each(|_| make_five()));
        }
    });
}

/// Five spans.
pub(crate) fn tree(tracer: &Tracer) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 0..4 {
            tracer.span("child", SpanType::Custom).in_scope(|span| {
                span.set_attribute("text", "a short text")
                    .set_attribute("whole", n)
                    .set_attribute("part", 0.5)
                    .set_attribute("truth", true);
            });
        }
    });
}

/// The peer has no count of what it dropped to ask for.
fn sdk(endpoint: String) -> (u64, u64) {
    let runtime = crate::paced::runtime();
    let delivered = Arc::new(AtomicU64::new(0));
    let exporter = {
        let _inside = runtime.enter();
        let builder = opentelemetry_otlp::SpanExporter::builder().with_tonic();
        builder.with_endpoint(endpoint).build().expect("the settings are valid")
    };
    let exporter = Counted { exporter, delivered: delivered.clone() };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let tracer = provider.tracer("bench");
    flood(|| {
        let root = tracer.start("root");
        let _root = opentelemetry::Context::current_with_span(root).attach();
        for n in 0..4_i64 {
            let mut span = tracer.start("child");
            span.set_attribute(KeyValue::new("text", "a short text"));
            span.set_attribute(KeyValue::new("whole", n));
            span.set_attribute(KeyValue::new("part", 0.5));
            span.set_attribute(KeyValue::new("truth", true));
            let _child = opentelemetry::Context::current_with_span(span).attach();
        }
    });
    let _ = provider.shutdown();
    (delivered.load(Ordering::Relaxed), 0)
}

/// The peer's exporter, and how many spans it sent.
#[derive(Debug)]
struct Counted {
    exporter: opentelemetry_otlp::SpanExporter,
    delivered: Arc<AtomicU64>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let result = self.exporter.export(batch).await;
        if result.is_ok() {
            self.delivered.fetch_add(count, Ordering::Relaxed);
        }
        result
    }
}

const A_WHILE: Duration = Duration::from_secs(120);
