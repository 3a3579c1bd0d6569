//! The console exporter, where a process calls itself.

use crate::output::Output;
use expect_test::{Expect, expect};
use prela::export::ConsoleExporter;
use prela::id::RandomIds;
use prela::testing::Capture;
use prela::{Sampler, SpanBuilder, SpanKind, SpanType, Tracer};
use std::collections::HashMap;
use std::time::Duration;

/// An instance with a console, and what that prints.
struct Console {
    capture: Capture,
    output: Output,
}

impl Console {
    fn new() -> Self {
        Self::with(Sampler::always_on())
    }

    fn with(sampler: Sampler) -> Self {
        let output = Output::default();
        let exporter = ConsoleExporter::to_writer(output.clone());
        // Who called whom is known by ids: they must not be those of another test.
        let capture = Capture::with(|builder| {
            builder.exporter(exporter).sampler(sampler).id_generator(RandomIds::default())
        });
        Self { capture, output }
    }

    fn tracer(&self) -> Tracer {
        self.capture.tracer()
    }

    /// What was printed since the last call.
    fn printed(&self) -> String {
        self.capture.prela().flush(Duration::from_secs(10)).unwrap();
        self.output.take()
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "callers are easier to read")]
    fn check(&self, expected: Expect) {
        let printed = self.printed();
        let trace = printed.split(' ').nth(1).unwrap_or("none");
        expected.assert_eq(&printed.replace(trace, "ID"));
    }
}

type Headers = HashMap<String, String>;

fn sent() -> Headers {
    let mut headers = Headers::new();
    prela::inject(&mut headers);
    headers
}

fn handler(tracer: &Tracer, name: &'static str, headers: &Headers) -> SpanBuilder {
    let span = tracer.span(name, SpanType::Custom).kind(SpanKind::Server);
    span.parent(&prela::extract(headers))
}

#[test]
fn a_call_waits_for_its_caller() {
    let console = Console::new();
    let tracer = console.tracer();
    tracer.span("agent", SpanType::Agent).in_scope(|_| {
        for (client, server) in [("GET one", "GET /one"), ("GET two", "GET /two")] {
            tracer.span(client, SpanType::Custom).kind(SpanKind::Client).in_scope(|_| {
                handler(&tracer, server, &sent()).in_scope(|_| {
                    tracer.span("lookup", SpanType::Tool).in_scope(|_| ());
                    // The service calls itself.
                    handler(&tracer, "GET /deeper", &sent()).in_scope(|_| ());
                });
                assert_eq!(console.printed(), "");
            });
            assert_eq!(console.printed(), "");
        }
    });
    console.check(expect![[r#"
        trace ID · test · 9 spans · 0ns
        ✓ agent                 agent         0ns
        ├─ ✓ GET one            client        0ns
        │  └─ ✓ GET /one        server        0ns
        │     ├─ ✓ GET /deeper  server        0ns
        │     └─ ✓ lookup       tool          0ns
        └─ ✓ GET two            client        0ns
           └─ ✓ GET /two        server        0ns
              ├─ ✓ GET /deeper  server        0ns
              └─ ✓ lookup       tool          0ns

    "#]]);
}

#[test]
fn a_caller_that_is_the_root_is_enough() {
    let console = Console::new();
    let tracer = console.tracer();
    tracer.span("agent", SpanType::Agent).in_scope(|_| {
        handler(&tracer, "GET /", &sent()).in_scope(|_| ());
        assert_eq!(console.printed(), "");
    });
    assert_eq!(console.printed().matches("trace ").count(), 1);
}

#[test]
fn a_call_that_ends_after_its_caller_is_late() {
    let console = Console::new();
    let tracer = console.tracer();
    let headers = tracer.span("agent", SpanType::Agent).in_scope(|_| sent());
    assert!(console.printed().contains("agent"));
    handler(&tracer, "POST /jobs", &headers).in_scope(|_| ());
    console.check(expect![[r#"
        trace ID · test · 1 late span · 0ns · ended after the trace was printed
        ✓ POST /jobs  server        0ns

    "#]]);
}

/// Callers in other processes and instances are never printed here, so nothing waits for them.
#[test]
fn calls_of_others_are_printed_at_once() {
    let console = Console::new();
    let tracer = console.tracer();
    let at_once = |headers: &Headers, what: &str| {
        handler(&tracer, "GET /", headers).in_scope(|_| ());
        assert!(console.printed().contains("GET /"), "{what}");
    };
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let elsewhere = Headers::from([("traceparent".to_owned(), traceparent.to_owned())]);
    at_once(&elsewhere, "another process");
    // A proxy sends on what it got.
    prela::extract(&elsewhere).run(|| at_once(&sent(), "another process, through this one"));
    // An instance of its own, with and without a console.
    let other = Console::new();
    other
        .tracer()
        .span("agent", SpanType::Agent)
        .in_scope(|_| at_once(&sent(), "another instance"));
    let other = Capture::with(|builder| builder.id_generator(RandomIds::default()));
    other
        .tracer()
        .span("agent", SpanType::Agent)
        .in_scope(|_| at_once(&sent(), "another instance"));
}

/// The caller was left out, and a sampler that does not follow it records the call.
#[test]
fn a_caller_that_is_not_sampled_is_not_waited_for() {
    let console = Console::with(Sampler::always_off());
    let tracer = console.tracer();
    tracer.span("agent", SpanType::Agent).in_scope(|_| {
        handler(&tracer, "GET /", &sent()).sample_with(Sampler::always_on()).in_scope(|_| ());
        assert!(console.printed().contains("GET /"));
    });
}
