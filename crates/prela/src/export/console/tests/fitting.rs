//! Lines that fit into a terminal.

use super::super::line::{Line, width};
use super::*;

fn fit(text: &str, columns: usize) -> String {
    let mut line = Line::default();
    line.plain(text);
    let look = Look { color: false, width: columns, is_full: false };
    let mut fit = String::new();
    line.write(look, &mut fit);
    fit.pop();
    fit
}

#[test]
fn a_line_is_cut_to_columns() {
    let cases = [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 1, "…"),
        ("", 1, ""),
        // Two columns each.
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("日本語", 2, "…"),
        ("🦀🦀", 4, "🦀🦀"),
        ("🦀🦀", 3, "🦀…"),
        // An accent of its own, and a heart that is an emoji by what follows it.
        ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ("\u{2764}\u{fe0f}\u{2764}\u{fe0f}", 4, "\u{2764}\u{fe0f}\u{2764}\u{fe0f}"),
        ("\u{2764}\u{fe0f}\u{2764}\u{fe0f}", 3, "\u{2764}\u{fe0f}…"),
        ("\u{2764}\u{fe0f}\u{2764}\u{fe0f}", 2, "…"),
        ("a\u{200b}b", 2, "a\u{200b}b"),
    ];
    for (text, columns, expected) in cases {
        assert_eq!(fit(text, columns), expected, "{text:?} in {columns}");
    }
    for text in ["👩‍👩‍👧 family", "नमस्ते दुनिया", "مرحبا بالعالم", "각각 한글", "\u{301}\u{301}x"]
    {
        for columns in 1..20 {
            assert!(width(&fit(text, columns)) <= columns, "{text:?} in {columns}");
        }
    }
}

#[test]
fn a_tree_is_cut_to_columns() {
    let mut console = Console::new();
    console.exporter = console.exporter.width(60);
    let mut spans = trip();
    let wide = [("answer", "都市の名前は東京です、そして人口は多いです".into())];
    spans[3] = with(spans[3].clone(), &wide);
    console.export(spans.clone());
    let printed = console.printed();
    assert!(printed.lines().all(|line| width(line) <= 60), "{printed}");
    expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 5 sp…
        ✓ plan trip          agent       100ms  {user: anna}
        ├─ ✓ search flights  tool        100ms  {query: BER → LIS, …
        │    • cache miss {key: flights}
        ├─ ✗ chat            llm         100ms  {gen_ai.usage.input…
        │  │ error: rate limited:\ntry again
        │  │ • exception {exception.type: RateLimit}
        │  └─ ✓ tokenize     custom      100ms
        └─ ✓ embed           embedding   100ms  {answer: 都市の名前…

    "#]]
    .assert_eq(&printed);
    // Less wide than a name.
    for columns in 0..40 {
        let mut console = Console::new();
        console.exporter = console.exporter.width(columns);
        console.export(spans.clone());
        let printed = console.printed();
        assert!(printed.lines().all(|line| width(line) <= columns.max(1)), "{printed}");
    }
}

#[test]
fn colours_take_no_room_and_are_never_cut() {
    for columns in 1..100 {
        let print = |color| {
            let mut console = Console::new();
            console.exporter = console.exporter.width(columns).color(color);
            console.export(trip());
            console.printed()
        };
        let mut colored = String::new();
        let text = print(true);
        let mut parts = text.split("\x1b[");
        colored.push_str(parts.next().unwrap());
        for part in parts {
            let (number, rest) = part.split_once('m').expect("a whole sequence");
            assert!(number.parse::<u8>().is_ok(), "{number}");
            colored.push_str(rest);
        }
        assert_eq!(colored, print(false), "{columns} columns");
        assert_eq!(text.matches("\x1b[0m").count() * 2, text.matches("\x1b[").count());
    }
}

#[test]
fn columns_of_wide_names_are_in_line() {
    let mut console = Console::new();
    console.export([
        span(2, 1, "検索", SpanType::Tool),
        span(3, 1, "search", SpanType::Tool),
        span(1, 0, "plan", SpanType::Agent),
    ]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 3 spans · 102ms
        ✓ plan       agent       100ms
        ├─ ✓ 検索    tool        100ms
        └─ ✓ search  tool        100ms

    "#]]);
}

#[test]
fn what_is_no_terminal_has_whole_lines() {
    let look = Look { color: false, width: Width::Any, is_full: false };
    assert_eq!(look.now().width, usize::MAX);
    let narrow = Look { width: Width::Columns(0), ..look };
    assert_eq!(narrow.now().width, 1);
    assert_eq!(Look { is_full: true, ..narrow }.now().width, usize::MAX);
}
