//! The views of a trace.

use super::agent::step;
use super::{Prela, agent, open, send, trace};
use crate::requests::{START, span, text};
use opentelemetry_proto::tonic::trace::v1::Span;

const SELECTED: &str = "document.querySelector('.span-row.selected .title')?.textContent";

#[test]
fn a_waterfall_of_thousands_of_rows_is_walked_by_keys() {
    let prela = Prela::start();
    // Ten levels of ten below one root.
    let many =
        (2..=5_001_u64).map(|number| span(1, number, if number < 12 { 1 } else { number / 10 }));
    send(&prela, std::iter::once(span(1, 1, 0)).chain(many).collect());
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".facts", "5,001 spans");
    page.wait("document.querySelectorAll('.span-row').length > 10");
    assert!(page.value("document.querySelectorAll('.span-row').length").as_i64().unwrap() < 80);
    assert_eq!(
        page.value("document.querySelector('#spans').getAttribute('aria-rowcount')"),
        "5001"
    );
    page.press("j");
    page.press("j");
    page.wait(&format!("{SELECTED} === 'span 2'"));
    // Closed, its children are gone, and the next row is its sibling.
    let rows = "Number(document.querySelector('#spans').getAttribute('aria-rowcount'))";
    page.press("h");
    page.wait(&format!("{rows} < 5001"));
    page.press("j");
    page.wait(&format!("{SELECTED} === 'span 3'"));
    page.press("k");
    page.press("l");
    page.wait(&format!("{rows} === 5001"));
    page.press("End");
    page.wait("document.querySelector('#span-5000')?.classList.contains('selected')");
    page.press("Escape");
    page.wait("!document.querySelector('.span-row.selected')");
    page.wait("!location.hash.includes('/span/')");
    page.close();
}

#[test]
fn a_trace_is_searched_by_name_at_once_and_by_everything_else_a_moment_later() {
    let prela = Prela::start();
    let many = (2..=400).map(|number| {
        let city = if number % 100 == 0 { "Coimbra" } else { "Lisbon" };
        Span { attributes: vec![text("city", city)], ..span(1, number, 1) }
    });
    send(&prela, std::iter::once(span(1, 1, 0)).chain(many).collect());
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".facts", "400 spans");
    page.press("/");
    page.value("{ const box = document.querySelector('#find'); box.value = 'coimbra'; box.dispatchEvent(new Event('input')); }");
    page.wait("document.querySelector('.find-note').textContent === '4'");
    page.press("Enter");
    page.wait(&format!("{SELECTED} === 'span 100'"));
    page.press("Escape");
    page.value("document.activeElement.blur()");
    page.value("{ const box = document.querySelector('#find'); box.value = 'coimbra'; box.dispatchEvent(new Event('input')); box.blur(); }");
    page.wait("document.querySelector('.find-note').textContent === '4'");
    page.press("n");
    page.press("n");
    page.wait(&format!("{SELECTED} === 'span 300'"));
    page.press("N");
    page.wait(&format!("{SELECTED} === 'span 200'"));
    page.find(".find-note", "2 of 4");
    page.close();
}

#[test]
fn a_trace_is_seen_as_path_lanes_and_flame_too() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".facts", "2.20 s");
    page.find(".facts", "3.0k→90 tokens");
    page.find(".facts", "$0.03");
    page.find(".used", "Σ 3.0k→90");
    page.press("c");
    page.wait("document.querySelectorAll('.critical').length >= 4");
    // The search ended before the tool did, so it is not what was waited for.
    page.wait("[...document.querySelectorAll('.span-row')].find((it) => it.textContent.includes('retrieval'))?.classList.contains('off-path')");
    page.press("+");
    page.find("button", "Whole time");
    page.wait("document.querySelector('.minimap.zoomed')");
    page.press("0");
    page.wait("!document.querySelector('.minimap.zoomed')");

    page.press("2");
    page.find(".figures-row", "parallelism");
    page.find(".lane-labels div", "worker-2");
    let figures = page.text(".figures-row");
    assert!(figures.contains("model calls at once") && figures.contains('1'), "{figures}");
    page.press("3");
    page.find(".box", "invoke_agent guide");
    let widths =
        page.value("[...document.querySelectorAll('.box.llm')].map((it) => it.offsetWidth)");
    let (first, second) = (widths[0].as_f64().unwrap(), widths[1].as_f64().unwrap());
    let (less, more) = (first.min(second), first.max(second));
    assert!((more / less - 1_860.0 / 1_230.0).abs() < 0.02, "{widths}");
    page.click(".flame-view .tabs button", "Cost");
    page.find(".flame-view p", "$0.03 in all");
    page.click(".box", "chat big-model");
    page.find(".detail-title", "chat big-model");
    page.close();
}

#[test]
fn idle_time_is_left_out_when_that_is_asked_for() {
    let prela = Prela::start();
    let check = |number, start| step((1, number, 1), "check", (start, start + 40), Vec::new());
    let root = step((1, 1, 0), "poll", (0, 36_000), Vec::new());
    send(&prela, vec![root, check(2, 10), check(3, 18_000), check(4, 35_900)]);
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    let width = "Math.max(...[...document.querySelectorAll('.span-row')].filter((it) => it.textContent.includes('check')).map((it) => it.querySelector('.bar').offsetWidth))";
    page.find("button", "99.5 % idle");
    page.wait(&format!("{width} < 4"));
    page.click("button", "leave it out?");
    page.wait(&format!("{width} > 40"));
    page.wait("document.querySelectorAll('.gap').length === 2");
    page.click("button", "Idle time left out");
    page.wait(&format!("{width} < 4"));
    page.close();
}

#[test]
fn what_runs_is_shown_before_it_ends_and_counted_once() {
    let prela = Prela::start();
    let running = |span: Span| Span { end_time_unix_nano: 0, ..span };
    let Some(mut page) = open(&prela, "") else { return };
    page.find(".state", "Live");
    send(&prela, vec![running(span(1, 1, 0)), span(1, 2, 1)]);
    page.click(".list-row", "span 1");
    page.find(".span-row.running .took", "running");
    page.find(".facts", "running");
    send(&prela, vec![running(span(1, 3, 1))]);
    page.find(".span-row.running", "span 3");
    let end = START + 5_000_000_000;
    send(&prela, vec![Span { end_time_unix_nano: end, ..span(1, 1, 0) }, span(1, 3, 1)]);
    page.wait("!document.querySelector('.span-row.running')");
    page.find(".facts", "3 spans");
    page.find(".facts", "4.00 s");
    page.close();
}
