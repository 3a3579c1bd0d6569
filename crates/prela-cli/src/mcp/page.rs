//! How long an answer may be.

/// The most characters of an answer: about four thousand tokens of some four characters.
pub const BUDGET: usize = 16_000;

/// Characters that are kept for the lines around a page.
const MARGIN: usize = 400;

/// The most characters of a line.
const LINE: usize = 400;

/// An answer of lines, as far as they fit.
#[derive(Debug, Default)]
pub(super) struct Answer {
    text: String,
    length: usize,
}

impl Answer {
    /// Adds a line, cut if it is very long. False if there is no room for it.
    pub(super) fn line(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        let mut cut: String = line.chars().take(LINE).collect();
        if cut.len() < line.len() {
            cut.pop();
            cut.push('…');
        }
        let length = cut.chars().count() + 1;
        if self.length + length > BUDGET - MARGIN {
            return false;
        }
        self.text.push_str(&cut);
        self.text.push('\n');
        self.length += length;
        true
    }

    /// Characters that there is room for.
    pub(super) fn room(&self) -> usize {
        (BUDGET - MARGIN).saturating_sub(self.length)
    }

    /// Adds lines from an offset on, and says how to get those that do not fit.
    pub(super) fn page(&mut self, lines: &[String], offset: usize) {
        for (at, line) in lines.iter().enumerate().skip(offset) {
            if !self.line(line) {
                self.say(&format!("… {} more lines: offset={at}", lines.len() - at));
                return;
            }
        }
        if offset > 0 && offset >= lines.len() {
            self.say(&format!("There are {} lines.", lines.len()));
        }
    }

    /// Adds a short line, for which `MARGIN` keeps room.
    pub(super) fn say(&mut self, line: &str) {
        let line: String = line.chars().take(MARGIN / 3).collect();
        self.text.push_str(&line);
        self.text.push('\n');
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// The characters that lines take when they are added.
pub(super) fn length(lines: &[String]) -> usize {
    lines.iter().map(|line| line.trim_end().chars().count().min(LINE) + 1).sum()
}
