//! The list of traces.

use super::{Prela, agent, open, send};
use crate::requests::{failed, span};

#[test]
fn traces_appear_as_they_come_and_can_be_filtered() {
    let prela = Prela::start();
    let Some(mut page) = open(&prela, "") else { return };
    page.find("h2", "Waiting for the first trace");
    let address = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", prela.hello.http);
    page.find(".command", &address);
    page.find(".state", "Live");

    send(&prela, vec![span(1, 1, 0)]);
    page.find(".list-row", "span 1");
    // More of a trace changes its row.
    send(&prela, vec![failed(span(1, 2, 1), "it broke")]);
    page.find(".list-row .c5", "2 · 1 ✗");
    send(&prela, agent::run(2, "By the river."));
    page.find(".list-row", "invoke_agent guide");
    page.find(".list-row .c6", "3.0k→90");
    page.find(".list-row .c7", "$0.03");
    page.wait("document.querySelectorAll('.list-row:not([hidden])').length === 2");

    send(&prela, vec![span(3, 1, 0)]);
    page.click("button", "Failed");
    page.find(".figures-line", "2 traces of 3");
    page.click("button", "Failed");
    page.value("{ const box = document.querySelector('input[placeholder=\"Filter by name\"]'); box.value = 'GUIDE'; box.dispatchEvent(new Event('input')); }");
    page.find(".figures-line", "1 trace of 3");
    // The filter is part of the address.
    page.wait("location.hash.includes('name=GUIDE')");
    page.press("j");
    page.press("Enter");
    page.find("h1", "invoke_agent guide");
    page.press("g");
    page.find(".figures-line", "3 traces");
    page.close();
}

#[test]
fn a_list_of_thousands_has_few_rows_and_stays_where_it_is_read() {
    let prela = Prela::start();
    send(&prela, (1..=3_000).map(|number| span(number, 1, 0)).collect());
    let Some(mut page) = open(&prela, "") else { return };
    page.find(".figures-line", "3,000 traces");
    page.wait("document.querySelectorAll('.list-row').length > 10");
    assert!(page.value("document.querySelectorAll('.list-row').length").as_i64().unwrap() < 60);
    page.value("document.querySelector('#traces').scrollTop = 38 * 1500");
    page.wait("document.querySelector('#trace-1500')");
    let read = page.value("document.querySelector('#trace-1500').href");
    send(&prela, vec![span(3_001, 1, 0)]);
    page.find(".fresh", "1 new");
    page.wait(&format!("document.querySelector('#trace-1501')?.href === {read}"));
    page.press("End");
    page.wait("document.querySelector('#trace-3000')?.getAttribute('aria-selected') === 'true'");
    page.close();
}

#[test]
fn sessions_gather_traces_and_the_search_finds_what_was_said() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, "#/sessions") else { return };
    page.find(".session summary", "session-7");
    page.find(".session summary", "1 trace · user ada · 3.0k→90 · $0.03");
    // Another one of the session comes in by itself.
    send(&prela, agent::run(2, "On the hill."));
    page.find(".session summary", "2 traces");
    page.click(".session-row", "invoke_agent guide");
    page.find("h1", "invoke_agent guide");

    page.value("{ const form = document.querySelector('.top form'); form.querySelector('input').value = 'by the river'; form.requestSubmit(); }");
    page.find(".hits li", "gen_ai.output.messages");
    assert_eq!(page.text(".hits mark").to_lowercase(), "by the river");
    page.click(".hits a", "chat big-model");
    page.find(".turn.answer", "By the river.");
    page.find(".find-note", "1");
    page.close();
}
