//! Reads answers whose pieces are answers themselves: Gemini's and Ollama's.

use super::Answer;
use serde_json::Value as Json;

impl Answer {
    /// Reads a piece of Gemini's answers. No piece says that it is the last.
    pub(super) fn read_gemini(&mut self, json: &Json) {
        self.read_head(json);
        if let Some(reason) = json["promptFeedback"]["blockReason"].as_str()
            && let Some(draft) = self.draft(0)
        {
            draft.finish_reason = Some(reason.to_owned());
        }
        for (at, candidate) in json["candidates"].as_array().into_iter().flatten().enumerate() {
            let index = candidate["index"].as_u64().and_then(|it| usize::try_from(it).ok());
            let Some((draft, room)) = self.draft_and_room(index.unwrap_or(at)) else { continue };
            for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
                if part["thought"].as_bool() == Some(true) {
                    draft.reasoning(&part["text"], room);
                } else {
                    draft.text(&part["text"], room);
                }
                if let Some(call) = part.get("functionCall") {
                    draft.call(None, call["id"].as_str(), call["name"].as_str());
                    draft.arguments(None, &call["args"], room);
                }
            }
            if let Some(reason) = candidate["finishReason"].as_str() {
                draft.finish_reason = Some(reason.to_owned());
            }
        }
    }

    /// Reads a piece of Ollama's answers. The last says so; without a stream it is the only one.
    pub(super) fn read_ollama(&mut self, json: &Json) {
        self.read_head(json);
        let is_done = json["done"].as_bool() == Some(true);
        if let Some((draft, room)) = self.draft_and_room(0) {
            let message = &json["message"];
            for (text, thought) in [
                (&message["content"], &message["thinking"]),
                (&json["response"], &json["thinking"]),
            ] {
                draft.reasoning(thought, room);
                draft.text(text, room);
            }
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                draft.call(None, call["id"].as_str(), call["function"]["name"].as_str());
                draft.arguments(None, &call["function"]["arguments"], room);
            }
            if is_done {
                let reason = json["done_reason"].as_str().unwrap_or("stop");
                draft.finish_reason = Some(reason.to_owned());
            }
        }
        if is_done {
            self.finish();
        }
    }
}
