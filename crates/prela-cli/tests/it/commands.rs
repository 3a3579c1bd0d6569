//! What the commands print.

use crate::program::{command, text};
use crate::requests::{self, failed, pair, span};
use crate::store::{batch, fresh};
use expect_test::expect;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value as Json;
use std::path::Path;
use tempfile::TempDir;

/// What was printed, what was complained of, and the exit code.
pub(crate) fn say(store: &Path, columns: usize, arguments: &[&str]) -> (String, String, i32) {
    let mut command = command(arguments);
    command.env("COLUMNS", columns.to_string()).env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    let output = command.arg("--store").arg(store).output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

fn lasting(span: Span, from: u64, milliseconds: u64) -> Span {
    let start = requests::START + from * 1_000_000;
    Span {
        start_time_unix_nano: start,
        end_time_unix_nano: start + milliseconds * 1_000_000,
        ..span
    }
}

fn named(span: Span, name: &str) -> Span {
    Span { name: name.to_owned(), ..span }
}

const QUESTION: &str = "Is a question of more than a hundred characters, which is what most questions to \
    models are, still shown to its very end, as it should be?";

/// An agent's run, of which a parent is missing and a child failed.
fn a_run() -> (TempDir, std::path::PathBuf) {
    let (dir, path, store) = fresh();
    let mut chat = named(lasting(span(1, 2, 1), 0, 400), "chat");
    let messages = format!(
        r#"[{{"role":"user","parts":[{{"type":"text","content":"{QUESTION}\nIn two lines."}}]}}]"#
    );
    chat.attributes = vec![
        requests::text("gen_ai.input.messages", &messages),
        pair("gen_ai.usage.input_tokens", Value::IntValue(1_250)),
        pair("gen_ai.usage.output_tokens", Value::IntValue(88)),
    ];
    store
        .insert_blocking(batch(vec![
            named(lasting(span(1, 1, 0), 0, 1_000), "agent"),
            chat,
            failed(named(lasting(span(1, 3, 1), 500, 250), "fetch"), "no\nroute \u{1b}[31mred"),
            named(lasting(span(1, 4, 9), 800, 100), "left alone"),
        ]))
        .unwrap();
    (dir, path)
}

#[test]
fn a_trace_is_a_waterfall() {
    let (_dir, path) = a_run();
    let (said, _, code) = say(&path, 72, &["last"]);
    assert_eq!(code, 0);
    expect![[r#"
        trace 9e3779b97f4a7c15  1.00 s · 4 spans · 1 error · 1 broken link
        agent        ██████████████████████████████████████████   1.00 s 1.2k→88
          chat       ████████████████▊·························   400 ms 1.2k→88
          ✗ fetch    ·····················██████████▌··········   250 ms
        ⚠ left alone ·································████▊····   100 ms
        ✗ fetch: no route �[31mred

        ⚠ `left alone` lost its parent (trace 9e3779b97f4a7c15)
          probably belongs under `agent`
          why:   its parent 0000000000000009 has not been sent: it has not ended
                 yet, or the process ended before it did
          write: let _prela = prela::init("service")?; // kept in `main` until the end: dropping it sends the rest
    "#]].assert_eq(&said);
    assert_eq!(say(&path, 72, &["show", "last"]).0, said);
    assert_eq!(say(&path, 72, &["show", "9e37"]).0, said, "a prefix that only one has");
    let (compact, _, _) = say(&path, 72, &["last", "--compact"]);
    expect![[r#"
        trace 9e3779b97f4a7c15  1.00 s · 4 spans · 1 error · 1 broken link
        agent  1.00 s
          chat  400 ms
          ✗ fetch  250 ms
        ⚠ left alone  100 ms
    "#]]
    .assert_eq(&compact);
}

#[test]
fn messages_of_models_are_shown_to_their_end() {
    let (_dir, path) = a_run();
    let (full, _, _) = say(&path, 40, &["last", "--full"]);
    assert!(full.contains(&format!("    user\n      {QUESTION}\n      In two lines.\n")), "{full}");
    assert!(full.contains("gen_ai.usage.input_tokens = 1250\n"), "{full}");
    let (json, _, code) = say(&path, 40, &["last", "--json"]);
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((json["summary"]["spans"].as_u64(), code), (Some(4), 0));
}

#[test]
fn no_line_of_a_waterfall_is_longer_than_the_terminal() {
    let (_dir, path, store) = fresh();
    let mut spans: Vec<_> = (1..=60).map(|at| span(1, at, at - 1)).collect();
    spans[30].name = "日本語の名前はとても長い".repeat(5);
    spans[31].name = "\u{1b}]0;title\u{7} e\u{301}e\u{301} \u{202e}turned".to_owned();
    spans[32] = failed(spans[32].clone(), &"it broke ".repeat(50));
    spans[40].attributes = vec![
        requests::text("thread.name", "a-very-long-name-of-a-thread-pool-7"),
        pair("gen_ai.usage.input_tokens", Value::IntValue(123_456)),
        pair("llm.cost.total", Value::DoubleValue(12.5)),
    ];
    store.insert_blocking(batch(spans)).unwrap();
    for columns in (20..=200).step_by(9) {
        for arguments in [&["last"][..], &["last", "--compact"]] {
            let (said, _, _) = say(&path, columns, arguments);
            assert!(said.lines().count() > 60, "a line for each span");
            for line in said.lines() {
                let width = unicode_width::UnicodeWidthStr::width(line);
                assert!(width <= columns, "{columns} {width}: {line}");
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }
}

#[test]
fn colours_are_for_terminals() {
    let (_dir, path) = a_run();
    for arguments in [&["last"][..], &["list"], &["errors"], &["search", "chat"], &["doctor"]] {
        let (said, _, _) = say(&path, 80, arguments);
        assert!(!said.contains('\u{1b}'), "{said:?}");
        let forced = |no_color: &str| {
            let mut command = command(arguments);
            command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_color).arg("--store").arg(&path);
            text(&command.output().unwrap().stdout).contains('\u{1b}')
        };
        assert!(forced(""), "{arguments:?}");
    }
}

#[test]
fn a_prefix_that_several_have_is_refused() {
    let (_dir, path, store) = fresh();
    let with_id = |last: u8| {
        let mut id = [0xab; 16];
        id[15] = last;
        Span { trace_id: id.to_vec(), ..span(1, 1, 0) }
    };
    store.insert_blocking(batch(vec![with_id(1), with_id(2)])).unwrap();
    for asked in ["show", "doctor"] {
        let (said, complaint, code) = say(&path, 80, &[asked, "abab"]);
        assert_eq!((said.as_str(), code), ("", 2));
        for last in ["01", "02"] {
            assert!(complaint.contains(&format!("{}{last}", "ab".repeat(15))), "{complaint}");
        }
        for (reference, expected) in [("cd", 1), ("last~7", 1), ("first", 2)] {
            let (said, complaint, code) = say(&path, 80, &[asked, reference]);
            assert_eq!((said.as_str(), code), ("", expected), "{complaint}");
            assert!(complaint.starts_with("prela: "), "{complaint}");
        }
    }
}

#[test]
fn errors_are_those_of_any_span() {
    let (_dir, path) = a_run();
    let (said, _, code) = say(&path, 80, &["errors"]);
    assert_eq!(code, 0);
    assert!(said.contains("✗ fetch in agent"), "{said}");
    assert!(said.contains("no route \u{fffd}[31mred"), "{said}");
    let (json, _, _) = say(&path, 80, &["errors", "--json"]);
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (json[0]["name"].as_str(), json[0]["trace_name"].as_str()),
        (Some("fetch"), Some("agent"))
    );
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    assert_eq!(say(&path, 80, &["errors"]), ("No span failed.\n".to_owned(), String::new(), 1));
    assert_eq!(say(&path, 80, &["errors", "--json"]).0, "[]\n");
}

#[test]
fn a_search_names_the_span_and_its_trace() {
    let (_dir, path) = a_run();
    let (said, _, code) = say(&path, 80, &["search", "very end"]);
    assert_eq!(code, 0);
    assert!(said.contains("chat in agent") && said.contains("gen_ai.input.messages: "), "{said}");
    assert_eq!(say(&path, 80, &["search", "agent", "-n", "1"]).0.lines().count(), 2);
    let (said, _, code) = say(&path, 80, &["search", "nowhere"]);
    assert_eq!((said.as_str(), code), ("No span has `nowhere` in it.\n", 1));
    // The run was long ago.
    assert_eq!(say(&path, 80, &["search", "agent", "--since", "1s"]).2, 1);
}

/// Under a web server the root says nothing of what the request was for.
#[test]
fn a_list_says_what_a_trace_is_of() {
    let (_dir, path, store) = fresh();
    let operation = |span: Span, key: &str, value: &str| Span {
        attributes: vec![requests::text(key, value)],
        ..span
    };
    let request = |trace| named(span(trace, 1, 0), "POST /ask");
    let spans = vec![
        request(1),
        operation(span(1, 2, 1), "prela.span.type", "custom"),
        operation(span(1, 3, 2), "gen_ai.operation.name", "invoke_agent"),
        operation(request(2), "openinference.span.kind", "AGENT"),
        operation(request(3), "gen_ai.operation.name", "invoke_workflow"),
        operation(span(3, 2, 1), "prela.span.type", "tool"),
        operation(request(4), "prela.span.type", "tool"),
    ];
    store.insert_blocking(batch(spans)).unwrap();
    for width in [60, 80, 200] {
        let (said, _, code) = say(&path, width, &["list"]);
        assert_eq!(code, 0);
        let last = said.lines().map(|line| line.split_whitespace().last().unwrap());
        let mut kinds: Vec<_> = last.skip(1).filter(|word| word.starts_with(['a', 'w'])).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["agent", "agent", "workflow"], "{said}");
        assert_eq!(said.lines().count(), 5, "{said}");
    }
}

#[test]
fn a_list_counts_whole_traces() {
    let (_dir, path) = a_run();
    let (said, _, code) = say(&path, 80, &["list"]);
    assert_eq!(code, 0);
    let line = said.lines().nth(1).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[1..6], ["agent", "1.00", "s", "4", "1"], "{said}");
    let (json, _, _) = say(&path, 80, &["list", "--json"]);
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((json[0]["spans"].as_u64(), json[0]["errors"].as_u64()), (Some(4), Some(1)));
    assert_eq!(say(&path, 80, &["list", "--since", "1s"]).2, 1);
    assert_eq!(
        say(&path, 80, &["list", "--service", "other", "--json"]),
        ("[]\n".into(), String::new(), 1)
    );
    for wrong in [&["list", "-n", "many"][..], &["show"], &["lost"], &["list", "--since", "soon"]] {
        assert_eq!(say(&path, 80, wrong).2, 2, "{wrong:?}");
    }
}
