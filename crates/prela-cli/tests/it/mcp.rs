//! `prela mcp`, as an agent's client starts it.

use crate::program::{Prela, command};
use crate::requests::{self, failed, pair, span, text};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::mcp::BUDGET;
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RunningService, ServiceError, serve_client};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

struct Client(RunningService<RoleClient, ()>);

impl Client {
    async fn start(store: &Path) -> Self {
        let mut command = command(["mcp", "--store"]);
        command.arg(store);
        let transport = TokioChildProcess::new(tokio::process::Command::from(command)).unwrap();
        Self(serve_client((), transport).await.unwrap())
    }

    async fn call(
        &self,
        tool: &'static str,
        arguments: Json,
    ) -> Result<CallToolResult, ServiceError> {
        let Json::Object(arguments) = arguments else { panic!("{arguments}") };
        self.0.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await
    }

    /// What a tool says, which is short enough.
    async fn ask(&self, tool: &'static str, arguments: Json) -> String {
        let result = self.call(tool, arguments).await.unwrap();
        let said = result.content[0].as_text().unwrap().text.clone();
        assert_ne!(result.is_error, Some(true), "{said}");
        assert!(said.chars().count() <= BUDGET, "{} characters", said.chars().count());
        assert!(!said.contains('\u{1b}'), "{said}");
        said
    }

    async fn refused(&self, tool: &'static str, arguments: Json) -> String {
        match self.call(tool, arguments).await {
            Ok(result) => {
                assert_eq!(result.is_error, Some(true));
                result.content[0].as_text().unwrap().text.clone()
            }
            Err(ServiceError::McpError(error)) => error.message.to_string(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What tools say of a store, when they are called with these arguments.
pub(crate) fn answers(store: &Path, calls: &[(&'static str, &str)]) -> Vec<String> {
    block_on(async {
        let client = Client::start(store).await;
        let mut answers = Vec::new();
        for (tool, arguments) in calls {
            answers.push(client.ask(tool, serde_json::from_str(arguments).unwrap()).await);
        }
        answers
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn named(span: Span, name: &str) -> Span {
    Span { name: name.to_owned(), ..span }
}

/// An agent's run of a thousand spans: 111 rounds of a plan, a call of a model, and tools with a search each.
fn thousand(trace: u64) -> Vec<Span> {
    let mut spans = vec![named(span(trace, 1, 0), "invoke_agent travel desk")];
    let mut number = 1;
    let mut add = |parent: u64, name: &str| {
        number += 1;
        spans.push(named(span(trace, number, parent), name));
        number
    };
    for round in 0..111 {
        let plan = add(1, "plan");
        let chat = add(plan, "chat gpt-4o-mini-2024-07-18");
        add(chat, "POST");
        for tool in ["weather", "guides"] {
            let tool = add(plan, &format!("execute_tool {tool}"));
            let search = add(tool, &format!("retrieval index-{}", round % 7));
            add(search, "embeddings text-embedding-3-small");
        }
    }
    assert_eq!(spans.len(), 1_000);
    spans[500] = failed(spans[500].clone(), "the index is away");
    spans
}

/// Shapes in which a thousand spans may come.
fn shapes() -> Vec<(&'static str, Vec<Span>)> {
    let all = |parent: fn(u64) -> u64, name: fn(u64) -> String| {
        let one = |at| named(span(1, at, parent(at)), &name(at));
        (1..=1_000).map(one).collect::<Vec<_>>()
    };
    let long =
        |at| format!("{} number {at}", "a name as long as names are in the wild, ".repeat(20));
    vec![
        ("an agent", thousand(1)),
        ("a chain", all(|at| at - 1, |at| format!("step {at}"))),
        ("a fan of one name", all(|at| u64::from(at > 1), |_| "item".to_owned())),
        ("a fan of many names", all(|at| u64::from(at > 1), long)),
        ("roots alone", all(|_| 0, long)),
        ("orphans", all(|at| at + 5_000, |at| format!("left {at}"))),
        ("a tree of pairs", all(|at| at / 2, long)),
    ]
}

#[test]
fn a_thousand_spans_are_told_in_four_thousand_tokens() {
    for (shape, spans) in shapes() {
        let (_dir, path, store) = fresh();
        store.insert_blocking(batch(spans)).unwrap();
        block_on(async {
            let client = Client::start(&path).await;
            let said = client.ask("show", json!({"trace": "last"})).await;
            assert!(said.chars().count() / 4 <= 4_000, "{shape}: {}", said.len());
            assert!(said.starts_with("trace 9e3779b97f4a7c15  "), "{shape}: {said}");
            assert!(said.contains("  1000 spans"), "{shape}: {said}");
            assert!(said.lines().count() > 5 || shape == "a fan of one name", "{shape}: {said}");
            // On request every span: page by page, none twice.
            let mut seen = BTreeSet::new();
            let mut offset = 0;
            loop {
                let page = client.ask("show", json!({"trace": "last", "offset": offset})).await;
                for line in page.lines().skip(1) {
                    if let Some((_, digits)) = line.rsplit_once('#') {
                        assert!(seen.insert(digits.to_owned()), "{shape}: {line} came before");
                    }
                }
                let Some((_, next)) = page.rsplit_once("offset=") else { break };
                offset = next.trim().parse::<usize>().unwrap();
            }
            assert_eq!(seen.len(), 1_000, "{shape}");
        });
    }
}

#[test]
fn an_overview_says_what_an_agent_did() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(thousand(1))).unwrap();
    block_on(async {
        let client = Client::start(&path).await;
        let said = client.ask("show", json!({"trace": "last"})).await;
        for part in [
            "1000 spans  1 error ",
            "the index is away",
            "invoke_agent travel desk",
            "plan ×111",
            "chat gpt-4o-mini-2024-07-18 ×111",
            "execute_tool weather ×111",
            "embeddings text-embedding-3-small",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        // Of a part of it more: the first plan, and what is below.
        let plan = said.lines().find(|line| line.contains("plan ×111")).unwrap();
        let digits = plan.rsplit_once('#').unwrap().1;
        let part = client.ask("show", json!({"trace": "last", "span": digits})).await;
        assert!(part.contains("\n chat gpt") && part.contains("\n  POST"), "{part}");
        assert_eq!(part.matches("execute_tool").count(), 2, "{part}");
        let flat = client.ask("show", json!({"trace": "last", "span": digits, "depth": 0})).await;
        assert!(flat.contains("8 spans are deeper") && !flat.contains("POST"), "{flat}");
        let top = client.ask("show", json!({"trace": "last", "depth": 1})).await;
        assert_eq!(top.matches(" plan ").count(), 111, "{top}");
    });
}

#[test]
fn a_span_tells_what_was_said() {
    let (_dir, path, store) = fresh();
    let mut chat = named(span(1, 2, 1), "chat");
    let messages = json!([{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}]);
    chat.attributes = vec![
        text("gen_ai.input.messages", &messages.to_string()),
        text("long", &"x".repeat(1_000_000)),
        text("many", &"line\n".repeat(100_000)),
        pair("gen_ai.usage.input_tokens", Value::IntValue(1_250)),
    ];
    store.insert_blocking(batch(vec![span(1, 1, 0), chat, span(1, 3, 2)])).unwrap();
    block_on(async {
        let client = Client::start(&path).await;
        let said = client.ask("show", json!({"trace": "last", "span": "#00000002"})).await;
        for part in
            ["Why?", "gen_ai.usage.input_tokens = 1250", "more lines of this span", "span 3"]
        {
            let at = said.find(part);
            // Before the texts without an end, or after them.
            assert!(at.is_some() || part.starts_with("gen_ai.usage"), "{part}: {said}");
        }
    });
}

/// Whatever was cut can be had, page by page, and says so where it was cut.
#[test]
fn what_is_cut_can_be_asked_for() {
    let (_dir, path, store) = fresh();
    let long: String = (0..2_000).map(|number| format!("word {number} ")).collect();
    let mut chat = failed(named(span(1, 2, 1), "chat"), &long);
    chat.attributes = vec![text("short", "before"), text("long", &long), text("last", "after")];
    store.insert_blocking(batch(vec![span(1, 1, 0), chat])).unwrap();
    block_on(async {
        let client = Client::start(&path).await;
        for (tool, arguments) in [("errors", json!({})), ("search", json!({"query": "chat"}))] {
            let said = client.ask(tool, arguments).await;
            assert!(said.lines().all(|line| line.chars().count() <= 400), "{said}");
            let is_cut = said.contains("(cut: `show` with its span says all)");
            assert_eq!(is_cut, tool == "errors", "{said}");
        }
        let ask = |line: Option<usize>| {
            let mut arguments = json!({"trace": "last", "span": "00000002"});
            if let Some(line) = line {
                arguments["line"] = line.into();
            }
            client.ask("show", arguments)
        };
        let first = ask(None).await;
        assert!(first.contains("last = after"), "{first}");
        let cut = first.lines().find(|line| line.contains("long = word 0")).unwrap();
        let (_, line) = cut.rsplit_once("(cut: line=").unwrap();
        let mut line: usize = line.split(' ').next().unwrap().parse().unwrap();
        let mut all = String::new();
        loop {
            let page = ask(Some(line)).await;
            // The first line says which trace it is.
            let (_, page) = page.split_once('\n').unwrap();
            let Some((said, next)) = page.rsplit_once("more lines of this span: line=") else {
                all.push_str(&page.replace('\n', ""));
                break;
            };
            let said = said.rsplit_once('…').unwrap().0;
            all.push_str(&said.replace('\n', ""));
            line = next.trim().parse().unwrap();
        }
        let long = long.trim_end();
        assert!(all.contains(long) && all.contains("last = after"), "{all}");
        let beyond = ask(Some(1_000_000)).await;
        assert!(beyond.contains("It says ") && beyond.contains(" lines."), "{beyond}");
    });
}

#[test]
fn every_question_has_an_answer() {
    let (_dir, path, store) = fresh();
    let broken = failed(named(span(1, 3, 9), "fetch"), "no\nroute \u{1b}[31mred");
    store.insert_blocking(batch(vec![named(span(1, 1, 0), "agent"), broken])).unwrap();
    let slow = Span { end_time_unix_nano: requests::START + 9_000_000_000, ..span(2, 2, 1) };
    store.insert_blocking(batch(vec![named(span(2, 1, 0), "agent"), slow])).unwrap();
    block_on(async {
        let client = Client::start(&path).await;
        let tools = client.0.list_all_tools().await.unwrap();
        let names: Vec<_> = tools.iter().map(|tool| tool.name.to_string()).collect();
        assert_eq!(names, ["list", "show", "errors", "search", "diff", "doctor"]);
        for tool in &tools {
            assert_eq!(tool.annotations.as_ref().unwrap().read_only_hint, Some(true));
            assert_eq!(tool.input_schema["type"], "object");
        }
        let list = client.ask("list", json!({})).await;
        assert_eq!(list.lines().count(), 2, "{list}");
        assert_eq!(
            client.ask("list", json!({"errors": true, "limit": 5})).await.lines().count(),
            1
        );
        assert_eq!(
            client.ask("list", json!({"name": "nothing"})).await,
            "There is no such trace.\n"
        );
        assert!(client.ask("errors", json!({})).await.contains("✗ fetch  in agent"));
        assert!(client.ask("errors", json!({"since": "1s"})).await.contains("No span failed."));
        let found = client.ask("search", json!({"query": "ROUTE".to_lowercase()})).await;
        assert!(found.contains("status: no route"), "{found}");
        let diff = client.ask("diff", json!({"a": "last~1", "b": "last"})).await;
        assert!(diff.contains("- ") && diff.contains("fetch") && diff.contains("span 2"), "{diff}");
        let doctor = client.ask("doctor", json!({"trace": "last~1"})).await;
        assert!(
            doctor.contains("`fetch` lost its parent") && doctor.contains("write:"),
            "{doctor}"
        );
        assert!(client.ask("doctor", json!({})).await.contains("lost its parent"));
    });
}

#[test]
fn wrong_questions_have_clear_answers() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let cases = [
        ("show", json!({}), "missing field `trace`"),
        ("show", json!({"trace": 5}), "invalid type"),
        ("show", json!({"trace": "what"}), "names no trace"),
        ("show", json!({"trace": "last~7"}), "fewer than 8 traces"),
        ("show", json!({"trace": "last", "span": "ff"}), "no span of this trace"),
        ("show", json!({"trace": "last", "span": "#"}), "no span of this trace"),
        ("show", json!({"trace": "last", "offset": -1}), "invalid value"),
        ("show", json!({"trace": "last", "colour": "red"}), "unknown field `colour`"),
        ("list", json!({"since": "yesterday"}), "since is a time such as 10m"),
        ("search", json!({}), "missing field `query`"),
        ("search", json!({"query": ""}), "`query` is empty"),
        ("errors", json!({"query": "timeout"}), "unknown field `query`"),
        ("show", json!({"trace": "last", "line": 3}), "`line` is one of a span"),
        ("doctor", json!({"query": "x"}), "unknown field `query`"),
        ("diff", json!({"a": "last"}), "missing field `b`"),
        ("dump", json!({}), "there is no such tool"),
    ];
    block_on(async {
        let client = Client::start(&path).await;
        for (tool, arguments, expected) in cases {
            let said = client.refused(tool, arguments.clone()).await;
            assert!(said.contains(expected), "{tool} {arguments}: {said}");
        }
        // It still answers.
        assert!(client.ask("list", json!({})).await.contains("span 1"));
    });
}

/// The program reads the store beside a server, after that is gone, and before there is a store.
#[test]
fn a_server_may_be_up_or_down() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("prela.db");
    block_on(async {
        let client = Client::start(&path).await;
        let said = client.refused("list", json!({})).await;
        assert!(said.contains("prela.db"), "{said}");
        let prela = Prela::start_at(&path, &[]);
        assert_eq!(client.ask("list", json!({})).await, "There is no such trace.\n");
        drop(prela);
        assert_eq!(client.ask("list", json!({})).await, "There is no such trace.\n");
    });
}

/// Each line of the output is a message of the protocol, whatever comes in.
#[test]
fn its_output_is_the_protocol_alone() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
    let mut process = command(["mcp", "--json", "--store"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let lines = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).to_string(),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
        "no JSON at all".to_owned(),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list"}}).to_string(),
        json!({"jsonrpc": "2.0", "id": 3, "method": "no/such/method"}).to_string(),
        json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "show", "arguments": {"trace": "last"}}}).to_string(),
    ];
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Json> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"), "{answers:?}");
    for id in [1, 2, 3, 4] {
        assert!(answers.iter().any(|answer| answer["id"] == id), "{id}: {answers:?}");
    }
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Two runs of a thousand spans.
#[test]
fn a_diff_is_short_too() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(thousand(1))).unwrap();
    let mut other = thousand(2);
    other.truncate(900);
    store.insert_blocking(batch(other)).unwrap();
    block_on(async {
        let client = Client::start(&path).await;
        let said = client.ask("diff", json!({"a": "last~1", "b": "last"})).await;
        assert!(said.contains("spans are the same and left out."), "{said}");
        let (_, _) = said.split_once("execute_tool").unwrap();
    });
}
