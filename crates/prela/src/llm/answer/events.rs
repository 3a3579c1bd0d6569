//! Reads answers that come as changes to what came before: OpenAI's and Anthropic's.

use super::Answer;
use serde_json::Value as Json;

impl Answer {
    /// Reads OpenAI's chat and its old completions, and all that is compatible with them.
    pub(super) fn read_choices(&mut self, json: Json) {
        let choices = json["choices"].as_array();
        let is_whole = choices.is_some_and(|all| all.iter().any(|it| it["message"].is_object()));
        if is_whole {
            return self.read_whole(json);
        }
        self.read_head(&json);
        for (at, choice) in choices.into_iter().flatten().enumerate() {
            let index = number(&choice["index"]).unwrap_or(at);
            let Some((draft, room)) = self.draft_and_room(index) else { continue };
            let delta = &choice["delta"];
            for name in ["content", "refusal"] {
                draft.text(&delta[name], room);
            }
            draft.text(&choice["text"], room);
            for name in ["reasoning_content", "reasoning"] {
                draft.reasoning(&delta[name], room);
            }
            for (at, call) in delta["tool_calls"].as_array().into_iter().flatten().enumerate() {
                let index = call["index"].as_u64().or_else(|| u64::try_from(at).ok());
                let function = &call["function"];
                draft.call(index, call["id"].as_str(), function["name"].as_str());
                draft.arguments(index, &function["arguments"], room);
            }
            if let Some(function) = delta.get("function_call").filter(|it| it.is_object()) {
                draft.call(Some(0), None, function["name"].as_str());
                draft.arguments(Some(0), &function["arguments"], room);
            }
            if let Some(reason) = choice["finish_reason"].as_str() {
                draft.finish_reason = Some(reason.to_owned());
            }
        }
        // A completion that is no stream has no `[DONE]`.
        let is_whole = json["object"].as_str() == Some("text_completion")
            && choices.is_some_and(|all| all.iter().all(|it| it["finish_reason"].is_string()));
        if is_whole && !self.usage.is_empty() {
            self.finish();
        }
    }

    /// Reads OpenAI's responses: events, of which the last has the whole answer, or that answer alone.
    pub(super) fn read_responses(&mut self, mut json: Json) {
        let kind = json["type"].as_str().unwrap_or_default().to_owned();
        // Not every server that is compatible says what it is.
        let is_whole = kind.is_empty() && json["output"].is_array();
        if is_whole || json["object"].as_str() == Some("response") {
            return self.read_whole(json);
        }
        match kind.as_str() {
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.read_whole(json["response"].take());
            }
            "response.output_text.delta" | "response.refusal.delta" => {
                self.piece_of(&json, |draft, json, room| draft.text(&json["delta"], room));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.piece_of(&json, |draft, json, room| draft.reasoning(&json["delta"], room));
            }
            "response.output_item.done" if json["item"]["type"] == "function_call" => {
                self.piece_of(&json, |draft, json, room| {
                    let (item, index) = (&json["item"], json["output_index"].as_u64());
                    draft.call(index, item["call_id"].as_str(), item["name"].as_str());
                    draft.arguments(index, &item["arguments"], room);
                });
            }
            _ => self.read_head(&json["response"]),
        }
    }

    fn piece_of(&mut self, json: &Json, write: impl FnOnce(&mut super::Draft, &Json, &mut usize)) {
        if let Some((draft, room)) = self.draft_and_room(0) {
            write(draft, json, room);
        }
    }

    /// Reads Anthropic's events, or a whole answer. False for signs of life.
    pub(super) fn read_anthropic(&mut self, json: Json) -> bool {
        let index = json["index"].as_u64();
        match json["type"].as_str().unwrap_or_default() {
            "ping" => return false,
            "message" => self.read_whole(json),
            "message_start" => {
                self.read_head(&json["message"]);
                self.draft(0);
            }
            "content_block_start" => self.piece_of(&json, |draft, json, room| {
                let block = &json["content_block"];
                match block["type"].as_str() {
                    Some("text") => draft.text(&block["text"], room),
                    Some("tool_use" | "server_tool_use") => {
                        draft.call(index, block["id"].as_str(), block["name"].as_str());
                    }
                    _ => {}
                }
            }),
            "content_block_delta" => self.piece_of(&json, |draft, json, room| {
                let delta = &json["delta"];
                draft.text(&delta["text"], room);
                draft.reasoning(&delta["thinking"], room);
                draft.arguments(index, &delta["partial_json"], room);
            }),
            "message_delta" => {
                self.read_usage(&json);
                if let Some(reason) = json["delta"]["stop_reason"].as_str() {
                    let reason = Some(reason.to_owned());
                    self.piece_of(&json, |draft, _, _| draft.finish_reason = reason);
                }
            }
            "message_stop" => self.finish(),
            _ => {}
        }
        true
    }
}

fn number(json: &Json) -> Option<usize> {
    usize::try_from(json.as_u64()?).ok()
}
