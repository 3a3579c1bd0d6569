//! An answer that comes in pieces.

use super::MOST;
use crate::genai::{Message, Part, ToolCall};
use serde_json::Value as Json;

/// An answer that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Draft {
    reasoning: String,
    text: String,
    calls: Vec<CallDraft>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Default)]
struct CallDraft {
    /// The provider's number of it, if it is not the position.
    index: Option<u64>,
    id: Option<String>,
    name: String,
    /// JSON, a piece after the other.
    arguments: String,
}

impl Draft {
    pub(super) fn text(&mut self, piece: &Json, room: &mut usize) {
        append(&mut self.text, piece, room);
    }

    pub(super) fn reasoning(&mut self, piece: &Json, room: &mut usize) {
        append(&mut self.reasoning, piece, room);
    }

    /// Adds a tool call, or completes that of the same number or the same id.
    pub(super) fn call(&mut self, index: Option<u64>, id: Option<&str>, name: Option<&str>) {
        // Some servers send each call whole, all with the same number. Others give each piece a new id, but a new
        // call has a name, too.
        let is_another = |call: &CallDraft| {
            let says = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
            says(name) && says(id) && call.id.is_some() && call.id.as_deref() != id
        };
        let known = self.calls.iter().rposition(|call| {
            index.is_some() && call.index == index && !is_another(call)
                || id.is_some() && call.id.as_deref() == id
        });
        let Some(at) = known else {
            if self.calls.len() < MOST {
                let (id, name) = (id.map(str::to_owned), name.unwrap_or_default().to_owned());
                self.calls.push(CallDraft { index, id, name, arguments: String::new() });
            }
            return;
        };
        let call = &mut self.calls[at];
        // The first piece has them; some servers repeat them, empty.
        let id = id.filter(|id| !id.is_empty()).map(str::to_owned);
        call.id = call.id.take().or(id);
        if call.name.is_empty() {
            call.name = name.unwrap_or_default().to_owned();
        }
    }

    /// Appends to the arguments of a call.
    pub(super) fn arguments(&mut self, index: Option<u64>, piece: &Json, room: &mut usize) {
        let call = self.calls.iter_mut().rfind(|call| index.is_none() || call.index == index);
        if let Some(call) = call {
            append(&mut call.arguments, piece, room);
        }
    }

    pub(super) fn into_message(self) -> Message {
        let mut message = Message::assistant("");
        if !self.reasoning.is_empty() {
            message.parts.push(Part::Reasoning(self.reasoning));
        }
        if !self.text.is_empty() {
            message.parts.push(Part::Text(self.text));
        }
        for CallDraft { id, name, arguments, .. } in self.calls {
            // Arguments that were cut are no JSON, and stay text.
            let arguments = match arguments.as_str() {
                "" => Json::Null,
                text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            };
            let call = ToolCall::new(name, arguments);
            message.parts.push(Part::ToolCall(match id {
                Some(id) => call.id(id),
                None => call,
            }));
        }
        message.finish_reason = self.finish_reason.map(|reason| reason.as_str().into());
        message
    }
}

/// Appends text, or the JSON of an object, as far as there is room.
fn append(text: &mut String, piece: &Json, room: &mut usize) {
    let written;
    let piece = match piece {
        Json::String(piece) => piece.as_str(),
        Json::Object(_) if *room > 0 => {
            written = piece.to_string();
            &written
        }
        _ => return,
    };
    let mut end = piece.len().min(*room);
    while !piece.is_char_boundary(end) {
        end -= 1;
    }
    text.push_str(&piece[..end]);
    // Once something was left out, nothing that comes after it belongs there.
    *room = if end < piece.len() { 0 } else { *room - end };
}
