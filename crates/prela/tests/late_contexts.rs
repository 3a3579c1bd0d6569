//! Futures that closures in contexts return, told to the global instance. One test, in a process of its
//! own, because there is one global instance in a process.

use prela::export::MemoryExporter;
use prela::pool::{Job, SpawnTraced as _};
use prela::{FutureExt as _, RequestId, Session, TraceContext, baggage, suppress};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

async fn answer() -> u32 {
    42
}

fn boxed() -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(answer())
}

struct Here;

impl prela::pool::SpawnTraced for Here {
    fn execute(&self, job: Job) {
        job();
    }
}

#[test]
fn futures_that_run_outside_of_their_context_are_told_of() {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let said = lines.clone();
    let prela = prela::builder()
        .env([("", ""); 0])
        .exporter(MemoryExporter::new())
        .diagnostics(move |line| said.lock().unwrap().push(line.to_owned()))
        .build()
        .unwrap();
    prela.make_global().unwrap();

    let mistakes: [fn(); 10] = [
        || drop(TraceContext::current().run(|| async { 1 })),
        || drop(TraceContext::current().wrap(|| async { 1 })()),
        || drop(TraceContext::current().wrap_fn(|n: u32| async move { n })(1)),
        || drop(prela::copy_context_to_thread(|n: u32| async move { n })(1)),
        || drop(suppress(|| async { 1 })),
        || drop(prela::new_trace_context(|_| async { 1 })),
        || drop(baggage::scope([("k", "v")], || async { 1 })),
        || drop(RequestId::new().scope(|| async { 1 })),
        || drop(Session::new("s").unwrap().scope(boxed)),
        || drop(Here.spawn_traced(|| async { 1 }).join()),
    ];
    for (number, mistake) in mistakes.iter().enumerate() {
        mistake();
        mistake();
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        assert_eq!(lines.len(), usize::from(cfg!(debug_assertions)), "of {number}: {lines:?}");
        let says = "prela: a closure that ran in a context returned an `async` block";
        assert!(lines.iter().all(|line| line.starts_with(says)), "{lines:?}");
    }

    drop(TraceContext::current().run(|| answer().in_current_context()));
    drop(baggage::scope([("k", "v")], || answer().suppressed()));
    drop(TraceContext::current().run(|| TraceContext::current().wrap(|| ())));
    assert_eq!(*lines.lock().unwrap(), [""; 0]);
}
