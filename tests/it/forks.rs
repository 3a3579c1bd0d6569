//! A process that forks while it is traced.

#![cfg(unix)]

use crate::failing::assert_adds_up;
use crate::program::this_test;
use crate::receiver::{Receiver, Transport, tree};
use expect_test::expect;
use prela::export::{Batch, ExportFuture, Exported};
use prela::{Exporter, Prela, SpanExporter, SpanType};
use std::collections::HashSet;
use std::env;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(60);

/// Where the forking process sends to; not set in a run of the tests.
const ENDPOINT: &str = "PRELA_TEST_FORK";

/// Not a test but the body of the forking process: does nothing unless it is asked for.
#[test]
fn forking() {
    let Ok(endpoint) = env::var(ENDPOINT) else { return };
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .exporter(Transport::Grpc.exporter(endpoint))
        .exporter(Exporter::custom(Stays))
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

#[test]
fn a_forked_process_has_spans_of_its_own() {
    let receiver = Receiver::start(Transport::Grpc);
    let mut forking = this_test("forks::forking");
    let output = forking.env(ENDPOINT, receiver.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let spans = receiver.spans();
    let ids: HashSet<_> = spans.iter().map(|span| span.span_id()).collect();
    assert_eq!((spans.len(), ids.len()), (23, 23), "each once, under an id of its own");
    let mut lines: Vec<String> = tree(&spans).lines().map(str::to_owned).collect();
    lines.dedup();
    expect![[r#"
        root agent
          before custom
          in the child custom
          in the parent custom
        root of the child agent"#]]
    .assert_eq(&lines.join("\n"));
}
