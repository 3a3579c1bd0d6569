//! Which line of a long list is selected, and which are on the screen.

use ratatui::crossterm::event::KeyCode;

/// A place in a list of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Scroll {
    /// The line that is selected.
    pub(super) selected: usize,
    /// The first line on the screen.
    first: usize,
    /// Lines on the screen when it was drawn last.
    height: usize,
}

impl Scroll {
    /// Moves the selection in a list of `lines` lines. False if the key is not for that.
    pub(super) fn press(&mut self, key: KeyCode, lines: usize) -> bool {
        let last = lines.saturating_sub(1);
        let page = self.height.saturating_sub(1).max(1);
        self.selected = match key {
            KeyCode::Up | KeyCode::Char('k') => self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.selected.saturating_add(1).min(last),
            KeyCode::PageUp => self.selected.saturating_sub(page),
            KeyCode::PageDown => self.selected.saturating_add(page).min(last),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        };
        true
    }

    /// The lines to draw on `height` rows; the selected one is among them.
    pub(super) fn window(&mut self, lines: usize, height: usize) -> std::ops::Range<usize> {
        self.height = height;
        self.selected = self.selected.min(lines.saturating_sub(1));
        let least = (self.selected + 1).saturating_sub(height);
        self.first = self.first.clamp(least, self.selected.max(least));
        self.first = self.first.min(lines.saturating_sub(height));
        self.first..lines.min(self.first + height)
    }
}
