//! Traces as text: for people, at a terminal or in a file.

mod as_test;
mod details;
mod diff;
mod perfetto;
mod rows;
mod text;
mod units;
mod waterfall;

pub use self::as_test::as_test;
pub(crate) use self::details::findings;
pub use self::details::{details, of_span};
pub use self::diff::diff;
pub use self::perfetto::perfetto;
pub use self::rows::{Row, rows};
pub use self::text::{clean, fit, width_of_output, wrap};
pub(crate) use self::units::{age, ago, without_end};
pub use self::units::{count, dollars, duration, span_took, trace_took, usage};
pub(crate) use self::waterfall::errors;
#[cfg(feature = "explore")]
pub(crate) use self::waterfall::{Parts, Waterfall};
pub use self::waterfall::{compact, header, waterfall};

use anstyle::{AnsiColor, Style};

/// What failed.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
/// What is new.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// What may be wrong.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What is secondary, or only for alignment.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What is looked for first.
pub(crate) const BOLD: Style = Style::new().bold();
