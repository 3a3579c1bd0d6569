//! Texts of others, made safe for a terminal.

use std::env;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A text in one line, without what would move the cursor, change colours or turn the direction of
/// writing: whoever sends spans must not control this terminal.
pub fn clean(text: &str) -> String {
    let one = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || is_direction(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(one).collect()
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of exactly `columns` columns: cut with `…`, or filled with spaces.
pub fn fit(text: &str, columns: usize) -> String {
    let width = text.width();
    if width <= columns {
        return format!("{text}{:fill$}", "", fill = columns - width);
    }
    let (mut cut, mut used) = (String::new(), 0);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        cut.push(c);
        used += wide;
    }
    if columns > 0 {
        cut.push('…');
        used += 1;
    }
    format!("{cut}{:fill$}", "", fill = columns.saturating_sub(used))
}

/// A text in lines of at most `columns` columns, cut between words; a longer word has a line of its own.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Columns of what is printed: `COLUMNS` if it is set, else the terminal's, else 100.
pub fn width_of_output() -> usize {
    let set = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let seen = || terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0));
    set.or_else(seen).unwrap_or(DEFAULT).clamp(LEAST, MOST)
}

const DEFAULT: usize = 100;
const LEAST: usize = 20;
const MOST: usize = 1_000;
