//! How long an answer may be.

use std::borrow::Cow;

/// The most characters of an answer: about four thousand tokens of some four characters.
pub const BUDGET: usize = 16_000;

/// Characters that are kept for the lines around a page.
const MARGIN: usize = 400;

/// The most characters of a line.
pub(super) const LINE: usize = 400;

/// The end of a line that is cut: what is missing is there for whoever asks for the span.
const CUT: &str = "… (cut: `show` with its span says all)";

/// An answer of lines, as far as they fit.
#[derive(Debug, Default)]
pub(super) struct Answer {
    text: String,
    length: usize,
}

impl Answer {
    /// Adds a line, cut if it is very long. False if there is no room for it.
    pub(super) fn line(&mut self, line: &str) -> bool {
        self.push(&cut(line.trim_end(), CUT))
    }

    fn push(&mut self, line: &str) -> bool {
        let length = line.chars().count() + 1;
        if self.length + length > BUDGET - MARGIN {
            return false;
        }
        self.text.push_str(line);
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

    /// Adds what a span says from a line on, and says how to get what does not fit. Long lines are several.
    pub(super) fn said(&mut self, said: &[String], from: usize) {
        let lines: Vec<&str> = said.iter().flat_map(|line| broken(line)).collect();
        for (at, line) in lines.iter().enumerate().skip(from) {
            if !self.push(line) {
                self.say(&format!("… {} more lines of this span: line={at}", lines.len() - at));
                return;
            }
        }
        if from >= lines.len() {
            self.say(&format!("It says {} lines.", lines.len()));
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

/// A line, broken into lines that are not too long.
pub(super) fn broken(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.char_indices().nth(LINE).map_or(text.len(), |(end, _)| end);
        let (part, after) = text.split_at(end);
        rest = (!after.is_empty()).then_some(after);
        Some(part)
    })
}

/// A line of at most `LINE` characters; `end` is put in place of what is cut off.
pub(super) fn cut<'a>(line: &'a str, end: &str) -> Cow<'a, str> {
    if line.chars().nth(LINE).is_none() {
        return line.into();
    }
    line.chars().take(LINE - end.chars().count()).chain(end.chars()).collect()
}

/// The characters that lines take when they are added.
pub(super) fn length(lines: &[String]) -> usize {
    lines.iter().map(|line| line.trim_end().chars().count().min(LINE) + 1).sum()
}
