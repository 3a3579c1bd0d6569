//! JSON of any length, cut to what is worth reading, while it comes in.
//!
//! A model's answer may be a hundred megabytes, with its usage at the very end. So nothing is kept and read
//! later: every byte is looked at once, and what is copied is short JSON. Long texts are cut, lists of numbers
//! too, and what is beyond [`Limits::total`] is left out, except members that tell of the call as a whole
//! ([`FACTS`]): they are kept wherever they are, within a reserve of their own.

mod facts;

use self::facts::{ENVELOPES, FACTS, SHAPES};
use memchr::memchr2;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a text; longer ones are cut.
    pub(super) string: usize,
    /// Bytes of all; what comes after them is left out, except facts.
    pub(super) total: usize,
}

/// Bytes that facts may take beyond the total.
const RESERVE: usize = 16 * 1024;
/// The most levels; what is deeper is left out. `serde_json` reads twice as many.
const DEEPEST: usize = 64;
/// Numbers of a list that are kept: more are a vector.
const NUMBERS: usize = 16;
/// Bytes of a key, a number or a word; longer ones are left out.
const LONGEST_TOKEN: usize = 64;

/// JSON values, one after the other, each cut to what is worth reading. The elements of a list at the top are
/// values of their own, as Gemini streams them.
#[derive(Debug)]
pub(super) struct Outline {
    limits: Limits,
    out: Vec<u8>,
    stack: Vec<Level>,
    state: State,
    /// The key of the member that comes, or a number or word.
    token: Vec<u8>,
    /// Whether the text at hand goes on after a `\`.
    escaped: bool,
    /// Where the text at hand begins in `out`.
    text_start: usize,
    /// Open lists and objects that are left out, one within the other.
    dropped_levels: usize,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    is_object: bool,
    has_members: bool,
    numbers: usize,
    /// Whether it, and what is in it, is kept beyond the total.
    is_fact: bool,
    /// Whether its members tell of the call as a whole.
    is_envelope: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value, or the end of a list.
    Value,
    /// A key, or the end of an object.
    Key,
    InKey,
    Colon,
    /// What follows a member.
    After,
    Text,
    /// A text of which enough is kept, or nothing.
    CutText,
    /// A number or a word.
    Word,
    /// Within a list or an object that is left out.
    Dropped,
    DroppedText,
    /// No JSON: nothing more is read.
    Garbage,
}

impl Outline {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            out: Vec::new(),
            stack: Vec::new(),
            state: State::Value,
            token: Vec::new(),
            escaped: false,
            text_start: 0,
            dropped_levels: 0,
        }
    }

    /// Reads bytes until a value is complete. Returns how many of them it took, and the value as JSON, if there
    /// is one.
    pub(super) fn read(&mut self, bytes: &[u8]) -> (usize, Option<Vec<u8>>) {
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Garbage => return (bytes.len(), None),
                State::Text | State::CutText | State::DroppedText | State::InKey => {
                    at += self.text(&bytes[at..]);
                }
                _ => {
                    let is_taken = self.step(bytes[at]);
                    at += usize::from(is_taken);
                    if is_taken && self.stack.is_empty() && !self.out.is_empty() {
                        return (at, Some(std::mem::take(&mut self.out)));
                    }
                }
            }
        }
        (at, None)
    }

    /// Whether a value has begun that has not ended.
    pub(super) fn is_within(&self) -> bool {
        !self.stack.is_empty()
    }

    pub(super) fn is_garbage(&self) -> bool {
        self.state == State::Garbage
    }

    /// Forgets a value that has begun, and what made it unreadable.
    pub(super) fn reset(&mut self) {
        let token = std::mem::take(&mut self.token);
        *self = Self { token, ..Self::new(self.limits) };
        self.token.clear();
    }

    /// Takes one byte outside of texts. False if it is for the next state to take.
    fn step(&mut self, byte: u8) -> bool {
        if self.state == State::Word {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
                if self.token.len() < LONGEST_TOKEN {
                    self.token.push(byte);
                }
                return true;
            }
            self.end_word();
            return false;
        }
        if self.state == State::Dropped {
            self.step_dropped(byte);
            return true;
        }
        if byte.is_ascii_whitespace() {
            return true;
        }
        match (self.state, byte) {
            (State::Value, b'{' | b'[') => self.open(byte),
            (State::Value, b'"') if !self.stack.is_empty() => self.begin_text(),
            (State::Value, b']') => self.close(byte),
            // Between values at the top.
            (State::Value, b',') if self.stack.is_empty() => {}
            (State::Value, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') if !self.stack.is_empty() => {
                self.begin_word(byte);
            }
            (State::Key, b'"') => {
                self.token.clear();
                self.state = State::InKey;
            }
            (State::Key | State::After, b'}') | (State::After, b']') => self.close(byte),
            (State::Colon, b':') => self.state = State::Value,
            (State::After, b',') => self.state = self.next_member(),
            _ => self.state = State::Garbage,
        }
        true
    }

    /// The state after a comma in a list or an object.
    fn next_member(&self) -> State {
        let is_object = self.stack.last().is_some_and(|level| level.is_object);
        if is_object { State::Key } else { State::Value }
    }

    fn open(&mut self, byte: u8) {
        let is_object = byte == b'{';
        if self.stack.is_empty() && !is_object {
            // Its elements are the values.
            return;
        }
        let is_fact = self.is_fact();
        let is_envelope =
            self.stack.len() == 1 && ENVELOPES.iter().any(|key| key.as_bytes() == self.token);
        if self.stack.len() >= DEEPEST || !self.keeps() {
            self.state = State::Dropped;
            self.dropped_levels = 1;
            return;
        }
        self.separate();
        self.out.push(byte);
        let is_fact = is_fact && !SHAPES.iter().any(|key| key.as_bytes() == self.token);
        let level = Level { is_object, has_members: false, numbers: 0, is_fact, is_envelope };
        self.stack.push(level);
        self.state = self.next_member();
    }

    fn close(&mut self, byte: u8) {
        match self.stack.last() {
            Some(level) if level.is_object == (byte == b'}') => {
                self.out.push(byte);
                self.stack.pop();
                self.state = if self.stack.is_empty() { State::Value } else { State::After };
            }
            // The list at the top, whose elements are values.
            None if byte == b']' => {}
            _ => self.state = State::Garbage,
        }
    }

    fn begin_text(&mut self) {
        self.escaped = false;
        if self.keeps() {
            self.separate();
            self.out.push(b'"');
            self.text_start = self.out.len();
            self.state = State::Text;
        } else {
            self.text_start = usize::MAX;
            self.state = State::CutText;
        }
    }

    fn begin_word(&mut self, byte: u8) {
        // A member's key is written before its value is known.
        let is_number = !matches!(byte, b't' | b'f' | b'n');
        let is_vector = self.stack.last_mut().is_some_and(|level| {
            level.numbers += usize::from(is_number && !level.is_object);
            level.numbers > NUMBERS
        });
        if !is_vector && self.keeps() {
            self.separate();
            self.text_start = 0;
        } else {
            self.text_start = usize::MAX;
        }
        self.token.clear();
        self.token.push(byte);
        self.state = State::Word;
    }

    fn end_word(&mut self) {
        if self.text_start != usize::MAX {
            let is_whole = self.token.len() < LONGEST_TOKEN;
            self.out.extend_from_slice(if is_whole { &self.token } else { b"null" });
        }
        self.state = State::After;
    }

    /// Takes as much of a text as is in `bytes`; returns its length.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.escaped {
            self.escaped = false;
            self.keep(&bytes[..1]);
            at = 1;
        }
        let Some(end) = memchr2(b'"', b'\\', &bytes[at..]).map(|end| at + end) else {
            self.keep(&bytes[at..]);
            return bytes.len();
        };
        if bytes[end] == b'\\' {
            self.keep(&bytes[at..=end]);
            self.escaped = true;
            return end + 1;
        }
        self.keep(&bytes[at..end]);
        self.end_text();
        end + 1
    }

    /// Keeps of a key or a text what there is room for.
    fn keep(&mut self, bytes: &[u8]) {
        match self.state {
            State::InKey => {
                let room = (LONGEST_TOKEN + 1).saturating_sub(self.token.len());
                self.token.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            State::Text => {
                // A little more than will stay, so that the cut is between two characters.
                let room = self.text_start + self.limits.string + 16;
                let room = room.saturating_sub(self.out.len());
                self.out.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if bytes.len() > room {
                    let kept = whole_characters(&self.out[self.text_start..], self.limits.string);
                    self.out.truncate(self.text_start + kept);
                    self.out.extend_from_slice("…".as_bytes());
                    self.state = State::CutText;
                }
            }
            _ => {}
        }
    }

    fn end_text(&mut self) {
        self.state = match self.state {
            State::InKey => State::Colon,
            State::DroppedText => State::Dropped,
            _ => {
                if self.text_start != usize::MAX {
                    self.out.push(b'"');
                }
                State::After
            }
        };
    }

    fn step_dropped(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.escaped = false;
                self.state = State::DroppedText;
            }
            b'{' | b'[' => self.dropped_levels += 1,
            b'}' | b']' => {
                self.dropped_levels -= 1;
                if self.dropped_levels == 0 {
                    self.state = State::After;
                }
            }
            _ => {}
        }
    }

    /// Whether a value that begins now is kept.
    fn keeps(&self) -> bool {
        let is_in_object = self.stack.last().is_some_and(|level| level.is_object);
        let has_key = !is_in_object || self.token.len() <= LONGEST_TOKEN;
        let room = self.limits.total + RESERVE;
        has_key && (self.out.len() < self.limits.total || self.out.len() < room && self.is_fact())
    }

    /// Whether the value that begins now tells of the call as a whole.
    fn is_fact(&self) -> bool {
        let Some(level) = self.stack.last() else { return true };
        let depth = self.stack.len();
        let is_said_of_the_call = depth == 1 || depth == 2 && level.is_envelope;
        level.is_fact && depth > 1
            || level.is_object
                && is_said_of_the_call
                && FACTS.iter().any(|key| key.as_bytes() == self.token)
    }

    /// Writes what comes before a member: the comma, and in an object the key.
    fn separate(&mut self) {
        let Some(level) = self.stack.last_mut() else { return };
        if level.has_members {
            self.out.push(b',');
        }
        level.has_members = true;
        if level.is_object {
            self.out.push(b'"');
            self.out.extend_from_slice(&self.token);
            self.out.extend_from_slice(b"\":");
        }
    }
}

/// How many bytes of a text, as it stands between quotes, are whole characters and at most `limit`.
fn whole_characters(text: &[u8], limit: usize) -> usize {
    let mut at = 0;
    while at < text.len() {
        let length = match text[at] {
            b'\\' if text.get(at + 1) == Some(&b'u') => match text.get(at + 2..at + 4) {
                // The first half of a pair.
                Some([b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']) => 12,
                _ => 6,
            },
            b'\\' => 2,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            _ => 1,
        };
        if at + length > limit {
            break;
        }
        at += length;
    }
    at.min(text.len())
}

#[cfg(test)]
mod tests;
