//! A load in pieces, for a receiver that takes less at a time.

use super::load::Load;

/// What is left to send of a load.
pub(super) struct Pieces {
    loads: Vec<Load>,
    /// Single spans at which the connection broke off, while others may get through.
    set_aside: Vec<Load>,
    is_any_taken: bool,
}

/// A piece that is to be sent.
pub(super) struct Piece {
    pub(super) load: Load,
    /// Whether it is too large if the connection breaks off at it once more.
    pub(super) is_suspect: bool,
    is_last: bool,
}

impl Pieces {
    pub(super) fn new(load: Load) -> Self {
        Self { loads: vec![load], set_aside: Vec::new(), is_any_taken: false }
    }

    pub(super) fn next(&mut self) -> Option<Piece> {
        if let Some(load) = self.loads.pop() {
            return Some(Piece { load, is_suspect: true, is_last: false });
        }
        // Who takes others and not this one does not take it. Who takes none may do so later.
        let is_suspect = self.is_any_taken;
        self.set_aside.pop().map(|load| Piece { load, is_suspect, is_last: true })
    }

    /// A piece got through.
    pub(super) fn taken(&mut self) {
        self.is_any_taken = true;
    }

    /// The receiver said that a piece is too large. Gives it back if it is a single span.
    pub(super) fn too_large(&mut self, piece: Piece) -> Result<(), Load> {
        let [first, second] = piece.load.split()?;
        self.loads.extend([second, first]);
        Ok(())
    }

    /// The connection broke off at a suspect piece, again and again: perhaps it is too large, and the
    /// word that said so was lost with the connection. Gives it back if it is a single span and others
    /// got through.
    pub(super) fn cut_off(&mut self, piece: Piece) -> Result<(), Load> {
        let is_last = piece.is_last;
        match self.too_large(piece) {
            Err(load) if !is_last => {
                self.set_aside.push(load);
                Ok(())
            }
            result => result,
        }
    }
}
