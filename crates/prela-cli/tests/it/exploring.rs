//! `prela explore`, on a screen in memory.

use crate::requests::{START, failed, pair, span, text};
use crate::store::{batch, fresh};
use expect_test::expect;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::explore::App;
use prela_cli::query::Reader;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::Path;

/// An app, and the screen it is on.
struct Screen {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    fn of(store: &Path, width: u16, height: u16) -> Self {
        let now = || START.cast_signed() + 100_000_000_000;
        let app = App::new(Reader::open(store).unwrap(), now).unwrap();
        Self { app, terminal: Terminal::new(TestBackend::new(width, height)).unwrap() }
    }

    fn press(&mut self, keys: impl IntoIterator<Item = KeyCode>) -> String {
        for key in keys {
            self.app.press(KeyEvent::new(key, KeyModifiers::NONE));
            // As in its loop: what was drawn says how far a screen goes.
            self.show();
        }
        self.show()
    }

    /// Types a text.
    fn types(&mut self, text: &str) -> String {
        self.press(text.chars().map(KeyCode::Char))
    }

    fn show(&mut self) -> String {
        self.terminal.draw(|frame| self.app.draw(frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let lines = buffer.content.chunks(usize::from(buffer.area.width));
        let line = |cells: &[ratatui::buffer::Cell]| {
            let line: String = cells.iter().map(|cell| cell.symbol()).collect();
            format!("{}\n", line.trim_end())
        };
        lines.map(line).collect()
    }
}

/// The list, the tree of the newest trace, and its second span.
pub(crate) fn screens(store: &Path) -> [String; 3] {
    let mut screen = Screen::of(store, 120, 12);
    let list = screen.show();
    let tree = screen.press([KeyCode::Enter]);
    [list, tree, screen.press([KeyCode::Down, KeyCode::Enter])]
}

fn on(thread: &str, span: Span, name: &str) -> Span {
    let mut span = span;
    span.name = name.to_owned();
    span.attributes.push(text("thread.name", thread));
    span
}

fn a_run(trace: u64) -> Vec<Span> {
    let mut chat = on("main", span(trace, 2, 1), "chat");
    chat.attributes.extend([
        text("gen_ai.input.messages", r#"[{"role":"user","content":"Where is the lamp?"}]"#),
        pair("gen_ai.usage.input_tokens", Value::IntValue(1_250)),
    ]);
    vec![
        on("main", span(trace, 1, 0), &format!("agent {trace}")),
        chat,
        failed(on("pool-1", span(trace, 3, 1), "fetch"), "no route"),
        on("main", span(trace, 4, 99), "left alone"),
    ]
}

#[test]
fn enter_leads_from_the_list_to_the_tree_to_the_span_and_esc_back() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch([a_run(1), vec![span(2, 1, 0)]].concat())).unwrap();
    let mut screen = Screen::of(&path, 90, 8);
    expect![[r#"
         prela · 2 traces
          TRACE             NAME                              TOOK  SPANS ERRORS      TOKENS  AGE
        ▶ 3c6ef372fe94f82a  span 1                         1.00 ms      1      0               1m
          9e3779b97f4a7c15  agent 1                        1.00 ms      4      1      1.2k→0   1m



        ↑↓ · Enter trace · / search · e errors · q quit · ? keys
    "#]]
    .assert_eq(&screen.show());
    expect![[r#"
         prela · trace 9e3779b97f4a7c15  1.00 ms · 4 spans · 2 threads · 1 error · 1 broken link
        ▶ agent 1      ███████████████████████████████████████████████████▊  1.00 ms main   1.2k→0
            chat       ███████████████████████████████████████████████████▉  1.00 ms main   1.2k→0
            ✗ fetch    ███████████████████████████████████████████████████▉  1.00 ms pool-1
          ⚠ left alone ████████████████████████████████████████████████████  1.00 ms main


        ↑↓ · Enter span · / search · n N next · Esc back · ? keys
    "#]]
    .assert_eq(&screen.press([KeyCode::Down, KeyCode::Enter]));
    expect![[r#"
         prela · chat
        chat shop · span 0000000000000002 · +1.00 µs · 1.00 ms
          thread.name = main
          gen_ai.input.messages
            user
              Where is the lamp?
          gen_ai.usage.input_tokens = 1250
        ↑↓ scroll · Esc back · ? keys
    "#]]
    .assert_eq(&screen.press([KeyCode::Char('j'), KeyCode::Enter]));
    let bottom = screen.press([KeyCode::End]);
    assert!(bottom.contains("prela") && bottom.contains("thread.name = main"), "{bottom}");
    // An orphan says why, and what to write.
    let orphan = screen.press([KeyCode::Esc, KeyCode::End, KeyCode::Enter]);
    assert!(orphan.contains("left alone"), "{orphan}");
    let orphan = screen.press([KeyCode::End]);
    assert!(orphan.contains("prela::init"), "{orphan}");
    let tree = screen.press([KeyCode::Left]);
    assert!(tree.contains("▶ ⚠ left alone"), "what was selected still is: {tree}");
    assert!(screen.press([KeyCode::Esc]).contains("▶ 9e3779b97f4a7c15"));
    screen.press([KeyCode::Esc]);
    assert!(!screen.app.is_over());
    screen.press([KeyCode::Char('q')]);
    assert!(screen.app.is_over());
}

#[test]
fn a_search_finds_traces_and_spans() {
    let (_dir, path, store) = fresh();
    let all: Vec<_> = (1..=5).flat_map(|trace| vec![span(trace, 1, 0)]).chain(a_run(6)).collect();
    store.insert_blocking(batch(all)).unwrap();
    let mut screen = Screen::of(&path, 80, 10);
    assert!(screen.types("/lamp").contains("/lamp▏"));
    let found = screen.press([KeyCode::Enter]);
    assert!(found.contains("1 trace with `lamp`") && found.contains("agent 6"), "{found}");
    // In the trace it leads to the span.
    screen.press([KeyCode::Enter]);
    screen.types("/ROUTE");
    assert!(screen.press([KeyCode::Enter]).contains("no span of this trace has `ROUTE` in it"));
    screen.types("/main");
    let found = screen.press([KeyCode::Enter]);
    assert!(found.contains("▶   chat") && found.contains("attribute thread.name: main"), "{found}");
    assert!(screen.types("n").contains("▶ ⚠ left alone"));
    assert!(screen.types("n").contains("▶ agent 6"), "and round");
    assert!(screen.types("N").contains("▶ ⚠ left alone"));
    // Esc leaves the trace, then the search.
    assert!(screen.press([KeyCode::Esc]).contains("1 trace with"));
    assert!(screen.press([KeyCode::Esc]).contains("6 traces"));
    // A prompt that is left searches nothing.
    screen.types("/x");
    assert!(screen.press([KeyCode::Esc]).contains("6 traces"));
    screen.types("/x");
    assert!(screen.press([KeyCode::Backspace, KeyCode::Backspace]).contains("Enter trace"));
    screen.types("/nowhere");
    assert!(screen.press([KeyCode::Enter]).contains("There is no such trace"));
    screen.press([KeyCode::Enter, KeyCode::Down, KeyCode::End, KeyCode::Esc]);
    let errors = screen.types("e");
    assert!(errors.contains("1 trace with errors") && errors.contains("agent 6"), "{errors}");
    assert!(screen.types("e").contains("6 traces"));
}

#[test]
fn what_comes_in_is_shown_and_moves_nothing() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch((1..=3).map(|at| span(at, 1, 0)).collect())).unwrap();
    let mut screen = Screen::of(&path, 80, 10);
    let at =
        |shown: &str| shown.lines().find(|line| line.starts_with('▶')).unwrap()[4..8].to_owned();
    let id = |trace: u64| {
        prela_cli::ids::TraceId(crate::requests::trace_id(trace).try_into().unwrap()).to_string()
    };
    assert_eq!(at(&screen.show()), id(3)[..4].to_owned());
    // At the top one stays at the top.
    store.insert_blocking(batch(vec![span(4, 1, 0)])).unwrap();
    screen.app.refresh();
    assert_eq!(at(&screen.show()), id(4)[..4].to_owned());
    // Below it one stays at the trace.
    assert_eq!(at(&screen.press([KeyCode::Down])), id(3)[..4].to_owned());
    store.insert_blocking(batch(vec![span(5, 1, 0), span(6, 1, 0)])).unwrap();
    screen.app.refresh();
    let shown = screen.show();
    assert_eq!(at(&shown), id(3)[..4].to_owned(), "{shown}");
    assert!(shown.contains("6 traces"));
    // A tree grows where it is looked at.
    let tree = screen.press([KeyCode::Enter]);
    assert!(tree.contains("1 span"), "{tree}");
    store.insert_blocking(batch(vec![span(3, 2, 1), span(3, 3, 1)])).unwrap();
    screen.press([KeyCode::Down]);
    screen.app.refresh();
    let tree = screen.show();
    assert!(tree.contains("3 spans") && tree.contains("span 3"), "{tree}");
    let kept = screen.press([KeyCode::End]);
    assert!(kept.contains("▶   span 3"), "{kept}");
    store
        .insert_blocking(batch(vec![Span { start_time_unix_nano: START, ..span(3, 9, 1) }]))
        .unwrap();
    screen.app.refresh();
    let kept = screen.show();
    assert!(kept.contains("▶   span 3") && kept.contains("span 9"), "{kept}");
}

#[test]
fn long_lists_scroll_and_every_size_of_screen_is_drawn() {
    let (_dir, path, store) = fresh();
    let mut spans: Vec<_> = (1..=500).map(|at| span(1, at, at / 2)).collect();
    spans[7].name = "日本語の名前".repeat(9);
    spans[8].name = "\u{1b}[31mred\u{202e}".to_owned();
    spans[9].attributes = vec![text("long", &"word ".repeat(500)), text("wide", &"名".repeat(300))];
    spans.extend((2..=300).map(|at| span(at, 1, 0)));
    store.insert_blocking(batch(spans)).unwrap();
    let mut screen = Screen::of(&path, 80, 12);
    let shown = screen.press([KeyCode::End]);
    assert!(shown.contains("▶ 9e3779b97f4a7c15"), "{shown}");
    let tree = screen.press([KeyCode::Enter, KeyCode::PageDown, KeyCode::PageDown]);
    assert!(tree.lines().any(|line| line.starts_with('▶')), "{tree}");
    assert_eq!(tree.lines().count(), 12);
    let up = screen.press([KeyCode::PageUp, KeyCode::PageUp, KeyCode::PageUp]);
    assert!(up.contains("▶ span 1 "), "{up}");
    for (width, height) in [(1, 1), (2, 2), (3, 40), (20, 5), (40, 3), (300, 90)] {
        let mut screen = Screen::of(&path, width, height);
        for keys in [
            vec![],
            vec![KeyCode::Char('?'), KeyCode::Char('x')],
            vec![KeyCode::End, KeyCode::Enter, KeyCode::End, KeyCode::PageUp],
            vec![KeyCode::Home, KeyCode::Char('/'), KeyCode::Char('w'), KeyCode::Enter],
            vec![KeyCode::Enter, KeyCode::End, KeyCode::PageUp, KeyCode::Up],
        ] {
            let shown = screen.press(keys);
            assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
        }
    }
}
