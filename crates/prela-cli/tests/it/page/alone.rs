//! A trace as a file of its own.

use super::{Prela, agent, id, open, send, trace};
use crate::browser::{Page, check_done};
use crate::program::run;
use serde_json::Value;

#[test]
fn an_exported_trace_opens_without_a_server() {
    let mut prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let path = prela.store().with_extension("html");
    let file = path.to_str().unwrap();
    check_done(&run(&prela.store(), &["export", "last", "--html", "-o", file]));
    prela.kill();
    let Some(mut page) = Page::open(&format!("file://{file}")) else { return };
    page.find("h1", "invoke_agent guide");
    page.find(".facts", "6 spans");
    page.find(".finding", "save_answer lost its parent.");
    page.click(".span-row", "chat big-model");
    page.find(".turn.user", "Where do we eat in Lisbon?");
    page.value("{ const box = document.querySelector('#find'); box.value = 'hilly'; box.dispatchEvent(new Event('input')); box.blur(); }");
    page.wait("document.querySelector('.find-note').textContent === '1'");
    page.press("n");
    page.find(".detail-title", "retrieval guides");
    page.press("2");
    page.find(".figures-row", "parallelism");
    page.press("3");
    page.find(".box", "chat big-model");
    // There is nothing else to go to.
    page.wait("!document.querySelector('nav') && ![...document.querySelectorAll('button')].some((it) => it.textContent.includes('Share'))");
    page.close();
}

#[test]
fn what_was_said_can_be_left_out() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let whole =
        String::from_utf8(run(&prela.store(), &["export", "last", "--html"]).stdout).unwrap();
    let said = ["Where do we eat", "By the river", "20:00", "Lisbon is hilly", "Be brief"];
    assert!(said.iter().all(|text| whole.contains(text)));
    let without = run(&prela.store(), &["export", "last", "--html", "--without-content"]);
    let without = String::from_utf8(without.stdout).unwrap();
    assert!(said.iter().all(|text| !without.contains(text)), "{without}");
    assert!(without.contains("chat big-model") && without.contains("gen_ai.usage.input_tokens"));
    // It asks for nothing from anywhere.
    assert!(
        !whole.contains("src=")
            && !whole.contains("href=\"http")
            && whole.contains("default-src 'none'")
    );
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.click("button", "Share");
    page.find("dialog[open]", "One HTML file");
    let dir = prela.store().parent().unwrap().join("saved");
    let place = serde_json::json!({ "behavior": "allow", "downloadPath": dir });
    page.call("Page.setDownloadBehavior", &place);
    page.value("document.querySelector('dialog input').click()");
    page.click("dialog button", "Save the file");
    let file = dir.join(format!("prela-{}.html", &id(1)[..8]));
    crate::program::wait_until("it is saved", || file.exists());
    page.find("dialog [role=status]", ".html");
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(said.iter().all(|text| !saved.contains(text)));
    let data = saved.split("id=\"trace\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["view"]["summary"]["trace_id"], id(1));
    page.close();
}
