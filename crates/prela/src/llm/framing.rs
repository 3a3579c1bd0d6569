//! Finds the values of JSON in a body: one, one in each line, or one in each event.

use super::outline::{Limits, Outline};
use memchr::memchr2;

/// A part of a body that is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// JSON, cut to what is worth reading.
    Json(Vec<u8>),
    /// The event `[DONE]`, after which OpenAI sends nothing.
    Done,
}

/// Takes a body apart, wherever its bytes are cut.
#[derive(Debug)]
pub(super) struct Framing {
    outline: Outline,
    kind: Kind,
}

/// The form of a body.
#[derive(Debug)]
enum Kind {
    /// No byte but spaces has come yet.
    Unknown,
    /// JSON: one value, one a line, or the elements of a list.
    Json,
    /// Server-sent events.
    Events(Line),
}

/// A position in a line of an event.
#[derive(Debug)]
enum Line {
    /// At its start. `after_return`: whether a line feed belongs to the end before.
    Start {
        after_return: bool,
    },
    /// In the name of a field, after so many bytes of `data`.
    Name(usize),
    /// After `data:`. `word`: how many bytes of `[DONE]` there are, while it may be that.
    Data {
        is_first: bool,
        word: Option<usize>,
    },
    Ignored,
}

impl Line {
    const START: Self = Self::Start { after_return: false };

    fn after(end: u8) -> Self {
        Self::Start { after_return: end == b'\r' }
    }
}

const DATA: &[u8] = b"data";
const DONE: &[u8] = b"[DONE]";
/// The byte order mark, with which a body of server-sent events may begin.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Framing {
    pub(super) fn new(limits: Limits) -> Self {
        Self { outline: Outline::new(limits), kind: Kind::Unknown }
    }

    /// Gives what is complete in `bytes` to `take`, which says whether it wants more.
    pub(super) fn read(&mut self, mut bytes: &[u8], mut take: impl FnMut(Frame) -> bool) {
        if matches!(self.kind, Kind::Unknown) {
            let is_space = |byte: &u8| byte.is_ascii_whitespace() || BYTE_ORDER_MARK.contains(byte);
            let Some(first) = bytes.iter().find(|byte| !is_space(byte)) else { return };
            self.kind = match first {
                b'{' | b'[' => Kind::Json,
                _ => Kind::Events(Line::START),
            };
            let space = bytes.iter().take_while(|byte| is_space(byte)).count();
            bytes = &bytes[space..];
        }
        match &mut self.kind {
            Kind::Events(line) => events(&mut self.outline, line, bytes, take),
            Kind::Unknown | Kind::Json => {
                while !bytes.is_empty() {
                    let (taken, value) = self.outline.read(bytes);
                    bytes = &bytes[taken..];
                    if value.is_some_and(|value| !take(Frame::Json(value))) {
                        return;
                    }
                }
            }
        }
    }

    /// Whether a value has begun that has not ended.
    pub(super) fn is_cut(&self) -> bool {
        self.outline.is_within()
    }
}

/// Reads events. The data of an event is one value, on however many lines. It is taken when the value ends, and an
/// empty line gives up one that has not ended, so that a broken event does not swallow those after it.
fn events(
    outline: &mut Outline,
    line: &mut Line,
    mut bytes: &[u8],
    mut take: impl FnMut(Frame) -> bool,
) {
    while let Some(&byte) = bytes.first() {
        let is_end = matches!(byte, b'\n' | b'\r');
        match line {
            Line::Start { after_return: true } if byte == b'\n' => {
                *line = Line::START;
                bytes = &bytes[1..];
            }
            Line::Start { .. } if is_end => {
                // The event is over, and a value that it leaves open with it.
                outline.reset();
                *line = Line::after(byte);
                bytes = &bytes[1..];
            }
            Line::Start { .. } => *line = Line::Name(0),
            Line::Name(_) if is_end => {
                *line = Line::after(byte);
                bytes = &bytes[1..];
            }
            Line::Name(length) => {
                *line = match (byte, *length) {
                    (b':', 4) => Line::Data { is_first: true, word: Some(0) },
                    (_, length) if DATA.get(length) == Some(&byte) => Line::Name(length + 1),
                    _ => Line::Ignored,
                };
                bytes = &bytes[1..];
            }
            Line::Ignored => match memchr2(b'\n', b'\r', bytes) {
                Some(end) => {
                    *line = Line::after(bytes[end]);
                    bytes = &bytes[end + 1..];
                }
                None => return,
            },
            Line::Data { is_first, word } => {
                if std::mem::take(is_first) && byte == b' ' {
                    bytes = &bytes[1..];
                    continue;
                }
                let end = memchr2(b'\n', b'\r', bytes);
                let data = &bytes[..end.unwrap_or(bytes.len())];
                if let Some(at) = word.filter(|_| !data.is_empty() && !outline.is_within()) {
                    let is_part = DONE.get(at..at + data.len()) == Some(data);
                    *word = is_part.then_some(at + data.len());
                    if is_part && at + data.len() == DONE.len() {
                        outline.reset();
                        if !take(Frame::Done) {
                            return;
                        }
                    }
                }
                if !values(outline, data, &mut take) {
                    return;
                }
                match end {
                    Some(end) => {
                        // Data that is no JSON, as a word, is of this line only.
                        if outline.is_garbage() {
                            outline.reset();
                        }
                        *line = Line::after(bytes[end]);
                        bytes = &bytes[end + 1..];
                    }
                    None => return,
                }
            }
        }
    }
}

fn values(outline: &mut Outline, mut data: &[u8], take: &mut impl FnMut(Frame) -> bool) -> bool {
    while !data.is_empty() {
        let (taken, value) = outline.read(data);
        data = &data[taken..];
        if value.is_some_and(|value| !take(Frame::Json(value))) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
