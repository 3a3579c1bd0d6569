//! The lines that tell an operator what went wrong.

use crate::context;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;

/// Where diagnostic lines go: by default to the standard error stream.
///
/// A line names counts, exporters and errors, and never a value of the user's.
#[derive(Clone)]
pub(crate) struct Diagnostics(Arc<dyn Fn(&str) + Send + Sync>);

impl Diagnostics {
    pub(crate) fn new(write: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        Self(write)
    }

    pub(crate) fn line(&self, line: &str) {
        // The receiver may be user code.
        let _ = context::hook(|| (self.0)(line));
    }

    /// Warns of spans that begin after shutdown; `was_used`: whether any began before it.
    pub(super) fn spans_after_shutdown(&self, service_name: &str, was_used: bool) {
        let (problem, remedy) = if was_used {
            (
                "",
                "Keep what `prela::init` returns until the last span has ended: `let _prela = \
              prela::init(..)?;` at the start of `main`, which drops it last",
            )
        } else {
            (
                " before its first span",
                "What `prela::init` returns was dropped at once: write `let _prela = prela::init(..)?;`, \
             not `let _ = ..`, at the start of `main`",
            )
        };
        self.line(&format!(
        "prela: spans begin after the instance {service_name:?} was shut down{problem}, and are not recorded. {remedy}"
    ));
    }
}

impl Default for Diagnostics {
    fn default() -> Self {
        // A closed standard error is no reason to panic, as `eprintln!` would.
        Self(Arc::new(|line| drop(writeln!(io::stderr(), "{line}"))))
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Diagnostics")
    }
}
