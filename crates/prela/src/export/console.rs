//! Prints traces as trees, for a person at a terminal.

mod line;
mod look;
mod once;
mod pending;
mod pretty;
mod printer;
mod text;
pub(crate) mod tree;

#[cfg(test)]
mod tests;

use self::look::{Look, Width};
use self::printer::Printer;
use super::{Batch, ExportFuture, Exported, SpanExporter};
use crate::span::calls;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Prints each trace as a tree, when its first span in this process has ended.
///
/// ```text
/// trace 4bf92f3577b34da6a3ce929d0e0e4736 · travel-desk · 4 spans · 1.24s
/// ✓ plan trip           agent        1.24s  {user: anna}
/// ├─ ✓ search flights   tool         320ms  {query: BER → LIS, results: 12}
/// │    • cache miss {key: flights}
/// ├─ ✗ chat             llm          800ms  {gen_ai.usage.input_tokens: 120}
/// │    error: rate limited
/// └─ ✓ embed            embedding   12.1ms
/// ```
///
/// A line has the span's status, name, type, duration and attributes, without those that repeat the
/// type. Ids of a request, a session and a user are shown once, where they begin, and the text of an error
/// once, at the span where it began. Control characters are shown as escapes, so that a model's answer
/// cannot change the terminal.
///
/// Values are cut to 60 characters, and lines to the terminal's width, if the standard output is one of a
/// known width; the other exporters have everything in full. [`full`](Self::full), or `PRELA_CONSOLE=full`
/// for [`Exporter::console`](crate::Exporter::console), cuts nothing and shows stack traces.
///
/// Where this process calls itself, as client and server, both sides are one tree. What was called waits
/// up to 30 seconds for its caller, and is then printed by itself.
///
/// At most 10,000 spans wait for their trace to end. Beyond that the trace that waited longest is
/// printed incomplete, and says so; so are those that still wait at shutdown. Spans that end after
/// their trace was printed follow as a late part of it.
///
/// # Examples
///
/// ```
/// let plain = prela::export::ConsoleExporter::new().color(false);
/// let narrow = prela::export::ConsoleExporter::new().width(100);
/// let to_file = prela::export::ConsoleExporter::to_writer(Vec::new());
/// # drop((plain, narrow, to_file));
/// ```
pub struct ConsoleExporter {
    printer: Arc<Mutex<Printer>>,
    look: Look,
    /// Prints what has waited for its caller for too long.
    timer: Option<JoinHandle<()>>,
}

impl ConsoleExporter {
    /// Prints to the standard output, with colours and cut lines if that is a terminal.
    pub fn new() -> Self {
        let stdout = io::stdout();
        let color = stdout.is_terminal();
        let look = Look { color, width: Width::OfTerminal, is_full: false };
        Self::with(Box::new(stdout), look)
    }

    /// Prints to `writer`, without colours and with whole lines.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self::with(Box::new(writer), Look { color: false, width: Width::Any, is_full: false })
    }

    fn with(writer: Box<dyn Write + Send>, look: Look) -> Self {
        calls::watch();
        Self { printer: Arc::new(Mutex::new(Printer::new(writer))), look, timer: None }
    }

    /// Whether to use colours, as ANSI escape sequences.
    ///
    /// Default: if the standard output is a terminal; never for [`to_writer`](Self::to_writer).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.look.color = color;
        self
    }

    /// Cuts lines to this many columns, of at least one, with `…` at the end. A wide character takes two.
    ///
    /// Default: the width of the terminal, if the standard output is one, at each trace that is printed;
    /// whole lines elsewhere, and for [`to_writer`](Self::to_writer).
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.look.width = Width::Columns(columns);
        self
    }

    /// Whether all is shown in full: lines and values are not cut, whatever the [`width`](Self::width), and
    /// exceptions have their stack traces.
    ///
    /// Default: no. `PRELA_CONSOLE=full` does it for [`Exporter::console`](crate::Exporter::console).
    #[must_use]
    pub fn full(mut self, full: bool) -> Self {
        self.look.is_full = full;
        self
    }

    fn printer(&self) -> MutexGuard<'_, Printer> {
        printer::lock(&self.printer)
    }

    /// Starts a timer that prints what waits in time, even if nothing else ends.
    fn watch(&mut self) {
        if self.timer.as_ref().is_some_and(|timer| !timer.is_finished()) {
            return;
        }
        // Without a runtime it is printed with the next batch.
        if self.printer().is_waiting()
            && let Ok(runtime) = Handle::try_current()
        {
            let timer = printer::print_in_time(Arc::downgrade(&self.printer), self.look);
            self.timer = Some(runtime.spawn(timer));
        }
    }
}

impl Default for ConsoleExporter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ConsoleExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleExporter")
            .field("look", &self.look)
            .field("pending", &self.printer().pending())
            .finish_non_exhaustive()
    }
}

impl SpanExporter for ConsoleExporter {
    fn name(&self) -> String {
        "console".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async {
            let printed = self.printer().add(batch, self.look);
            self.watch();
            printed.map(|()| Exported::all())
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        Box::pin(async { self.printer().finish(self.look) })
    }

    fn is_interactive(&self) -> bool {
        true
    }
}
