//! A request in pieces, for a receiver that takes less at a time.

use super::request::Request;

/// What is left to send of a request.
pub(super) struct Pieces {
    requests: Vec<Request>,
    /// Single spans at which the connection broke off, while others may get through.
    set_aside: Vec<Request>,
    is_any_taken: bool,
    /// How many more requests may be asked for.
    witnesses: u32,
}

/// A piece that is to be sent.
pub(super) struct Piece {
    pub(super) request: Request,
    /// Whether it is too large if the connection breaks off at it once more.
    pub(super) is_suspect: bool,
    /// Whether it can wait while other spans are sent, to see if those are taken.
    pub(super) can_wait: bool,
    is_last: bool,
}

impl Pieces {
    pub(super) fn new(request: Request) -> Self {
        let requests = vec![request];
        Self { requests, set_aside: Vec::new(), is_any_taken: false, witnesses: WITNESSES }
    }

    /// There will be no other request to ask for; `is_any_taken`: those before this one were.
    pub(super) fn have_no_witness(&mut self, is_any_taken: bool) {
        self.witnesses = 0;
        self.is_any_taken |= is_any_taken;
    }

    pub(super) fn next(&mut self) -> Option<Piece> {
        if let Some(request) = self.requests.pop() {
            return Some(Piece { request, is_suspect: true, can_wait: false, is_last: false });
        }
        // Who takes others and not this one does not take it. Who takes none may do so later.
        let is_suspect = self.is_any_taken;
        let can_wait = !is_suspect && self.witnesses > 0;
        self.set_aside.pop().map(|request| Piece { request, is_suspect, can_wait, is_last: true })
    }

    /// Whether another request is to be sent, since nothing is left but what the connection broke off at:
    /// it shows if that is not taken, or nothing is.
    pub(super) fn lack_a_witness(&self) -> bool {
        let is_any_left = !self.requests.is_empty() || self.is_any_taken;
        !is_any_left && !self.set_aside.is_empty() && self.witnesses > 0
    }

    pub(super) fn add(&mut self, witness: Request) {
        self.witnesses = self.witnesses.saturating_sub(1);
        self.requests.push(witness);
    }

    /// A piece got through.
    pub(super) fn taken(&mut self) {
        self.is_any_taken = true;
    }

    /// The receiver said that a piece is too large. Gives it back if it is a single span.
    pub(super) fn too_large(&mut self, piece: Piece) -> Result<(), Request> {
        let [first, second] = piece.request.split()?;
        self.requests.extend([second, first]);
        Ok(())
    }

    /// The connection broke off at a suspect piece, again and again: perhaps it is too large, and the
    /// word that said so was lost with the connection. Gives it back if it is a single span and others
    /// got through.
    pub(super) fn cut_off(&mut self, piece: Piece) -> Result<(), Request> {
        let is_settled = piece.is_last && piece.is_suspect;
        match self.too_large(piece) {
            Err(request) if !is_settled => {
                self.set_aside.push(request);
                Ok(())
            }
            result => result,
        }
    }
}

/// They are in memory beyond the queue's limit.
const WITNESSES: u32 = 4;
