//! A request in pieces, for a receiver that takes less at a time.

use super::request::Request;

/// What is left to send of a request.
pub(super) struct Pieces {
    requests: Vec<Request>,
    /// Single spans at which the connection broke off, while others may get through.
    set_aside: Vec<Request>,
    is_any_taken: bool,
    /// How many more requests may be sent to see if the peer takes any.
    witnesses: u32,
}

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

    /// Notes that no other request follows; `is_any_taken`: whether those before this one were.
    pub(super) fn have_no_witness(&mut self, is_any_taken: bool) {
        self.witnesses = 0;
        self.is_any_taken |= is_any_taken;
    }

    pub(super) fn next(&mut self) -> Option<Piece> {
        if let Some(request) = self.requests.pop() {
            return Some(Piece { request, is_suspect: true, can_wait: false, is_last: false });
        }
        // A peer that takes others will never take this one. One that takes none may do so later.
        let is_suspect = self.is_any_taken;
        let can_wait = !is_suspect && self.witnesses > 0;
        self.set_aside.pop().map(|request| Piece { request, is_suspect, can_wait, is_last: true })
    }

    /// Whether another request is to be sent, since only pieces are left at which the connection broke off: it
    /// shows whether the peer takes anything at all.
    pub(super) fn lack_a_witness(&self) -> bool {
        let is_any_left = !self.requests.is_empty() || self.is_any_taken;
        !is_any_left && !self.set_aside.is_empty() && self.witnesses > 0
    }

    pub(super) fn add(&mut self, witness: Request) {
        self.witnesses = self.witnesses.saturating_sub(1);
        self.requests.push(witness);
    }

    pub(super) fn taken(&mut self) {
        self.is_any_taken = true;
    }

    /// Splits a piece that the receiver called too large. Gives it back if it is a single span.
    pub(super) fn too_large(&mut self, piece: Piece) -> Result<(), Request> {
        let [first, second] = piece.request.split()?;
        self.requests.extend([second, first]);
        Ok(())
    }

    /// Splits a piece at which the connection broke off again and again: perhaps it is too large, and the
    /// answer that said so was lost with the connection. Gives it back if it is a single span and others got
    /// through.
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

/// Few, since they are in memory beyond the queue's limit.
const WITNESSES: u32 = 4;
