//! Prints traces as trees, for a person at a terminal.

mod held;
mod pretty;
mod text;
pub(crate) mod tree;

#[cfg(test)]
mod tests;

use self::held::{Held, Tree};
use super::{Batch, ExportFuture, Exported, SpanExporter};
use crate::{Error, ErrorKind, Resource};
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

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
/// type. Values are cut to 60 characters; the other exporters have them in full. Control characters
/// are shown as escapes, so that a model's answer cannot change the terminal.
///
/// At most 10,000 spans wait for their trace to end. Beyond that the trace that waited longest is
/// printed incomplete, and says so; so are those that still wait at shutdown. Spans that end after
/// their trace was printed follow as a late part of it.
///
/// # Examples
///
/// ```
/// let plain = prela::ConsoleExporter::new().color(false);
/// let to_file = prela::ConsoleExporter::to_writer(Vec::new());
/// # drop((plain, to_file));
/// ```
pub struct ConsoleExporter {
    writer: Box<dyn Write + Send>,
    color: bool,
    held: Held,
    resource: Arc<Resource>,
}

impl ConsoleExporter {
    /// Prints to the standard output, with colours if that is a terminal.
    pub fn new() -> Self {
        let stdout = io::stdout();
        let color = stdout.is_terminal();
        Self::to_writer(stdout).color(color)
    }

    /// Prints to `writer`, without colours.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            color: false,
            held: Held::default(),
            resource: Arc::default(),
        }
    }

    /// Whether to use colours, as ANSI escape sequences.
    ///
    /// Default: if the standard output is a terminal; never for [`to_writer`](Self::to_writer).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    fn print(&mut self, trees: &[Tree]) -> Result<(), Error> {
        if trees.is_empty() {
            return Ok(());
        }
        let service = self.resource.get(crate::semconv::SERVICE_NAME);
        let text: String =
            trees.iter().map(|tree| pretty::trace(tree, service, self.color)).collect();
        // In one piece, so that the program's own output does not come between.
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        written.map_err(|error| Error::new(ErrorKind::Io, "print a trace").with_source(error))
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
            .field("color", &self.color)
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}

impl SpanExporter for ConsoleExporter {
    fn name(&self) -> String {
        "console".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async {
            self.resource = Arc::clone(batch.resource());
            let trees = self.held.add(batch.spans());
            self.print(&trees)?;
            Ok(Exported::all())
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        Box::pin(async {
            let trees = self.held.rest();
            self.print(&trees)
        })
    }

    fn is_interactive(&self) -> bool {
        true
    }
}
