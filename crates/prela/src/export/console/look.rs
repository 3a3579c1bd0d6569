//! How much of a tree is shown, and how.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<W = Width> {
    /// Whether there are ANSI escape sequences.
    pub(super) color: bool,
    /// Where lines are cut.
    pub(super) width: W,
    /// Nothing is cut.
    pub(super) is_full: bool,
}

/// Where lines are cut, as it was set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Width {
    /// Lines are whole.
    Any,
    /// At the edge of the terminal that the standard output is; whole if it is none.
    OfTerminal,
    Columns(usize),
}

impl Look {
    /// The look with the width that a terminal has now.
    pub(super) fn now(self) -> Look<usize> {
        let width = match self.width {
            _ if self.is_full => usize::MAX,
            Width::Any => usize::MAX,
            Width::OfTerminal => terminal_width().unwrap_or(usize::MAX),
            Width::Columns(columns) => columns.max(1),
        };
        Look { color: self.color, width, is_full: self.is_full }
    }
}

impl Look<usize> {
    pub(super) fn longest_value(self) -> usize {
        self.at_most(60)
    }

    pub(super) fn longest_name(self) -> usize {
        self.at_most(100)
    }

    pub(super) fn longest_message(self) -> usize {
        self.at_most(500)
    }

    fn at_most(self, characters: usize) -> usize {
        if self.is_full { usize::MAX } else { characters }
    }
}

/// Columns of the terminal that the standard output is; none if it is no terminal, or does not say.
#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    None
}
