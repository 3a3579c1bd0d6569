//! The way of a person who sees the page for the first time: what an agent did, what was slow, what it cost, and what
//! is wrong.

use super::{Prela, open};
use crate::program::{check_done, command, wait_until};
use std::io::Write as _;
use std::path::PathBuf;

/// The example `tool_agent`, which `cargo test --workspace` builds before this; none where the test is skipped, which is
/// said.
fn tool_agent() -> Option<PathBuf> {
    let built = std::env::current_exe().unwrap();
    let name = format!("tool_agent{}", std::env::consts::EXE_SUFFIX);
    let example = built.parent().unwrap().parent().unwrap().join("examples").join(name);
    if example.exists() {
        return Some(example);
    }
    assert!(std::env::var_os("CI").is_none(), "CI has not built the examples");
    // Past the test harness, which shows nothing of tests that pass.
    let why = "SKIPPED: a test of the page; `cargo build -p prela-examples --examples` makes what it needs";
    let _ = writeln!(std::io::stderr(), "{why}");
    None
}

#[test]
fn a_stranger_understands_an_agent_within_a_minute() {
    let Some(agent) = tool_agent() else { return };
    let prela = Prela::start();
    let mut run = command(["run", "--"]);
    run.arg(agent).arg("lost").env("PRELA_STORE", prela.store());
    run.env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
    check_done(&run.output().unwrap());
    let reader = prela.reader();
    wait_until("both traces are there", || reader.totals().unwrap().traces == 2);
    let Some(mut page) = open(&prela, "") else { return };

    // The list: what ran, how long, how much.
    page.find(".list-row .c1", "invoke_agent travel desk");
    page.find(".list-row .c7", "$0.00");
    page.click(".list-row", "invoke_agent travel desk");

    // Beside the trace, without a further click: what took the time, what it cost, and what is wrong.
    page.find(".overview h2", "What took the time");
    page.find(".rank li:first-child", "execute_tool guides");
    page.find(".facts b", "$0.00");
    page.find(".overview tbody tr", "stub-model2");
    page.find(".findings h2", "One span hangs in the air");
    page.find(".finding", "note_search is a trace of its own.");
    page.find(".finding", "It probably belongs under retrieval guides.");
    page.find(".finding", "while `retrieval guides` was open on thread");
    page.find(".finding pre", "prela::copy_context_to_thread");
    page.find(".span-row.stray", "note_search");

    // The slow tool: what it was given, and what it gave back.
    page.click(".rank li:first-child button", "execute_tool guides");
    page.find(".detail-title", "execute_tool guides");
    page.find(".section", "{\"city\":\"Lisbon\"}");
    page.find(".section", "Lisbon is hilly.");

    // What the model was asked and answered, each time.
    for answer in ["guides", "They say: Lisbon has 21 degrees. Lisbon is hilly."] {
        page.press("Escape");
        let place = if answer == "guides" { "at(0)" } else { "at(-1)" };
        page.value(&format!("[...document.querySelectorAll('.span-row:not([hidden])')].filter((it) => it.textContent.includes('chat stub-model')).sort((a, b) => a.at - b.at).{place}.click()"));
        page.find(".turn.user", "What is Lisbon like today?");
        page.find(".turn.answer", answer);
        page.find(".figures tbody tr", "$0.00");
    }
    page.press("Escape");
    page.press("2");
    page.find(".lane-head", "on the thread that it began on");
    page.close();
}
