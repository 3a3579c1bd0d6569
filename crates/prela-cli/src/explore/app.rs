//! What is shown, and what keys do to it.

use super::list::List;
use super::span::SpanPage;
use super::tree::{Below, Tree};
use crate::ids::TraceId;
use crate::query::{Cursor, QueryError, Reader};
use crate::render::{clean, fit};
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize as _;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// The list of traces, and above it the trace and the span that were opened.
#[derive(Debug)]
pub struct App {
    reader: Reader,
    seen: Cursor,
    /// Nanoseconds since 1970.
    now: fn() -> i64,
    list: List,
    tree: Option<Tree>,
    span: Option<SpanPage>,
    /// The text to search for, while it is being typed.
    prompt: Option<String>,
    is_helping: bool,
    message: String,
    is_over: bool,
}

impl App {
    /// An app for this store; `now` is the time that ages are counted from, in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn new(reader: Reader, now: fn() -> i64) -> Result<Self, QueryError> {
        let seen = reader.now()?;
        let mut list = List::default();
        list.load(&reader)?;
        let (tree, span, prompt, message) = (None, None, None, String::new());
        let (is_helping, is_over) = (false, false);
        Ok(Self { reader, seen, now, list, tree, span, prompt, is_helping, message, is_over })
    }

    /// Whether the user has quit.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Shows what came in since the last call.
    pub fn refresh(&mut self) {
        let looked = self.reader.now();
        let result = looked.and_then(|now| {
            if now == self.seen {
                return Ok(());
            }
            self.seen = now;
            self.list.load(&self.reader)?;
            match &mut self.tree {
                // A span that is being read stays as it is.
                Some(tree) if self.span.is_none() => tree.load(&self.reader),
                _ => Ok(()),
            }
        });
        self.say_why(result);
    }

    fn say_why(&mut self, result: Result<(), QueryError>) {
        if let Err(error) = result {
            self.message = error.to_string();
        }
    }

    /// Does what a key stands for.
    pub fn press(&mut self, key: KeyEvent) {
        self.message.clear();
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            self.is_over |= key.code == KeyCode::Char('c');
            return;
        }
        if self.is_helping {
            self.is_helping = false;
        } else if self.prompt.is_some() {
            self.type_in(key.code);
        } else {
            match key.code {
                KeyCode::Char('?') => self.is_helping = true,
                KeyCode::Char('/') if self.span.is_none() => self.prompt = Some(String::new()),
                KeyCode::Char('q') => self.is_over = true,
                KeyCode::Esc | KeyCode::Left | KeyCode::Char('h') | KeyCode::Backspace => {
                    self.back()
                }
                KeyCode::Enter | KeyCode::Right | KeyCode::Char('l') => self.open(),
                code => self.press_on_page(code),
            }
        }
    }

    fn press_on_page(&mut self, code: KeyCode) {
        if let Some(span) = &mut self.span {
            span.scroll.press(code, span.count);
        } else if let Some(tree) = &mut self.tree {
            match code {
                KeyCode::Char('n') => self.find(true),
                KeyCode::Char('N') => self.find(false),
                code => {
                    tree.scroll.press(code, tree.len());
                }
            }
        } else if code == KeyCode::Char('e') {
            self.list.errors_only = !self.list.errors_only;
            self.list.scroll.selected = 0;
            let loaded = self.list.load(&self.reader);
            self.say_why(loaded);
        } else {
            self.list.scroll.press(code, self.list.traces.len());
        }
    }

    fn type_in(&mut self, code: KeyCode) {
        let Some(prompt) = &mut self.prompt else { return };
        match code {
            KeyCode::Char(c) => prompt.push(c),
            KeyCode::Backspace if prompt.is_empty() => self.prompt = None,
            KeyCode::Backspace => drop(prompt.pop()),
            KeyCode::Esc => self.prompt = None,
            KeyCode::Enter => {
                let query = self.prompt.take().filter(|query| !query.is_empty());
                match &mut self.tree {
                    Some(tree) => {
                        tree.query = query;
                        self.find(true);
                    }
                    None => self.search(query),
                }
            }
            _ => {}
        }
    }

    /// Shows only traces with a text in them, or all of them again.
    fn search(&mut self, query: Option<String>) {
        self.list.query = query;
        self.list.scroll.selected = 0;
        let loaded = self.list.load(&self.reader);
        self.say_why(loaded);
    }

    fn find(&mut self, is_forward: bool) {
        let Some(tree) = &mut self.tree else { return };
        let Some(query) = tree.query.clone() else { return };
        self.message = match tree.find(is_forward) {
            Some(place) => clean(&place),
            None => format!("no span of this trace has `{}` in it", clean(&query)),
        };
    }

    fn back(&mut self) {
        if self.span.take().is_some() || self.tree.take().is_some() {
            return;
        }
        if self.list.query.is_some() {
            self.search(None);
        }
    }

    fn open(&mut self) {
        if self.span.is_some() {
            return;
        }
        let Some(tree) = &self.tree else {
            if let Some(trace) = self.list.selected() {
                self.open_trace(trace);
            }
            return;
        };
        match tree.below() {
            Some(Below::Span(place)) => {
                self.span = Some(SpanPage::of(&tree.trace, place, &tree.findings));
            }
            Some(Below::Trace(trace)) => self.open_trace(trace),
            None => {}
        }
    }

    fn open_trace(&mut self, trace: TraceId) {
        match Tree::open(&self.reader, trace) {
            Ok(tree) => self.tree = Some(tree),
            Err(error) => self.message = error.to_string(),
        }
    }

    /// Draws what is on top.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let parts = [Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
        let [head, body, foot] = Layout::vertical(parts).areas(frame.area());
        let (width, height) = (usize::from(body.width), usize::from(body.height));
        let (title, lines, keys) = if self.is_helping {
            (
                "keys".to_owned(),
                HELP.iter().map(|line| Line::from(*line)).collect(),
                "any key goes on",
            )
        } else if let Some(span) = &mut self.span {
            let lines = span.lines(width, height);
            (span.title.clone(), lines, "↑↓ scroll · Esc back · ? keys")
        } else if let Some(tree) = &mut self.tree {
            let lines = tree.lines(width, height);
            (tree.title(), lines, "↑↓ · Enter span · / search · n N next · Esc back · ? keys")
        } else {
            let lines = self.list.lines(width, height, (self.now)());
            (self.list.title(), lines, "↑↓ · Enter trace · / search · e errors · q quit · ? keys")
        };
        let title = fit(&format!(" prela · {title}"), width);
        frame.render_widget(Paragraph::new(Line::from(title).bold().reversed()), head);
        frame.render_widget(Paragraph::new(lines), body);
        let foot_text = match &self.prompt {
            Some(prompt) => Line::from(format!("/{}▏", clean(prompt))),
            None if !self.message.is_empty() => Line::from(clean(&self.message)).yellow(),
            None => Line::from(keys).dim(),
        };
        frame.render_widget(Paragraph::new(foot_text), foot);
    }
}

const HELP: [&str; 13] = [
    "",
    "  ↑ ↓  k j          one line",
    "  PgUp PgDn         one screen",
    "  Home End  g G     the first, the last",
    "  Enter →  l        open the trace, or the span",
    "  Esc ←  h          back",
    "  /                 search: traces with a text in them; in a trace, the next span with it",
    "  n N               the next span with it, the one before",
    "  e                 only traces with errors, or all",
    "  q  Ctrl-C         quit",
    "",
    "  ✗ failed   ⚠ lost its parent, or probably belongs where it is drawn: Enter says why",
    "  What comes in is shown as it comes.",
];
