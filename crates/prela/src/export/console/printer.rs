//! Holds what has ended, and writes what is ready.

use super::look::Look;
use super::pending::{Pending, Tree};
use super::pretty;
use crate::export::Batch;
use crate::{Error, ErrorKind, Resource};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::time::{Instant, sleep_until};

pub(super) struct Printer {
    writer: Box<dyn Write + Send>,
    pending: Pending,
    resource: Arc<Resource>,
}

impl Printer {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, pending: Pending::default(), resource: Arc::default() }
    }

    /// How many spans wait.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether something is to be printed in time, even if nothing else ends.
    pub(super) fn is_waiting(&self) -> bool {
        self.pending.next_due().is_some()
    }

    pub(super) fn add(&mut self, batch: &Batch, look: Look) -> Result<(), Error> {
        self.resource = Arc::clone(batch.resource());
        let trees = self.pending.add(batch.spans(), Instant::now());
        self.print(&trees, look)
    }

    /// Prints all that still waits.
    pub(super) fn finish(&mut self, look: Look) -> Result<(), Error> {
        let trees = self.pending.rest();
        self.print(&trees, look)
    }

    fn print(&mut self, trees: &[Tree], look: Look) -> Result<(), Error> {
        if trees.is_empty() {
            return Ok(());
        }
        let service = self.resource.get(crate::semconv::SERVICE_NAME);
        let look = look.now();
        let text: String = trees.iter().map(|tree| pretty::trace(tree, service, look)).collect();
        // In one piece, so that the program's own output does not come between.
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        written.map_err(|error| Error::new(ErrorKind::Io, "print a trace").with_source(error))
    }
}

pub(super) fn lock(printer: &Mutex<Printer>) -> MutexGuard<'_, Printer> {
    printer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints calls whose callers run for too long, until nothing waits any more.
pub(super) async fn print_in_time(printer: Weak<Mutex<Printer>>, look: Look) {
    let next_due = || lock(&*printer.upgrade()?).pending.next_due();
    while let Some(due) = next_due() {
        sleep_until(due).await;
        let Some(printer) = printer.upgrade() else { return };
        let mut printer = lock(&printer);
        let trees = printer.pending.overdue(Instant::now());
        // There is no batch to count this against; the next one will fail the same way.
        let _ = printer.print(&trees, look);
    }
}
