//! What the process used while a span ran: CPU time, memory, time.

#[cfg(target_os = "linux")]
use crate::fork::Generation;
use crate::span::Measurement;
use crate::{SpanBuilder, Value, semconv};
use opentelemetry::Key;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt as _;
#[cfg(target_os = "linux")]
use std::sync::RwLock;
use std::time::{Duration, Instant};

impl SpanBuilder {
    /// Measures what the process used from the start to the end of this span, if the span is recorded.
    ///
    /// | attribute | unit | what it is |
    /// |---|---|---|
    /// | `resources.duration_ms` | ms | time on the clock |
    /// | `resources.cpu_time_ms` | ms | CPU time of all threads of the process |
    /// | `resources.cpu_after_%` | percent of one CPU | CPU time over time on the clock: 400 with four busy threads |
    /// | `resources.memory_before_mb`, `resources.memory_after_mb` | MiB | resident memory at the start and at the end |
    /// | `resources.memory_delta_mb` | MiB | the difference; below 0 if memory was given back |
    ///
    /// All numbers are the *process*'s: a task moves between threads and its work runs on several, so no
    /// thread's numbers are the span's own. Whatever else runs meanwhile is counted too. There is no share of
    /// the CPU before the start, since a share needs a stretch of time.
    ///
    /// Memory is measured on Linux only, CPU time on Unix only. Cost on Linux: about three microseconds at the
    /// start and three at the end, for reading the CPU clock and `/proc/self/statm`.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// let length = tracer
    ///     .span("memory_intensive_operation", SpanType::Custom)
    ///     .resources()
    ///     .in_scope(|_| vec![1_u8; 4 << 20].len());
    /// assert_eq!(length, 4 << 20);
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # assert!(memory.spans()[0].attribute("resources.duration_ms").is_some());
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn resources(self) -> Self {
        self.measured(measure)
    }
}

fn measure() -> Measurement {
    let before = Reading::take();
    Box::new(move || before.difference())
}

struct Reading {
    wall: Instant,
    cpu: Option<Duration>,
    /// Bytes.
    memory: Option<u64>,
}

impl Reading {
    fn take() -> Self {
        Self { wall: Instant::now(), cpu: cpu_time(), memory: resident_memory() }
    }

    /// What was used since, as attributes.
    fn difference(&self) -> Vec<(Key, Value)> {
        let now = Self::take();
        let mut attributes = Vec::with_capacity(6);
        let mut set = |key: &'static str, value: f64| {
            attributes.push((Key::from_static_str(key), Value::from(value)));
        };
        let wall = now.wall.duration_since(self.wall);
        set(semconv::RESOURCES_DURATION_MS, millis(wall));
        if let (Some(before), Some(after)) = (self.cpu, now.cpu) {
            let cpu = after.saturating_sub(before);
            set(semconv::RESOURCES_CPU_TIME_MS, millis(cpu));
            if !wall.is_zero() {
                set(semconv::RESOURCES_CPU_AFTER, cpu.as_secs_f64() / wall.as_secs_f64() * 100.0);
            }
        }
        if let (Some(before), Some(after)) = (self.memory, now.memory) {
            let (before, after) = (mebibytes(before), mebibytes(after));
            set(semconv::RESOURCES_MEMORY_BEFORE_MB, before);
            set(semconv::RESOURCES_MEMORY_AFTER_MB, after);
            set(semconv::RESOURCES_MEMORY_DELTA_MB, after - before);
        }
        attributes
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(target_os = "linux")]
fn resident_memory() -> Option<u64> {
    let mut text = [0; 128];
    let length = read_statm(&mut text)?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size().try_into().ok()?)
}

#[cfg(not(target_os = "linux"))]
fn resident_memory() -> Option<u64> {
    None
}

/// `/proc/self/statm`, kept open, since opening it takes ten times as long as reading it; and the generation of
/// the process that opened it, since in a forked child it still shows the parent.
#[cfg(target_os = "linux")]
static OPEN: RwLock<Option<(Generation, File)>> = RwLock::new(None);

/// Reads `/proc/self/statm`, and returns how many bytes it has.
#[cfg(target_os = "linux")]
fn read_statm(text: &mut [u8]) -> Option<usize> {
    let generation = Generation::current();
    // Without waiting: in a forked child, a thread of the parent may hold the lock for ever.
    if let Ok(open) = OPEN.try_read()
        && let Some((of, file)) = &*open
        && *of == generation
    {
        return file.read_at(text, 0).ok();
    }
    let file = File::open("/proc/self/statm").ok()?;
    let length = file.read_at(text, 0).ok()?;
    if let Ok(mut open) = OPEN.try_write() {
        *open = Some((generation, file));
    }
    Some(length)
}
