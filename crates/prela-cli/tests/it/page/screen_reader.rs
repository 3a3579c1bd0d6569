//! What users of screen readers are told.

use super::{Prela, agent, id, open, send, trace};
use crate::browser::{Accessible, Page};
use crate::requests::span;

/// What can be used, or is walked through, and so has to have a name.
const NAMED: [&str; 14] = [
    "button",
    "checkbox",
    "combobox",
    "complementary",
    "dialog",
    "group",
    "link",
    "listbox",
    "option",
    "row",
    "searchbox",
    "splitter",
    "textbox",
    "treegrid",
];

/// Looks that nothing on the page is without a name, and gives everything on it.
#[track_caller]
fn check_names(page: &mut Page, what: &str) -> Vec<Accessible> {
    let all = page.accessible();
    let nameless: Vec<_> = all
        .iter()
        .filter(|it| NAMED.contains(&it.role.as_str()) && it.name.trim().is_empty())
        // What the browser makes of `details` and of tables of figures is named by what is in it.
        .filter(|it| !["group", "row"].contains(&it.role.as_str()) || !it.properties.is_empty())
        .collect();
    assert!(nameless.is_empty(), "{what}: {nameless:#?}");
    assert!(all.iter().any(|it| it.role == "main"), "{what}");
    let heading = all.iter().any(|it| it.role == "heading" && it.properties["level"] == 1);
    assert!(heading, "{what}: no heading says where one is");
    all
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    let prela = Prela::start();
    let Some(mut page) = open(&prela, "") else { return };
    page.find("h2", "Waiting for the first trace");
    check_names(&mut page, "empty");
    send(&prela, agent::run(1, "By the river."));
    send(&prela, agent::run(2, "On the hill."));
    page.wait("document.querySelectorAll('.list-row:not([hidden])').length === 2");
    let list = check_names(&mut page, "list");
    let options: Vec<_> = list.iter().filter(|it| it.role == "option").collect();
    assert_eq!(options.len(), 2);
    for option in options {
        assert!(option.name.starts_with("invoke_agent guide, shop, "), "{option:?}");
        assert!(option.name.contains("6 spans, 1 error"), "{option:?}");
    }
    let other = format!("#/diff/{}/{}", id(1), id(2));
    for (place, ready, what) in [
        (trace(1), ".finding", "a trace"),
        (format!("{}/span/{:016x}", trace(1), 2), ".turn", "a model call"),
        (format!("{}/span/{:016x}", trace(1), 3), ".exception", "a tool that failed"),
        (format!("{}/span/{:016x}", trace(1), 4), ".documents", "a retrieval"),
        (other, ".diff-row", "two traces"),
        ("#/sessions".to_owned(), ".session-row", "sessions"),
        ("#/search?q=river".to_owned(), ".hits li", "hits"),
    ] {
        page.value(&format!("void (location.hash = '{place}')"));
        page.wait(&format!("document.querySelector('{ready}')"));
        check_names(&mut page, what);
    }
    page.value(&format!("void (location.hash = '{}')", trace(1)));
    page.find(".finding", "save_answer");
    for (key, shown, what) in [
        ("2", ".lane-labels div", "lanes"),
        ("3", ".box", "flame"),
        ("1", ".span-row", "waterfall"),
        ("?", "dialog kbd", "keys"),
    ] {
        page.press(key);
        page.wait(&format!("document.querySelector('{shown}')?.checkVisibility()"));
        if key != "?" {
            let all = check_names(&mut page, what);
            let is_pressed =
                |it: &&Accessible| it.properties.get("pressed").is_some_and(|it| it == "true");
            let pressed = all.iter().filter(is_pressed).map(|it| it.name.to_lowercase());
            assert!(pressed.into_iter().any(|name| name == what), "{what} is not said to be shown");
        }
    }
    let dialog = page.accessible();
    assert!(dialog.iter().any(|it| it.role == "dialog" && it.name == "Keys"), "{dialog:#?}");
    page.click("dialog button", "Close");
    page.click("button", "Share");
    page.find("dialog h2", "Share this trace");
    let dialog = page.accessible();
    for (role, name) in [
        ("dialog", "Share this trace"),
        ("checkbox", "With what was said"),
        ("button", "Save the file"),
    ] {
        let is_it = |it: &&Accessible| it.role == role && it.name.starts_with(name);
        assert!(dialog.iter().any(|it| is_it(&it)), "{role} {name}: {dialog:#?}");
    }
    page.close();
}

#[test]
fn rows_of_a_waterfall_say_where_they_stand() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    // It is moved below the span that it probably belongs to, when that is known.
    page.find(".span-row.guess", "save_answer");
    let rows = |page: &mut Page| {
        let all = page.accessible();
        let grid = all.iter().find(|it| it.role == "treegrid").expect("the waterfall is a tree");
        assert_eq!(grid.name, "Spans");
        let rows = all.into_iter().filter(|it| it.role == "row");
        // Tables beside it have rows, too.
        rows.filter(|it| it.properties.contains_key("level")).collect::<Vec<_>>()
    };
    let of = |rows: &[Accessible], name: &str| {
        let is_it = |it: &&Accessible| it.name.starts_with(name);
        let row = rows.iter().find(is_it).unwrap_or_else(|| panic!("{name}: {rows:#?}"));
        let number = |key: &str| row.properties.get(key).and_then(|it| it.as_i64());
        let expanded = row.properties.get("expanded").and_then(|it| it.as_bool());
        (row.name.clone(), number("level"), expanded)
    };
    let open_rows = rows(&mut page);
    assert_eq!(open_rows.len(), 6);
    let (name, level, expanded) = of(&open_rows, "invoke_agent guide");
    assert_eq!((level, expanded), (Some(1), Some(true)), "{name}");
    assert!(name.contains("agent") && name.contains("2.20 s"), "{name}");
    let (name, level, expanded) = of(&open_rows, "execute_tool book_table");
    assert_eq!((level, expanded), (Some(2), None), "{name}");
    assert!(name.contains("tool, 390 ms, failed: closed on Mondays"), "{name}");
    let (name, level, _) = of(&open_rows, "save_answer");
    assert_eq!(level, Some(2), "{name}");
    assert!(name.contains("place is a guess"), "{name}");
    // Closed, it says so, and what was in it is gone.
    page.press("j");
    page.press("h");
    page.wait("document.querySelector('#spans').getAttribute('aria-rowcount') === '1'");
    page.wait("document.querySelectorAll('.span-row:not([hidden])').length === 1");
    let closed = rows(&mut page);
    let (_, _, expanded) = of(&closed, "invoke_agent guide");
    assert_eq!((closed.len(), expanded), (1, Some(false)));
    let selected = closed[0].properties.get("selected").and_then(|it| it.as_bool());
    assert_eq!(selected, Some(true));
    page.close();
}

#[test]
fn new_traces_are_said_when_there_is_a_pause() {
    let prela = Prela::start();
    let Some(mut page) = open(&prela, "") else { return };
    page.find(".state", "Live");
    page.find("h2", "Waiting for the first trace");
    let said = |page: &mut Page| {
        let all = page.accessible();
        let live = all.into_iter().filter(|it| it.properties.contains_key("live"));
        live.map(|it| it.properties["live"].clone()).collect::<Vec<_>>()
    };
    // It is there before it says something, and interrupts nobody.
    let regions = said(&mut page);
    assert!(!regions.is_empty() && regions.iter().all(|it| it == "polite"), "{regions:?}");
    send(&prela, vec![span(1, 1, 0), span(2, 1, 0)]);
    page.find("#said", "2 new traces, 2 traces in all");
    // More of a trace is not a new one.
    send(&prela, vec![span(2, 2, 1), span(3, 1, 0)]);
    page.find("#said", "1 new trace, 3 traces in all");
    page.close();
}
