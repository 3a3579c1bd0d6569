//! A process that forks while it is traced.

use prela::export::SpanExporter;
use prela::export::{Batch, ExportFuture, Exported};
use prela::{Exporter, Prela, SpanType};
use prela_tests::assert_adds_up;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(60);

pub fn run(endpoint: &str) {
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .exporter(Exporter::otlp_grpc(endpoint))
        .exporter(Stays)
        .metrics(Exporter::otlp_grpc(endpoint))
        .schedule_delay(A_WHILE)
        .build()
        .unwrap();
    let tracer = prela.tracer();
    let root = tracer.span("root", SpanType::Agent).start();
    let child = |name: &'static str| tracer.span_default(name).parent(&root.context()).start();
    drop(child("before"));
    assert_eq!(prela.stats().queued, 2);

    // SAFETY: the child makes no use of what other threads may have been at, and ends by `_exit`.
    let pid = unsafe { libc::fork() };
    let name = if pid == 0 { "in the child" } else { "in the parent" };
    for _ in 0..10 {
        drop(child(name));
    }
    if pid == 0 {
        let is_fine = std::panic::catch_unwind(AssertUnwindSafe(|| in_the_child(&prela))).is_ok();
        // SAFETY: ends the process at once, as a forked one should.
        unsafe { libc::_exit(i32::from(!is_fine)) }
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    assert_eq!(status, 0);
    drop(root);
    let report = prela.shutdown(A_WHILE);
    assert_adds_up(&report.stats);
    assert_eq!((report.stats.exporters[0].exported, report.undelivered()), (12, 0));
    assert!(report.metrics.unwrap().exported > 0);
}

fn in_the_child(prela: &Prela) {
    let stats = prela.stats();
    assert_adds_up(&stats);
    // Nothing of the parent's; and an exporter that cannot be made again has none of the child's.
    assert_eq!((stats.exporters.len(), stats.ended), (1, 10));
    prela.flush(A_WHILE).unwrap();
    prela.tracer().span("root of the child", SpanType::Agent).in_scope(|_| ());
    let report = prela.shutdown(A_WHILE);
    assert_adds_up(&report.stats);
    assert_eq!((report.stats.exported, report.undelivered()), (11, 0));
    // The thread that collects is the parent's, and nobody waits for it.
    assert_eq!(report.metrics.unwrap().ended, 0);
}

/// An exporter that knows nothing of forks.
struct Stays;

impl SpanExporter for Stays {
    fn name(&self) -> String {
        "stays".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async { Ok(Exported::all()) })
    }
}
