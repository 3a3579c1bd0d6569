//! More spans than any collector takes: what arrives, what is dropped, and what memory that takes.
//!
//! Each variant runs in a process of its own, so that its peak of memory is its own; the collector is
//! another one on the same machine.

use crate::group::Group;
use crate::measure::cpu_of_process;
use crate::reading::{Goal, Reading};
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

pub(crate) const FLOOD: Group = Group::figures(
    "flood",
    "2 threads make 1,000,000 spans flat out, or 2,000,000 a second, a root and 4 children with 4 attributes each at a \
     time; default queues; the time ends with the last answer; of three times the fastest, and the most memory and drops",
    measure,
);

/// The argument that makes this program one variant.
pub(crate) const ARGUMENT: &str = "--flood";

const THREADS: usize = 2;
const SPANS: u64 = 1_000_000;

const VARIANTS: [(&str, &str); 7] = [
    ("sdk", "opentelemetry_sdk and -otlp, gRPC"),
    ("grpc", "prela, gRPC"),
    ("http", "prela, HTTP"),
    ("grpc-block", "prela, gRPC, Overflow::Block"),
    ("http-block", "prela, HTTP, Overflow::Block"),
    ("grpc-paced", "prela, gRPC, 2,000,000 a second"),
    ("http-paced", "prela, HTTP, 2,000,000 a second"),
];

fn measure() -> Vec<Reading> {
    let sink = Sink::start();
    VARIANTS.iter().flat_map(|(variant, name)| readings(variant, name, &sink)).collect()
}

fn readings(variant: &str, name: &str, sink: &Sink) -> Vec<Reading> {
    let endpoint = if variant.starts_with("http") { sink.http() } else { sink.grpc() };
    let runs: Vec<_> = (0..3).filter_map(|_| run(variant, &endpoint)).collect();
    let most = |of: fn(&Outcome) -> u64| runs.iter().map(of).max().unwrap_or_default();
    // What must not be exceeded, no run may.
    let best = runs.iter().max_by(|a, b| a.rate().total_cmp(&b.rate()));
    let Some(best) = best else { return Vec::new() };
    let is_ours = variant != "sdk";
    let blocks = variant.ends_with("block");
    let reading = |metric, value, goal: Option<Goal>| {
        Reading::new(name, metric, value).goal(goal.filter(|_| is_ours))
    };
    let megabytes = most(|run| run.peak_kb) as f64 / 1024.0;
    let dropped = 100.0 * most(Outcome::dropped) as f64 / SPANS as f64;
    let uncounted = most(|run| run.dropped().abs_diff(run.counted)) as f64;
    let nanos = best.cpu.as_nanos() as f64 / best.delivered.max(1) as f64;
    let rate = match is_paced(variant) {
        true => None,
        false => Some(Goal::at_least(if blocks { 2_000_000.0 } else { 500_000.0 })),
    };
    let drops = match is_paced(variant) {
        true => Some(Goal::at_most(10.0).stretch(0.0)),
        false => blocks.then_some(Goal::at_most(0.0)),
    };
    let mut readings = vec![
        reading("made/s", SPANS as f64 / best.made.as_secs_f64(), None),
        reading("delivered/s", best.rate(), rate),
        reading("peak memory, MB", megabytes, Some(Goal::at_most(96.0))),
        reading("dropped, %", dropped, drops),
        reading("CPU ns a delivered span", nanos, None),
    ];
    if is_ours {
        readings.push(reading("dropped and not counted", uncounted, Some(Goal::at_most(0.0))));
    }
    readings
}

fn is_paced(variant: &str) -> bool {
    variant.ends_with("paced")
}

/// What one process found.
struct Outcome {
    delivered: u64,
    /// Drops that the program was told of.
    counted: u64,
    /// Until the last span was made.
    made: Duration,
    /// Until the last answer.
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
        made: Duration::from_micros(next()?),
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
    let (made, delivered, counted) = match variant.as_str() {
        "sdk" => sdk(endpoint),
        _ => prela(&variant, endpoint),
    };
    let (elapsed, cpu) = (begin.elapsed().as_micros(), (cpu_of_process() - cpu).as_micros());
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()).unwrap_or("0");
    let made = made.as_micros();
    println!("{delivered} {counted} {made} {elapsed} {cpu} {peak}");
    ExitCode::SUCCESS
}

fn prela(variant: &str, endpoint: String) -> (Duration, u64, u64) {
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
    let pace = is_paced(variant).then_some(Duration::from_nanos(500));
    let made = flood(pace, || tree(&tracer));
    let stats = prela.shutdown(A_WHILE).stats;
    (made, stats.exported, stats.dropped)
}

/// How long it took. `pace`: no faster than a span in this time.
fn flood(pace: Option<Duration>, make_five: impl Fn() + Sync) -> Duration {
    let begin = Instant::now();
    let make_all = || {
        for tree in 0..SPANS / 5 / THREADS as u64 {
            if let Some(pace) = pace.filter(|_| tree % 100 == 0) {
                let due = pace * u32::try_from(tree * 5 * THREADS as u64).unwrap_or(u32::MAX);
                thread::sleep(due.saturating_sub(begin.elapsed()));
            }
            make_five();
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(make_all))));
    begin.elapsed()
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
fn sdk(endpoint: String) -> (Duration, u64, u64) {
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
    let made = flood(None, || {
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
    (made, delivered.load(Ordering::Relaxed), 0)
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
