//! Ids in log lines.

use prela::testing::Capture;
use prela::tracing::WithIds;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::format;

#[test]
fn ids_are_text_inside_of_a_span_and_nothing_outside() {
    let capture = Capture::new();
    assert!(prela::log_ids().is_empty());
    assert_eq!(format!("done{:#}", prela::log_ids()), "done");
    capture.tracer().span_default("work").in_scope(|_| {
        assert_eq!(
            format!("working{:#}", prela::log_ids()),
            "working trace_id=00000000000000000000000000000001 span_id=0000000000000001 trace_flags=01"
        );
        let fields: Vec<_> = prela::log_ids().fields().map(|(name, _)| name).collect();
        assert_eq!(fields, ["trace_id", "span_id", "trace_flags"]);
    });
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_of_tracing_have_the_ids() {
    let capture = Capture::new();
    let lines = Lines::default();
    let writer = lines.clone();
    let plain = format().without_time().with_target(false).with_ansi(false);
    let subscriber = tracing_subscriber::fmt()
        .event_format(WithIds::new(plain))
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("before");
        capture.tracer().span_default("work").in_scope(|_| tracing::info!(step = 1, "inside"));
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        " INFO before\ntrace_id=00000000000000000000000000000001 span_id=0000000000000001 \
         trace_flags=01  INFO inside step=1\n"
    );
}
