//! One line: parts of one colour each, cut where the terminal ends.

use super::look::Look;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

#[derive(Debug, Default)]
pub(super) struct Line {
    parts: Vec<(Color, String)>,
}

/// The number of an ANSI escape sequence; none for the terminal's own colour.
type Color = Option<&'static str>;

impl Line {
    pub(super) fn plain(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(None, text)
    }

    pub(super) fn bold(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(Some("1"), text)
    }

    pub(super) fn faint(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(Some("2"), text)
    }

    pub(super) fn error(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(Some("31"), text)
    }

    pub(super) fn success(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(Some("32"), text)
    }

    pub(super) fn warning(&mut self, text: impl Into<String>) -> &mut Self {
        self.with(Some("33"), text)
    }

    pub(super) fn with(&mut self, color: Color, text: impl Into<String>) -> &mut Self {
        self.parts.push((color, text.into()));
        self
    }

    /// Appends the line to a text. Only what the parts show is measured and cut, never a sequence.
    pub(super) fn write(self, look: Look<usize>, text: &mut String) {
        let mut parts = self.parts;
        let width: usize = parts.iter().map(|(_, part)| width(part)).sum();
        if width > look.width {
            cut(&mut parts, look.width);
        }
        for (color, part) in parts {
            match color.filter(|_| look.color && !part.is_empty()) {
                Some(color) => text.push_str(&format!("\x1b[{color}m{part}\x1b[0m")),
                None => text.push_str(&part),
            }
        }
        text.push('\n');
    }
}

/// Cuts parts that are wider than this to it, with `…` for what is gone.
fn cut(parts: &mut Vec<(Color, String)>, columns: usize) {
    let mut left = columns.saturating_sub(1);
    for at in 0..parts.len() {
        let part = &mut parts[at].1;
        let fits = fitting(part, left);
        if fits < part.len() {
            part.truncate(fits);
            part.push('…');
            parts.truncate(at + 1);
            return;
        }
        left -= width(part);
    }
}

/// How many bytes of a text fit into so many columns. Combining marks stay with their character.
fn fitting(text: &str, columns: usize) -> usize {
    let (mut end, mut used) = (0, 0);
    while let Some(first) = text[end..].chars().next() {
        let rest = &text[end..];
        let marks = rest[first.len_utf8()..].chars().take_while(|c| c.width() == Some(0));
        let length = first.len_utf8() + marks.map(char::len_utf8).sum::<usize>();
        used += width(&rest[..length]);
        if used > columns {
            break;
        }
        end += length;
    }
    end
}

/// Columns on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}
