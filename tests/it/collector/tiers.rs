//! The recipes of `examples/collector`.

use super::process::{self, Process, configurations};
use crate::receiver::{Receiver, Transport};
use prela::testing::Capture;
use prela::{Exporter, SpanType};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(30);
const RECIPES: &str = "examples/collector";

#[test]
fn every_recipe_is_valid() {
    let Some(program) = process::program().filter(|_| process::is_built()) else { return };
    let recipes = configurations(RECIPES);
    let (backends, tiers): (Vec<_>, Vec<_>) =
        recipes.into_iter().partition(|path| path.contains("/to-"));
    let names: BTreeSet<_> = backends.iter().map(|it| it.rsplit("to-").next().unwrap()).collect();
    let known = ["clickhouse.yaml", "jaeger.yaml", "langfuse.yaml", "phoenix.yaml", "tempo.yaml"];
    assert_eq!(names, BTreeSet::from(known));
    let gateway = format!("{RECIPES}/gateway.yaml");
    let agent = format!("{RECIPES}/agent.yaml");
    assert_eq!(BTreeSet::from_iter(&tiers), BTreeSet::from([&agent, &gateway]));
    let validate = |configs: &[&String]| {
        let mut command = Command::new(&program);
        command.arg("validate").current_dir(crate::program::workspace());
        command.args(configs.iter().flat_map(|it| ["--config", it.as_str()]));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(validate(&[&agent]), (true, String::new()));
    for backend in &backends {
        assert_eq!(validate(&[&gateway, backend]), (true, String::new()), "{backend}");
    }
    // A gateway by itself has nowhere to pass on to: the check does check.
    assert!(!validate(&[&gateway]).0);
}

#[test]
fn with_a_gateway_killed_every_trace_arrives_whole() {
    if !process::is_built() {
        return;
    }
    let receiver = Receiver::start(Transport::Http);
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let gateway = |name: &str, address: &str, dir: &Path| {
        Process::launch(
            &[&format!("{RECIPES}/gateway.yaml"), "tests/collector/to-receiver.yaml"],
            &[
                ("GATEWAY_GRPC", address),
                ("QUEUE", dir.to_str().unwrap()),
                ("DECISION_WAIT", "1s"),
                ("RECEIVER", &receiver.endpoint()),
                ("NAME", name),
            ],
        )
    };
    let ([first], mut killed) =
        Process::at_free_addresses(|[address]| gateway("first", address, dirs[0].path()));
    let ([second], _gateway) =
        Process::at_free_addresses(|[address]| gateway("second", address, dirs[1].path()));
    let ([grpc, _], _agent) = Process::at_free_addresses(|[grpc, http]| {
        Process::launch(
            &[&format!("{RECIPES}/agent.yaml")],
            &[
                ("AGENT_GRPC", grpc),
                ("AGENT_HTTP", http),
                ("GATEWAY_1", &first),
                ("GATEWAY_2", &second),
                ("QUEUE", dirs[2].path().to_str().unwrap()),
            ],
        )
    });

    let capture = Capture::with(|builder| {
        // Those of a capture are too regular to be spread evenly.
        let builder = builder.id_generator(prela::id::RandomIds::default());
        builder.exporter(Exporter::otlp_grpc(format!("http://{grpc}")))
    });
    failing_runs(&capture);
    wait_for_distinct_spans(&receiver, 3 * RUNS);
    killed.kill();
    failing_runs(&capture);
    // The agent has taken them, whoever is there behind it.
    capture.prela().flush(A_WHILE).unwrap();
    let _again = gateway("first", &first, dirs[0].path()).expect("its address is still its own");
    wait_for_distinct_spans(&receiver, 2 * 3 * RUNS);

    let mut gateways = BTreeMap::<_, BTreeSet<String>>::new();
    for request in receiver.requests() {
        let gateway = request.header("x-gateway").unwrap().to_owned();
        for span in request.spans() {
            gateways.entry(span.trace_id().to_string()).or_default().insert(gateway.clone());
        }
    }
    assert_eq!(gateways.len(), 2 * RUNS);
    assert!(gateways.values().all(|gateways| gateways.len() == 1), "{gateways:?}");
    let used: BTreeSet<_> = gateways.values().flatten().map(String::as_str).collect();
    assert_eq!(used, BTreeSet::from(["first", "second"]));
}

/// Traces of one batch.
const RUNS: usize = 40;

/// Makes traces of three spans, one of which failed, so that the gateways keep them.
fn failing_runs(capture: &Capture) {
    let tracer = capture.tracer();
    for _ in 0..RUNS {
        tracer.span("run", SpanType::Agent).in_scope(|_| {
            tracer.span("ask", SpanType::Llm).in_scope(|_| ());
            let _ = tracer.span("search", SpanType::Tool).in_scope_result(|_| Err::<(), _>("no"));
        });
    }
}

/// What is sent again can arrive twice.
fn wait_for_distinct_spans(receiver: &Receiver, count: usize) {
    let mut arrived = count;
    loop {
        let spans = receiver.wait_for_spans(arrived);
        let distinct: HashSet<_> = spans.iter().map(|span| span.span_id()).collect();
        if distinct.len() == count {
            return;
        }
        arrived = spans.len() + 1;
    }
}
