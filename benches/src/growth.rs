//! How the cost of a span grows with its size, its trace and the number of threads: made, queued,
//! encoded and sent over HTTP, by the CPU time of all threads.

use crate::flood::tree;
use crate::group::Group;
use crate::measure::cpu_of_process;
use crate::reading::{Goal, Reading};
use crate::transport::sink::Sink;
use prela::pipeline::Overflow;
use prela::{Exporter, Prela, SpanType, Tracer};
use std::thread;
use std::time::Duration;

pub(crate) const GROWTH: Group = Group::figures(
    "growth",
    "the whole pipeline with nothing dropped; CPU time of all threads; each last row is the most that more work \
     costs beside less",
    measure,
);

fn measure() -> Vec<Reading> {
    let sink = Sink::start();
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("bench");
    let builder = builder.overflow(Overflow::Block(A_WHILE));
    let exporter = Exporter::otlp_http(sink.http());
    let prela = builder.exporter(exporter).build().expect("the settings are valid");
    let tracer = prela.tracer();
    // Warm.
    nanos(&prela, || (0..10_000).for_each(|_| tree(&tracer)));
    let mut readings = Vec::new();
    series(
        &mut readings,
        "ns a byte",
        [1, 4, 16, 64].map(|count| {
            let spans = 65_536 / count;
            let nanos = nanos(&prela, || (0..spans).for_each(|_| wide(&tracer, count)));
            let bytes = spans * (SPAN_BYTES + count * ATTRIBUTE_BYTES);
            (format!("{count} attributes"), nanos / bytes as f64)
        }),
    );
    series(
        &mut readings,
        "ns a span",
        [10, 1_000, 100_000, 1_000_000].map(|count: usize| {
            let traces = (200_000 / count).max(1);
            let nanos = nanos(&prela, || (0..traces).for_each(|_| long(&tracer, count)));
            (format!("{count} spans a trace"), nanos / (traces * count) as f64)
        }),
    );
    series(
        &mut readings,
        "ns a span",
        [1, 2, 4, 8, 16].map(|threads: usize| {
            let trees = 60_000 / threads;
            let work = || (0..trees).for_each(|_| tree(&tracer));
            let nanos = nanos(&prela, || {
                thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
            });
            (format!("{threads} threads"), nanos / (5 * trees * threads) as f64)
        }),
    );
    readings
}

/// About, as they are sent.
const SPAN_BYTES: usize = 110;
const ATTRIBUTE_BYTES: usize = 52;

/// A span with this many attributes.
fn wide(tracer: &Tracer, attributes: usize) {
    tracer.span("wide", SpanType::Custom).in_scope(|span| {
        for key in &KEYS[..attributes] {
            span.set_attribute(*key, "thirty-two bytes of a text value");
        }
    });
}

/// A trace of this many spans.
fn long(tracer: &Tracer, spans: usize) {
    tracer.span("root", SpanType::Custom).in_scope(|_| {
        for n in 1..spans {
            tracer.span("child", SpanType::Custom).in_scope(|span| {
                span.set_attribute("whole", n);
            });
        }
    });
}

fn series<const N: usize>(
    readings: &mut Vec<Reading>,
    metric: &'static str,
    values: [(String, f64); N],
) {
    let first = values[0].0.clone();
    let (mut least, mut rise) = (f64::INFINITY, 1.0_f64);
    for (name, value) in values {
        least = least.min(value);
        rise = rise.max(value / least);
        readings.push(Reading::new(name, metric, value));
    }
    let name = format!("{first} and more");
    readings.push(Reading::new(name, "largest rise", rise).goal(Goal::at_most(FLAT)));
}

/// Flat but for what measuring on a shared machine adds.
const FLAT: f64 = 1.25;

/// CPU time of the work and of sending what it made; the least of three times.
fn nanos(prela: &Prela, work: impl Fn()) -> f64 {
    let once = || {
        let begin = cpu_of_process();
        work();
        prela.flush(A_WHILE).expect("the sink takes all");
        (cpu_of_process() - begin).as_nanos() as f64
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

const A_WHILE: Duration = Duration::from_secs(120);

const KEYS: [&str; 64] = [
    "key-00", "key-01", "key-02", "key-03", "key-04", "key-05", "key-06", "key-07", "key-08",
    "key-09", "key-10", "key-11", "key-12", "key-13", "key-14", "key-15", "key-16", "key-17",
    "key-18", "key-19", "key-20", "key-21", "key-22", "key-23", "key-24", "key-25", "key-26",
    "key-27", "key-28", "key-29", "key-30", "key-31", "key-32", "key-33", "key-34", "key-35",
    "key-36", "key-37", "key-38", "key-39", "key-40", "key-41", "key-42", "key-43", "key-44",
    "key-45", "key-46", "key-47", "key-48", "key-49", "key-50", "key-51", "key-52", "key-53",
    "key-54", "key-55", "key-56", "key-57", "key-58", "key-59", "key-60", "key-61", "key-62",
    "key-63",
];
