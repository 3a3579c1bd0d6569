//! Values of JSON in a body: one, one a line, or one an event.

use super::outline::{Limits, Outline};
use memchr::memchr2;

/// What a body has in it.
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

#[derive(Debug)]
enum Kind {
    /// The first byte that is no space will tell.
    Unknown,
    /// JSON: one value, one a line, or the elements of a list.
    Json,
    /// Server-sent events.
    Events(Line),
}

/// Where in a line of an event the body stands.
#[derive(Debug, Default)]
enum Line {
    #[default]
    Start,
    /// The name of a field, as far as it is one of `data`'s.
    Name(usize),
    /// What follows `data:`, with its first bytes as long as it may be `[DONE]`.
    Data {
        is_first: bool,
        word: Option<usize>,
    },
    Ignored,
}

const DATA: &[u8] = b"data";
const DONE: &[u8] = b"[DONE]";
/// The bytes that begin a body of server-sent events, if it says so.
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
                _ => Kind::Events(Line::Start),
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

    /// Whether the body stands within a value, or has none.
    pub(super) fn is_cut(&self) -> bool {
        self.outline.is_within()
    }
}

/// An event's data is one value, in whatever lines; what ends it is the value's end, and not the empty line,
/// since nothing of interest follows it.
fn events(
    outline: &mut Outline,
    line: &mut Line,
    mut bytes: &[u8],
    mut take: impl FnMut(Frame) -> bool,
) {
    while let Some(&byte) = bytes.first() {
        let is_end = matches!(byte, b'\n' | b'\r');
        match line {
            Line::Start if is_end => {
                // What is not complete at the end of its event never will be. Between a return and its
                // line feed there is no empty line, but nothing stands open there either.
                bytes = &bytes[1..];
            }
            Line::Start => *line = Line::Name(0),
            Line::Name(_) if is_end => {
                *line = Line::Start;
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
                    *line = Line::Start;
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
                        *line = Line::Start;
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
