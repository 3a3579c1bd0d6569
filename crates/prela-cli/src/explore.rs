//! The store in a full screen: the list of traces, the tree of one, and a span of it.
//!
//! [`App`] is what is shown and what keys do to it, without a terminal; [`run`] is the loop around it.

mod app;
mod list;
mod scroll;
mod span;
mod tree;

pub use self::app::App;

use crate::query::Reader;
use anyhow::Context as _;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Shows a store until the user quits.
///
/// # Errors
///
/// The terminal or the store fails.
pub fn run(reader: Reader) -> anyhow::Result<()> {
    let mut app = App::new(reader, now)?;
    let mut terminal = ratatui::try_init().context("this is no terminal for a full screen")?;
    let mut looked = Instant::now();
    let result = loop {
        if let Err(error) = terminal.draw(|frame| app.draw(frame)) {
            break Err(error);
        }
        match event::poll(PAUSE.saturating_sub(looked.elapsed())) {
            Ok(false) => {
                app.refresh();
                looked = Instant::now();
            }
            Ok(true) => match event::read() {
                // Windows reports releases, too.
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => app.press(key),
                Ok(_) => {}
                Err(error) => break Err(error),
            },
            Err(error) => break Err(error),
        }
        if app.is_over() {
            break Ok(());
        }
    };
    ratatui::restore();
    result.context("the terminal failed")
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The time between two looks for what came in.
const PAUSE: Duration = Duration::from_millis(250);
