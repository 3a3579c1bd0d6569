//! What others sent is text, whatever they sent.

use super::{Prela, agent, open, send, trace};
use crate::requests::{failed, text};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;

/// Markup in every way that it could be taken for.
const MARKUP: &str = "</script><img src=x onerror=\"document.title='owned'\"><svg onload=alert(1)>{{7*7}}${7*7}&amp;<!--";
/// Turns what follows around, and hides.
const TURNED: &str = "abc\u{202e}gnp.exe\u{2066}\u{200b}end";
const CONTROLS: &str = "a\u{0}b\u{7}c\u{1b}[31md\u{9b}e\u{7f}f";
const HEBREW: &str = "שלום עולם";

fn spans() -> Vec<Span> {
    let long = "x<b>".repeat(250_000);
    let deep = "[".repeat(5_000);
    let attributes = vec![
        text("markup", MARKUP),
        text(MARKUP, "a key"),
        text("turned", TURNED),
        text("controls", CONTROLS),
        text("hebrew", HEBREW),
        text("long", &long),
        text("deep", &deep),
        text("__proto__", "polluted"),
        text("constructor", "polluted"),
        text("llm.input_messages.__proto__.polluted", "yes"),
        text("llm.input_messages.99999999999.message.content", "far"),
        text(
            "gen_ai.input.messages",
            &format!(
                "[{{\"role\":{0},\"parts\":[{{\"type\":\"text\",\"content\":{0}}}]}}]",
                serde_json::json!(MARKUP)
            ),
        ),
        text("session.id", MARKUP),
        text("gen_ai.request.model", MARKUP),
        text("thread.name", MARKUP),
    ];
    let events = vec![Event {
        name: MARKUP.to_owned(),
        attributes: vec![text(MARKUP, MARKUP)],
        ..Event::default()
    }];
    let named = |number, name: &str| {
        agent::step((1, number, u64::from(number > 1)), name, (number, number + 100), Vec::new())
    };
    let first = Span {
        attributes,
        events,
        trace_state: MARKUP.to_owned(),
        ..failed(named(1, MARKUP), MARKUP)
    };
    vec![
        first,
        named(2, TURNED),
        named(3, CONTROLS),
        named(4, HEBREW),
        named(5, &"long ".repeat(200_000)),
        named(6, ""),
    ]
}

#[test]
fn hostile_names_and_values_are_text_everywhere() {
    let prela = Prela::start();
    send(&prela, spans());
    let Some(mut page) = open(&prela, "") else { return };
    page.find(".list-row bdi", MARKUP);
    page.value(&format!("void (location.hash = '{}')", trace(1)));
    page.find(".trace-title", MARKUP);
    for shown in
        ["abc⟨U+202E⟩gnp.exe⟨U+2066⟩⟨U+200B⟩end", "a␀b␇c␛[31md⟨U+009B⟩e␡f", HEBREW, "(no name)"]
    {
        page.find(".span-row .title", shown);
    }
    page.click(".span-row .title", MARKUP);
    page.find(".turn", MARKUP);
    page.find(".failure", MARKUP);
    page.find(".section .pair", "turnedabc⟨U+202E⟩");
    page.find(".events", MARKUP);
    page.find(".section .pair", "__proto__polluted");
    page.find(".section .pair", "llm.input_messages.__proto__.polluted");
    page.click(".content .more", "Show all 1.0 MB");
    page.wait("document.querySelector('.detail-body').textContent.length > 1000000");
    page.press("2");
    page.find(".lane-labels", MARKUP);
    page.press("3");
    page.find(".box", MARKUP);
    page.value("void (location.hash = '#/sessions')");
    page.find(".session", MARKUP);
    page.value("void (location.hash = '#/search?q=%3Cimg')");
    page.find(".hits", "onerror");
    check_unharmed(&mut page);
    page.close();
}

#[track_caller]
pub(super) fn check_unharmed(page: &mut crate::browser::Page) {
    assert_ne!(page.value("document.title"), "owned");
    assert_eq!(
        page.value("document.querySelectorAll('main img, main script, svg[onload]').length"),
        0
    );
    assert_eq!(page.value("({}).polluted ?? [].polluted ?? null"), serde_json::Value::Null);
}

#[test]
fn a_shared_file_keeps_hostile_texts_apart_from_its_scripts() {
    let prela = Prela::start();
    send(&prela, spans());
    let path = prela.store().with_extension("html");
    let output = crate::program::run(
        &prela.store(),
        &["export", "last", "--html", "-o", path.to_str().unwrap()],
    );
    crate::browser::check_done(&output);
    let Some(mut page) = crate::browser::Page::open(&format!("file://{}", path.display())) else {
        return;
    };
    page.find(".trace-title", MARKUP);
    page.click(".span-row .title", MARKUP);
    page.find(".turn", MARKUP);
    check_unharmed(&mut page);
    page.close();
}
