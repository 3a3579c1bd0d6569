//! One call of a model, understood from the bytes that pass.

use super::answer::Answer;
use super::api::{Api, Recognised, json};
use super::framing::{Frame, Framing};
use super::outline::{Limits, Outline};
use super::record::{CallError, CallRecord};
use crate::genai::{Input, RequestParameters};
use serde_json::Value as Json;
use std::time::Duration;

/// Without content, short texts are enough: names and the like.
const STRUCTURE: Limits = Limits { string: 512, total: 32 * 1024 };
const CONTENT: Limits = Limits { string: 256 * 1024, total: 1024 * 1024 };

/// One call of a model, understood from the bytes that pass: the request's when it is recognised, then the response's
/// in whatever pieces they come.
///
/// It is pure: it knows no client, holds no bytes back and reads no clock. It never fails, and keeps at most
/// about 100 KiB, with content 3 MiB: long texts are cut, vectors and what is beyond that left out. What
/// matters of an answer as a whole, such as its usage, is found wherever it is, since every byte is looked at
/// once as it passes.
///
/// ```
/// use prela::llm::Call;
/// use std::time::Duration;
///
/// let request = br#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": true}"#;
/// let mut call = Call::recognise("POST", Some("api.openai.com"), "/v1/chat/completions", request).unwrap();
/// call.response(200, Some("text/event-stream"));
/// let chunks: [&[u8]; 3] = [
///     b"data: {\"model\": \"gpt-4o-2024-08-06\", \"choices\": [{\"delta\": {\"con",
///     b"tent\": \"Hello\"}, \"finish_reason\": \"stop\"}]}\n\n",
///     b"data: [DONE]\n\n",
/// ];
/// for (at, chunk) in (1..).zip(chunks) {
///     call.chunk(chunk, || Duration::from_millis(at * 100));
/// }
/// assert!(call.is_done());
/// let record = call.finish();
/// assert_eq!(record.response.model.as_deref(), Some("gpt-4o-2024-08-06"));
/// assert_eq!(record.time_to_first_chunk, Some(Duration::from_millis(200)));
/// ```
///
/// It understands OpenAI's chat completions, completions, responses and embeddings, and whatever is compatible
/// with them; Anthropic's messages, also on Vertex AI; Gemini's `generateContent` and embeddings; Ollama's
/// chat, generate and embeddings.
#[derive(Debug)]
pub struct Call {
    api: Api,
    request: CallRecord,
    has_content: bool,
    framing: Framing,
    answer: Answer,
    status: Option<u16>,
    is_stream: bool,
    is_unread: bool,
    time_to_first_chunk: Option<Duration>,
}

impl Call {
    /// Recognises a call by its path and its body. None if it is for no model, as far as can be told.
    ///
    /// The host, with its port if it has one, tells whose model it is; a server that is not known by name is
    /// named after the API that it speaks. The path may have a query. The body is the whole body.
    pub fn recognise(method: &str, host: Option<&str>, path: &str, body: &[u8]) -> Option<Self> {
        let Recognised { api, provider, model, body } =
            Recognised::of(method, host, path, body, STRUCTURE)?;
        let mut parameters = RequestParameters::read(&body);
        let streams = api.streams_by_itself(path).then_some(true);
        parameters.stream = parameters.stream.or(streams);
        let operation = api.operation().into();
        Some(Self {
            api,
            request: CallRecord { provider, operation, model, parameters, ..CallRecord::default() },
            has_content: false,
            framing: Framing::new(STRUCTURE),
            answer: Answer::new(api, 0),
            status: None,
            is_stream: false,
            is_unread: false,
            time_to_first_chunk: None,
        })
    }

    /// Whether a request of this path is worth looking at.
    pub(super) fn may_be(method: &str, path: &str) -> bool {
        Api::of(method, path).is_some()
    }

    /// Also keeps content: messages, and arguments of tools. To be called with the same body, before the
    /// response.
    #[must_use]
    pub fn with_content(mut self, body: &[u8]) -> Self {
        let (_, body) = Outline::new(CONTENT).read(body);
        if let Some(body) = body.and_then(|body| json(&body)) {
            self.request.input = input(&body);
        }
        self.has_content = true;
        self.framing = Framing::new(CONTENT);
        self.answer = Answer::new(self.api, CONTENT.total);
        self
    }

    /// Reads the head of the response.
    ///
    /// A status from 400 on is an error, whatever the body says. Whether the body is JSON or events is told by
    /// its first byte, so a wrong content type does no harm.
    pub fn response(&mut self, status: u16, content_type: Option<&str>) {
        self.status = Some(status);
        let is_events = content_type.is_some_and(|it| it.starts_with("text/event-stream"));
        let is_asked_for = self.request.parameters.stream == Some(true);
        self.is_stream = status < 400 && (is_events || is_asked_for);
    }

    /// Notes that the body is compressed, or cannot be read for another reason: how it ends is then no error.
    pub fn unread(&mut self) {
        self.is_unread = true;
    }

    /// Reads more of the response's body, cut anywhere. `elapsed` gives the time since the request, and is
    /// called once: at the first piece of a stream.
    pub fn chunk(&mut self, bytes: &[u8], elapsed: impl FnOnce() -> Duration) {
        if self.answer.is_done || self.is_unread {
            return;
        }
        let Self { framing, answer, is_stream, time_to_first_chunk, .. } = self;
        let mut has_piece = false;
        framing.read(bytes, |frame| {
            match frame {
                Frame::Done => answer.finish(),
                Frame::Json(bytes) => has_piece |= json(&bytes).is_some_and(|it| answer.read(it)),
            }
            !answer.is_done
        });
        if has_piece && *is_stream && time_to_first_chunk.is_none() {
            *time_to_first_chunk = Some(elapsed());
        }
    }

    /// Whether the answer is over, and the rest of the body does not matter: at `[DONE]`, `message_stop`,
    /// `response.completed`, `"done": true`, at an error, or at the end of a single answer.
    ///
    /// Clients stop reading there, and never see the end of the body.
    pub fn is_done(&self) -> bool {
        self.answer.is_done
    }

    /// The request: all that is known before there is a response.
    pub fn request(&self) -> &CallRecord {
        &self.request
    }

    /// Ends the call with the end of the body, and returns what is known of it. An answer that broke off is an
    /// error.
    pub fn finish(self) -> CallRecord {
        // A page of a proxy, say, is no answer, but is whole.
        let is_whole = self.answer.is_complete() || !(self.is_stream || self.framing.is_cut());
        self.end((!is_whole).then_some("incomplete"))
    }

    /// Ends the call because nobody reads on or waits for the response, and returns what is known of it. If it
    /// was not [done](Self::is_done) and the answer not complete, the call is an error, `cancelled`.
    pub fn cancel(self) -> CallRecord {
        let is_whole = self.answer.is_complete() || self.status.is_some_and(|it| it >= 400);
        self.end((!is_whole).then_some(crate::semconv::CANCELLED))
    }

    fn end(self, broken: Option<&str>) -> CallRecord {
        let mut record = self.request;
        record.time_to_first_chunk = self.time_to_first_chunk;
        record.status = self.status;
        let is_over = self.is_unread || self.answer.is_complete() || self.answer.error.is_some();
        self.answer.write(&mut record, self.has_content);
        let failed = |error_type: &str| CallError { error_type: error_type.into(), message: None };
        if let Some(status) = self.status.filter(|status| *status >= 400) {
            // Some answers say only that it is an error.
            let error = record.error.get_or_insert_with(|| failed("error"));
            if error.error_type == "error" {
                error.error_type = status.to_string();
            }
        } else if let Some(word) = broken.filter(|_| !is_over) {
            record.error = Some(failed(word));
        }
        record
    }
}

fn input(request: &Json) -> Input {
    // Gemini's embeddings have one message, or a list of requests with one each.
    match request.get("requests").and_then(Json::as_array) {
        Some(all) => Input::read(&all.iter().map(|it| it["content"].clone()).collect()),
        None if request.get("contents").is_none() && request["content"].is_object() => {
            Input::read(&request["content"])
        }
        None => Input::read(request),
    }
}
