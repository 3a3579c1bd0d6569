//! Several exporters, processors, and what one of them cannot do to another.

use crate::output::Output;
use prela::export::MemoryExporter;
use prela::span::{SpanData, SpanProcessor};
use prela::testing::Capture;
use prela::{Exporter, Span, SpanType, TraceContext};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn each_exporter_gets_every_span() {
    let (first, second) = (MemoryExporter::new(), MemoryExporter::new());
    let capture = Capture::with(|builder| builder.exporter(first.clone()).exporter(second.clone()));
    capture.tracer().span("a", SpanType::Agent).in_scope(|_| ());
    assert_eq!(capture.spans().len(), 1);
    assert_eq!((first.spans().len(), second.spans().len()), (1, 1));
    let stats = capture.prela().stats();
    assert_eq!((stats.ended, stats.exported), (3, 3), "a span counts once for each exporter");
}

#[test]
fn a_file_has_a_line_for_each_batch() {
    let dir = Dir::new("file");
    let builder = prela::builder().env([("", ""); 0]).service_name("filed");
    let prela = builder.exporter(Exporter::file(&dir.0)).build().unwrap();
    let tracer = prela.tracer();
    tracer.span("earlier", SpanType::Agent).in_scope(|_| ());
    prela.flush(LONG).unwrap();
    tracer.span("agent", SpanType::Agent).in_scope(|_| {
        tracer.span("search", SpanType::Tool).attr("query", "rust").in_scope(|_| ());
    });
    let report = prela.shutdown(LONG);
    assert_eq!((report.stats.exported, report.undelivered()), (3, 0));

    let file = std::fs::read_dir(&dir.0).unwrap().next().expect("one file").unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"], "earlier");
    let request = &lines[1]["resourceSpans"][0];
    let spans = request["scopeSpans"][0]["spans"].as_array().expect("spans");
    let names: Vec<_> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["search", "agent"]);
    assert_eq!(spans[0]["parentSpanId"], spans[1]["spanId"]);
    assert_eq!(request["resource"]["attributes"][0]["value"]["stringValue"], "filed");
}

#[test]
fn a_console_prints_a_trace_when_its_root_ends() {
    let output = Output::default();
    let capture = Capture::with(|builder| {
        builder.exporter(prela::export::ConsoleExporter::to_writer(output.clone()))
    });
    let tracer = capture.tracer();
    tracer.span("plan", SpanType::Agent).in_scope(|_| {
        tracer.span("search", SpanType::Tool).attr("query", "rust").in_scope(|_| {
            capture.clock().advance(Duration::from_millis(20));
        });
    });
    capture.spans();
    expect_test::expect![[r"
        trace 00000000000000000000000000000001 · test · 2 spans · 20.0ms
        ✓ plan       agent      20.0ms
        └─ ✓ search  tool       20.0ms  {query: rust}

    "]]
    .assert_eq(&output.take());
}

#[test]
fn processors_see_the_start_and_the_end() {
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl SpanProcessor for Seen {
        fn on_start(&self, span: &Span, parent: &TraceContext) {
            span.set_attribute("slot", "blue");
            let parent = parent.span_id().map_or("none".to_owned(), |id| id.to_string());
            self.0.lock().unwrap().push(format!("start {} of {parent}", span.name()));
        }

        fn on_end(&self, span: &SpanData) {
            let slot = span.attribute("slot").expect("set at the start");
            self.0.lock().unwrap().push(format!("end {} {slot}", span.name));
        }
    }

    let seen = Seen::default();
    let capture = Capture::with(|builder| builder.processor(seen.clone()));
    let tracer = capture.tracer();
    tracer.span_default("a").in_scope(|_| tracer.span_default("b").in_scope(|_| ()));
    assert_eq!(
        *seen.0.lock().unwrap(),
        ["start a of none", "start b of 0000000000000001", "end b blue", "end a blue"]
    );
}

#[test]
fn a_processor_that_panics_harms_nobody() {
    struct Rude;

    impl SpanProcessor for Rude {
        fn on_start(&self, _: &Span, _: &TraceContext) {
            panic!("at the start")
        }

        fn on_end(&self, _: &SpanData) {
            panic!("at the end")
        }
    }

    let capture = Capture::with(|builder| builder.processor(Rude));
    assert_eq!(capture.tracer().span_default("work").in_scope(|_| 42), 42);
    assert_eq!(capture.tree(), "work  custom\n");
}

#[test]
fn a_processor_may_make_spans_of_its_own() {
    let other = Capture::new();
    struct Shadow(prela::Tracer);

    impl SpanProcessor for Shadow {
        fn on_end(&self, span: &SpanData) {
            self.0.span_default(format!("shadow of {}", span.name)).in_scope(|_| ());
        }
    }

    let capture = Capture::with(|builder| builder.processor(Shadow(other.tracer())));
    capture.tracer().span_default("work").in_scope(|_| ());
    assert_eq!(
        (capture.tree(), other.tree()),
        ("work  custom\n".into(), "shadow of work  custom\n".into())
    );
}

/// A directory that is removed afterwards.
struct Dir(std::path::PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let name = format!("prela-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
