//! Reads the answer of a model, as it comes in.

mod draft;
mod events;
mod pieces;

use self::draft::Draft;
use super::api::Api;
use super::record::{CallError, CallRecord};
use crate::genai::{FinishReason, Message, Response, Transcript, Usage};
use serde_json::{Map, Value as Json};

/// The most answers and tool calls that are told apart; providers give fewer.
const MOST: usize = 128;

/// The answer of a model, as far as it has come in.
#[derive(Debug)]
pub(super) struct Answer {
    api: Api,
    /// Bytes of text that may still be kept; 0 if its text is not wanted.
    room: usize,
    response: Response,
    drafts: Vec<Draft>,
    /// Messages that came as a whole.
    messages: Vec<Message>,
    /// Counts as the provider writes them: Anthropic's come in two parts.
    usage: Map<String, Json>,
    pub(super) error: Option<CallError>,
    /// Whether nothing more of interest comes.
    pub(super) is_done: bool,
    is_complete: bool,
}

impl Answer {
    pub(super) fn new(api: Api, room: usize) -> Self {
        Self {
            api,
            room,
            response: Response::default(),
            drafts: Vec::new(),
            messages: Vec::new(),
            usage: Map::new(),
            error: None,
            is_done: false,
            is_complete: false,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete || self.drafts.iter().any(|draft| draft.finish_reason.is_some())
    }

    /// Notes that the answer is complete, and nothing of interest follows.
    pub(super) fn finish(&mut self) {
        self.is_done = true;
        self.is_complete = true;
    }

    /// Reads one value of the answer. False if it has nothing of the answer, such as a sign of life.
    pub(super) fn read(&mut self, json: Json) -> bool {
        if let Some(error) = error_of(&json) {
            self.error.get_or_insert(error);
            // Nothing else matters then, except the last event of OpenAI's responses, which has the usage.
            self.is_done = json.get("response").is_none();
        }
        match self.api {
            Api::OpenAiChat | Api::OpenAiCompletions => self.read_choices(json),
            Api::OpenAiResponses => self.read_responses(json),
            Api::Anthropic => return self.read_anthropic(json),
            Api::Gemini => self.read_gemini(&json),
            Api::OllamaChat | Api::OllamaGenerate => self.read_ollama(&json),
            Api::OpenAiEmbeddings | Api::GeminiEmbeddings | Api::OllamaEmbeddings => {
                self.read_head(&json);
                self.finish();
            }
        }
        true
    }

    /// Reads a whole answer from one value.
    fn read_whole(&mut self, json: Json) {
        self.read_head(&json);
        self.response.finish_reasons = Response::read(&json).finish_reasons;
        self.messages = Transcript::from(json).into_output();
        self.finish();
    }

    /// Reads id, model and usage, which each part of an answer may repeat.
    fn read_head(&mut self, json: &Json) {
        let Response { id, model, .. } = Response::read(json);
        let is_some = |text: &String| !text.is_empty();
        let Response { id: known_id, model: known_model, .. } = &mut self.response;
        *known_id = known_id.take().or(id.filter(is_some));
        *known_model = known_model.take().or(model.filter(is_some));
        self.read_usage(json);
    }

    fn read_usage(&mut self, json: &Json) {
        let counts = ["usage", "usageMetadata", "usage_metadata"];
        let counts = counts.iter().find_map(|name| json.get(*name)?.as_object());
        // Ollama's are beside everything else.
        let (counts, has_details) = match counts {
            Some(counts) => (Some(counts), true),
            None => (json.as_object().filter(|_| Usage::read(json).is_some()), false),
        };
        for (name, count) in counts.into_iter().flatten().take(MOST) {
            if count.as_f64().is_some_and(|count| count > 0.0) || has_details && count.is_object() {
                self.usage.insert(name.clone(), count.clone());
            } else if count.is_number() {
                // A zero that comes later does not mean that there were none.
                self.usage.entry(name.clone()).or_insert_with(|| count.clone());
            }
        }
    }

    /// The draft with this number; none beyond the limit.
    fn draft(&mut self, index: usize) -> Option<&mut Draft> {
        if index >= MOST {
            return None;
        }
        if self.drafts.len() <= index {
            self.drafts.resize_with(index + 1, Draft::default);
        }
        self.drafts.get_mut(index)
    }

    /// A draft, and the room for its text.
    fn draft_and_room(&mut self, index: usize) -> Option<(&mut Draft, &mut usize)> {
        self.draft(index)?;
        let Self { drafts, room, .. } = self;
        drafts.get_mut(index).map(|draft| (draft, room))
    }

    /// Puts what is known into the record.
    pub(super) fn write(self, record: &mut CallRecord, has_content: bool) {
        let mut response = self.response;
        let usage = (!self.usage.is_empty()).then(|| Usage::read(&self.usage.into()));
        record.usage = usage.flatten();
        let mut messages = self.messages;
        if messages.is_empty() {
            let reasons = self.drafts.iter().filter_map(|draft| draft.finish_reason.clone());
            response.finish_reasons.extend(reasons);
            messages = self.drafts.into_iter().map(Draft::into_message).collect();
        }
        let is_failed = self.error.is_some();
        for message in &mut messages {
            let reason = if is_failed { FinishReason::Error } else { FinishReason::Stop };
            message.finish_reason.get_or_insert(reason);
        }
        let calls = messages.iter().flat_map(Message::tool_calls).take(MOST);
        record.tool_calls = calls.cloned().collect();
        if has_content {
            record.output = messages;
        } else {
            record.tool_calls.iter_mut().for_each(|call| call.arguments = Json::Null);
        }
        record.response = response;
        record.error = self.error;
    }
}

/// The error in an answer, whose status may be 200.
fn error_of(json: &Json) -> Option<CallError> {
    let response = json.get("response").filter(|response| response.is_object());
    let error = [Some(json), response].into_iter().flatten();
    let mut error = error.filter_map(|it| it.get("error"));
    let error = error.find(|error| error.is_object() || error.is_string());
    // OpenAI's responses have it at the top of the event.
    let error = error.or_else(|| (json["type"].as_str() == Some("error")).then_some(json))?;
    let words = [&error["code"], &error["type"], &error["status"]];
    let word =
        words.iter().find_map(|word| word.as_str().filter(|word| CallError::is_identifier(word)));
    let number = || error["code"].as_u64().map(|code| code.to_string());
    let message = error.as_str().or(error["message"].as_str());
    Some(CallError {
        error_type: word.map(str::to_owned).or_else(number).unwrap_or_else(|| "error".into()),
        message: message.map(str::to_owned),
    })
}
