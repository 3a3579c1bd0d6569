//! Every example, as a program of its own: over OTLP its traces arrive whole, with the names and
//! types, and without a collector it prints them as trees.

use crate::program::{cargo_build, program};
use crate::receiver::{Arrived, Receiver, Transport, tree};
use expect_test::{Expect, expect};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Where the built examples are.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let (mut build, target) = cargo_build();
    // What `cargo test --workspace` has built already is not built again.
    let status = build.args(["--offline", "--workspace", "--examples"]).status();
    assert!(status.unwrap().success(), "the examples cannot be built");
    target.join("examples")
});

pub fn example(name: &str) -> Command {
    program(BUILT.join(name))
}

/// Runs an example over OTLP and without: its traces must be `expected`, the services' names first.
#[track_caller]
fn check(name: &str, expected: Expect) {
    let receiver = Receiver::start(Transport::Grpc);
    let mut run = example(name);
    run.env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
    let with_collector = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // At the same time: some take seconds.
    let without = example(name).output().unwrap();
    let with_collector = with_collector.wait_with_output().unwrap();
    for output in [&with_collector, &without] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        assert!(!said.contains("prela: "), "{name}: {said}");
    }

    let spans = receiver.spans();
    let service = |span: &Arrived| span.resource("service.name").unwrap();
    let services: BTreeSet<_> = spans.iter().map(service).collect();
    let traces: HashSet<_> = spans.iter().map(|it| it.trace_id()).collect();
    let tree = tree(&spans);
    let tops = tree.lines().filter(|line| !line.starts_with(' ')).count();
    assert_eq!(traces.len(), tops, "{name}: {tree}");
    let services = services.into_iter().collect::<Vec<_>>().join(", ");
    expected.assert_eq(&format!("service {services}\n{tree}"));

    // Printed are the same spans. A service prints its part of a trace as one tree.
    let parts: HashSet<_> = spans.iter().map(|it| (service(it), it.trace_id())).collect();
    let printed = String::from_utf8(without.stdout).unwrap();
    let mut lines: Vec<_> = printed.lines().filter_map(printed_span).collect();
    let mut arrived: Vec<_> = tree.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    arrived.sort();
    assert_eq!(lines, arrived, "{name} prints: {printed}");
    let headers = printed.lines().filter(|line| line.starts_with("trace ")).count();
    assert_eq!(headers, parts.len(), "{name} prints: {printed}");

    let own = String::from_utf8(with_collector.stdout).unwrap();
    assert_eq!(own.lines().find_map(printed_span), None, "{name} prints its spans as well");
}

/// Name, type and whether it is an error, if this line of a printed tree is a span.
fn printed_span(line: &str) -> Option<String> {
    let (mark, rest) = ["✓ ", "✗ "].into_iter().find_map(|mark| {
        let (_, rest) = line.split_once(mark)?;
        Some((mark, rest))
    })?;
    // Two spaces or more are between the columns; a name may have single ones.
    let (name, rest) = rest.split_once("  ")?;
    // A request says its kind on the console; over the wire it has no type of its own.
    let span_type = match rest.split_whitespace().next()? {
        "server" | "client" => "custom",
        span_type => span_type,
    };
    Some(format!("{name} {span_type}{}", if mark == "✗ " { " error" } else { "" }))
}

#[test]
fn quickstart() {
    check(
        "quickstart",
        expect![[r#"
        service quickstart
        answer_question agent
          database_search retrieval
          llm_call llm
          tool_calculator tool
          tool_calculator tool
          tool_calculator tool error
    "#]],
    );
}

#[test]
fn thread_pool() {
    check(
        "thread_pool",
        expect![[r#"
        service parallel-app
        batch_processing agent
          process_0 custom
          process_1 custom
          process_2 custom
          process_3 custom
          process_4 custom
          process_5 custom
          process_6 custom
          process_7 custom
          process_8 custom
          process_9 custom
    "#]],
    );
}

#[test]
fn per_submit() {
    check(
        "per_submit",
        expect![[r#"
        service per-submit
        one_snapshot_for_all agent
          query_0 retrieval
          query_1 retrieval
          query_2 retrieval
        one_snapshot_per_submit agent
          index_0 custom
            query_0 retrieval
          index_1 custom
            query_1 retrieval
          index_2 custom
            query_2 retrieval
    "#]],
    );
}

#[test]
fn span_types() {
    check(
        "span_types",
        expect![[r#"
        service span-types
        parallel_operations agent
          database_search retrieval
          llm_call llm
          tool_calculator tool
    "#]],
    );
}

#[test]
fn map_reduce() {
    check(
        "map_reduce",
        expect![[r#"
        service map-reduce
        map_reduce agent
          map_phase custom
            map_1 custom
            map_2 custom
            map_3 custom
            map_4 custom
            map_5 custom
          reduce_phase custom
            reduce custom
    "#]],
    );
}

#[test]
fn fan_out_fan_in() {
    check(
        "fan_out_fan_in",
        expect![[r#"
        service fan-out-fan-in
        fan_out_fan_in agent
          fan_in custom
            aggregate custom
          fan_out custom
            query_api retrieval error
            query_cache retrieval
            query_database retrieval
    "#]],
    );
}

#[test]
fn rate_limited() {
    check(
        "rate_limited",
        expect![[r#"
        service rate-limited
        rate_limited_batch agent
          operation_0 custom
          operation_1 custom
          operation_10 custom
          operation_11 custom
          operation_12 custom
          operation_13 custom
          operation_14 custom
          operation_15 custom
          operation_16 custom
          operation_17 custom
          operation_18 custom
          operation_19 custom
          operation_2 custom
          operation_3 custom
          operation_4 custom
          operation_5 custom
          operation_6 custom
          operation_7 custom
          operation_8 custom
          operation_9 custom
    "#]],
    );
}

#[test]
fn async_await() {
    check(
        "async_await",
        expect![[r#"
        service async-await
        async_main agent
          fetch retrieval
          fetch retrieval
        process_batch agent
          fetch retrieval
          fetch retrieval
          fetch retrieval
    "#]],
    );
}

#[test]
fn async_concurrent() {
    check(
        "async_concurrent",
        expect![[r#"
        service async-app
        async_batch agent
          completion_0 llm
          completion_1 llm
          completion_2 llm
    "#]],
    );
}

#[test]
fn async_streaming() {
    check(
        "async_streaming",
        expect![[r#"
        service streaming-app
        multi_stream agent
          streaming_completion llm
          streaming_completion llm
          streaming_completion llm
    "#]],
    );
}

#[test]
fn tool_agent() {
    check(
        "tool_agent",
        expect![[r#"
        service tool-agent
        invoke_agent travel desk agent
          chat stub-model llm
          chat stub-model llm
          execute_tool guides tool
            retrieval guides retrieval
          execute_tool weather tool
    "#]],
    );
}

#[test]
fn rag() {
    check(
        "rag",
        expect![[r#"
        service rag
        invoke_workflow facts workflow
          chat stub-model llm
          rerank stub-words reranker
          retrieval facts retrieval
            embeddings stub-embedding embedding
    "#]],
    );
}

#[test]
fn context_stack() {
    check(
        "context_stack",
        expect![[r#"
        service context-stack
        level_1 custom
          level_2 custom
        parent custom
          child custom
          worker_task custom
          worker_task custom
        worker_task custom
        worker_task custom
    "#]],
    );
}

#[test]
fn new_trace_context() {
    check(
        "new_trace_context",
        expect![[r#"
        service background-jobs
        background_job custom
        handle_request agent
          response custom
        root_operation custom
    "#]],
    );
}

#[test]
fn log_correlation() {
    check(
        "log_correlation",
        expect![[r#"
        service log-correlation
        operation custom
    "#]],
    );
}

#[test]
fn tracing_bridge() {
    check(
        "tracing_bridge",
        expect![[r#"
        service tracing-bridge
        answer agent
          chat llm
          load_documents custom
            search retrieval
    "#]],
    );
}

#[test]
fn baggage() {
    check(
        "baggage",
        expect![[r#"
        service baggage-app
        parent agent
          worker custom
        root agent
          child custom
    "#]],
    );
}

/// Runs an example that samples: each of its traces is one of `whole`, their number is within `count`,
/// and it prints `said`.
#[track_caller]
fn check_sampled(name: &str, whole: &[&str], count: RangeInclusive<usize>, said: &str) {
    let receiver = Receiver::start(Transport::Grpc);
    let output = example(name).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint()).output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("prela: "), "{name}: {errors}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains(said), "{name}: {printed}");

    let spans = receiver.spans();
    let mut traces: HashMap<_, Vec<_>> = HashMap::new();
    for span in spans {
        traces.entry(span.trace_id()).or_default().push(span);
    }
    assert!(count.contains(&traces.len()), "{name}: {} traces", traces.len());
    for spans in traces.values() {
        let tree = tree(spans);
        assert!(whole.contains(&tree.as_str()), "{name}: {tree}");
    }
}

#[test]
fn async_workflow() {
    check(
        "async_workflow",
        expect![[r#"
        service async-workflow
        async_workflow agent
          async_task_1 custom
            chat stub-model llm
          async_task_2 custom
            chat stub-model llm
    "#]],
    );
}

#[test]
fn conditional() {
    // Six standard deviations.
    let whole = ["high_volume_operation custom\n  step tool\n"];
    check_sampled(
        "conditional",
        &whole,
        43..=157,
        "of 1000 calls are traced, and the sum is 999000",
    );
}

#[test]
fn user_based() {
    check(
        "user_based",
        expect![[r#"
        service user-based
        beta_feature custom
          suggest tool
        beta_feature custom
          suggest tool
    "#]],
    );
}

#[test]
fn adaptive_sampling() {
    let whole = ["high_traffic_endpoint custom\n"];
    check_sampled("adaptive_sampling", &whole, 1..=40, " of 200 calls are traced");
}

#[test]
fn request_id() {
    check(
        "request_id",
        expect![[r#"
        service request-id
        handle_request agent
          process_step_1 custom
          process_step_2 custom
        handle_request agent
          process_step_1 custom
          process_step_2 custom
    "#]],
    );
}

#[test]
fn session() {
    check(
        "session",
        expect![[r#"
        service session-tracking
        fetch_user_data chain
          query retrieval
        user_login chain
    "#]],
    );
}

#[test]
fn traced_retry() {
    check(
        "traced_retry",
        expect![[r#"
        service traced-retry
        unreliable_api_call tool
          attempt custom
          attempt custom error
          attempt custom error
        unreliable_api_call tool error
          attempt custom error
          attempt custom error
    "#]],
    );
}

#[test]
fn resource_usage() {
    check(
        "resource_usage",
        expect![[r#"
        service resource-usage
        memory_intensive_operation custom
    "#]],
    );
}

#[test]
fn combined() {
    check(
        "combined",
        expect![[r#"
        service combined
        complex_operation chain
          attempt custom
            process_data tool
          attempt custom error
            process_data tool
        complex_operation chain
          attempt custom
            process_data tool
          attempt custom error
            process_data tool
    "#]],
    );
}

#[test]
fn sampling_stats() {
    let whole = ["answer agent\n"];
    check_sampled("sampling_stats", &whole, 4..=70, "paying users: 3 of 3");
}

#[test]
fn cross_service() {
    check(
        "cross_service",
        expect![[r#"
        service gateway, scorer, worker
        answer agent
          GET custom
            GET /facts/{topic} custom
              search retrieval
          prela.example.v1.Scorer/Score custom
            prela.example.v1.Scorer/Score custom
              score evaluator
    "#]],
    );
}

#[test]
fn openai_chat() {
    check(
        "openai_chat",
        expect![[r#"
        service openai-chat
        ask agent
          chat stub-model llm
    "#]],
    );
}

#[test]
fn openai_stream() {
    check(
        "openai_stream",
        expect![[r#"
        service openai-stream
        compare agent
          chat stub-model llm
          chat stub-model llm
    "#]],
    );
}

#[test]
fn anthropic_stream() {
    check(
        "anthropic_stream",
        expect![[r#"
        service anthropic-stream
        ask agent
          chat stub-model llm
    "#]],
    );
}

#[test]
fn ollama() {
    check(
        "ollama",
        expect![[r#"
        service ollama
        ask agent
          chat by hand llm
          chat stub-model llm
    "#]],
    );
}

/// What the model was asked and said is on the spans if that is asked for, and not otherwise.
#[test]
fn tool_agent_says_what_it_did() {
    for captures in [true, false] {
        let receiver = Receiver::start(Transport::Http);
        let mut run = example("tool_agent");
        run.env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
        run.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        run.env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", captures.to_string());
        let output = run.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed, "They say: Lisbon has 21 degrees. Lisbon is hilly.\n");

        let spans = receiver.spans();
        let named = |name: &'static str| spans.iter().filter(move |span| span.name() == name);
        assert!(spans.iter().all(|it| it.attribute("session.id").unwrap() == "session_abc123"));
        let said = |span: &Arrived, key: &str| span.attribute(key).unwrap_or_default();
        let all_say = |name, key, words: &str| {
            assert!(named(name).count() > 0);
            for span in named(name) {
                assert_eq!(said(span, key).contains(words), captures, "{name}: {key}");
            }
        };
        all_say("chat stub-model", "gen_ai.input.messages", "What is Lisbon like today?");
        all_say("execute_tool weather", "gen_ai.tool.call.arguments", r#"{"city":"Lisbon"}"#);
        all_say("execute_tool weather", "gen_ai.tool.call.result", "Lisbon has 21 degrees.");
        all_say("retrieval guides", "gen_ai.retrieval.documents", "Lisbon is hilly.");
        all_say("invoke_agent travel desk", "output.value", "They say: ");
        for chat in named("chat stub-model") {
            assert_eq!(said(chat, "gen_ai.response.model"), "stub-model");
            assert!(said(chat, "gen_ai.usage.input_tokens").parse::<u64>().unwrap() > 0);
            assert_eq!(said(chat, "gen_ai.conversation.id"), "conv_5");
        }
        // The tool span answers the call that is on the model's.
        let asked = named("chat stub-model").map(|it| said(it, "prela.tool_call.ids"));
        let asked: String = asked.collect();
        for tool in spans.iter().filter(|span| span.span_type() == "tool") {
            assert!(asked.contains(&said(tool, "gen_ai.tool.call.id")), "{asked}");
        }
    }
}

/// A server at a pipe prints to the standard error, and a part of a trace for each call.
#[test]
fn mcp() {
    let receiver = Receiver::start(Transport::Grpc);
    let output =
        example("mcp").env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("prela: "), "{errors}");
    let spans = receiver.spans();
    expect![[r#"
        invoke_agent travel desk agent
          initialize custom
            initialize custom
          initialize custom
            initialize custom
          tools/call guides tool
            tools/call guides tool
              retrieval guides retrieval
          tools/call weather tool
            tools/call weather tool
              retrieval weather retrieval
    "#]]
    .assert_eq(&tree(&spans));
    let services: BTreeSet<_> = spans.iter().map(|it| it.resource("service.name")).collect();
    assert_eq!(services.len(), 3);

    let output = example("mcp").output().unwrap();
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    assert!(printed.contains("Lisbon has 21 degrees.\nLisbon is hilly.\n"), "{printed}");
    let traces = |text: &str| -> BTreeSet<String> {
        let headers = text.lines().filter_map(|line| line.strip_prefix("trace "));
        headers.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(traces(&printed).len(), 1, "{printed}");
    assert_eq!(traces(&printed), traces(&errors), "{errors}");
}
