//! A call of a language model.

mod messages;
mod parameters;
mod traceloop;
mod usage;

use super::TypedSpanBuilder;
use super::content::{self, Side};
use super::evaluator::Evaluation;
use super::handle::typed_span;
use crate::genai::{
    Input, Message, RequestParameters, Response, ToolDefinition, Transcript, Usage,
};
use crate::semconv::{self, Conventions, genai, openinference as oi};
use crate::{Span, SpanType, Tracer};
use serde_json::Value as Json;
use std::time::Duration;

pub(super) use self::parameters::write as write_parameters;
pub(super) use self::usage::{response, usage};

/// What a language model is asked to do: the value of `gen_ai.operation.name`, and how the span's name begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// The model answers messages. The default.
    #[default]
    Chat,
    /// The model continues a text.
    TextCompletion,
    /// The model generates anything, as by Gemini's `generateContent`.
    GenerateContent,
}

impl Operation {
    /// The word of the conventions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::GenerateContent => "generate_content",
        }
    }
}

typed_span! {
    /// A call of a language model. From [`Tracer::chat`](crate::Tracer::chat).
    ///
    /// It takes requests and responses as a provider's own client has them:
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use serde_json::json;
    ///
    /// let request = json!({"model": "gpt-4o", "temperature": 0.2, "messages": [{"role": "user", "content": "Hi"}]});
    /// tracer.chat("openai", "gpt-4o").request(&request).in_scope(|chat| {
    ///     let response = json!({
    ///         "id": "chatcmpl-1",
    ///         "model": "gpt-4o-2024-08-06",
    ///         "choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    ///         "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    ///     });
    ///     chat.response(&response);
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let span = &memory.spans()[0];
    /// let messages = r#"[{"finish_reason":"stop","parts":[{"content":"Hello","type":"text"}],"role":"assistant"}]"#;
    /// assert_eq!(span.attribute("gen_ai.output.messages"), Some(&messages.into()));
    /// assert_eq!(span.attribute("gen_ai.usage.output_tokens"), Some(&2.into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    ChatSpan
}

impl Tracer {
    /// A call of a language model: `chat {model}`, of type [`SpanType::Llm`].
    ///
    /// The provider is a word of the conventions, such as `openai`, `anthropic`, `gcp.gemini`, `aws.bedrock` or
    /// `mistral_ai`, or its own name. An empty model stands for an unknown one.
    pub fn chat(
        &self,
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> TypedSpanBuilder<ChatSpan> {
        let mut span = self.span("", SpanType::Llm);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let (provider, model) = (provider.into(), model.into());
        span.set_name(name(Operation::Chat, &model).into());
        span.inherits().conversation = true;
        let full = span.wording().map(|wording| wording.conventions);
        if full.is_some_and(|it| it.contains(Conventions::OPENINFERENCE)) {
            span = span.attr(oi::PROVIDER, provider.clone()).attr(oi::SYSTEM, provider.clone());
            span = span.attr(oi::MODEL_NAME, non_empty(&model));
        }
        span = span
            .attr(semconv::GEN_AI_OPERATION_NAME, Operation::Chat.as_str())
            .attr(genai::PROVIDER_NAME, provider)
            .attr(genai::REQUEST_MODEL, non_empty(&model));
        TypedSpanBuilder::new(span)
    }
}

fn name(operation: Operation, model: &str) -> String {
    format!("{} {model}", operation.as_str()).trim_end().to_owned()
}

pub(super) fn non_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl TypedSpanBuilder<ChatSpan> {
    /// What the model is asked to do. Default: [`Operation::Chat`].
    pub fn operation(self, operation: Operation) -> Self {
        // A name of the user's own stays.
        let renamed = |name: &str| match name.strip_prefix(Operation::Chat.as_str()) {
            Some(model) if model.is_empty() || model.starts_with(' ') => {
                format!("{}{model}", operation.as_str())
            }
            _ => name.to_owned(),
        };
        self.change(|span| span.rename(renamed))
            .map(|span| span.attr(semconv::GEN_AI_OPERATION_NAME, operation.as_str()))
    }

    /// The conversation that this call is part of: `gen_ai.conversation.id`. Default: that of the agent above
    /// it, if it has one.
    pub fn conversation(self, id: impl Into<String>) -> Self {
        self.change(|span| span.inherits().conversation = false)
            .map(|span| span.attr(genai::CONVERSATION_ID, id.into()))
    }

    /// The request as the provider's client sends it: parameters, and messages and tools if [content is
    /// captured](crate::Builder::capture_content).
    pub fn request(self, request: &Json) -> Self {
        let request = request.clone();
        self.at_start(move |chat| {
            chat.request(&request);
        })
    }

    /// What goes to the model, if [content is captured](crate::Builder::capture_content).
    pub fn input(self, input: impl Into<Transcript>) -> Self {
        let input = input.into();
        self.at_start(move |chat| {
            chat.input(input);
        })
    }
}

impl ChatSpan {
    /// The request as the provider's client sends it: parameters, and messages and tools if [content is
    /// captured](crate::Builder::capture_content).
    pub fn request(&self, request: &Json) -> &Self {
        self.parameters(&RequestParameters::read(request));
        if self.captures_content() {
            self.input(request);
        }
        self
    }

    /// Records the parameters of the request.
    pub fn parameters(&self, parameters: &RequestParameters) -> &Self {
        parameters::write(self, parameters);
        self
    }

    /// What goes to the model, if [content is captured](crate::Builder::capture_content), in whatever form it is at
    /// hand: text, [`Message`]s, or the JSON of a provider.
    pub fn input(&self, input: impl Into<Transcript>) -> &Self {
        if self.captures_content() {
            messages::write_input(self, &input.into().into_input());
        }
        self
    }

    /// Records what goes to the model; see [`input`](Self::input).
    pub fn messages(&self, input: &Input) -> &Self {
        if self.captures_content() {
            messages::write_input(self, input);
        }
        self
    }

    /// The tools that the model may ask for, if [content is captured](crate::Builder::capture_content).
    pub fn tools(&self, tools: &[ToolDefinition]) -> &Self {
        if self.content().is_on_spans() {
            messages::write_tools(self, tools);
        }
        self
    }

    /// The response as the provider's client gets it: its id, model, reasons, usage, and messages if [content is
    /// captured](crate::Builder::capture_content).
    pub fn response(&self, response: &Json) -> &Self {
        self.response_info(&Response::read(response));
        if let Some(usage) = Usage::read(response) {
            self.usage(usage);
        }
        if self.captures_content() {
            self.output(response);
        }
        self
    }

    /// Records what the provider says about its answer.
    pub fn response_info(&self, response: &Response) -> &Self {
        usage::response(self, response);
        self
    }

    /// The provider's id of the answer.
    pub fn response_id(&self, id: impl Into<String>) -> &Self {
        self.set_attribute(genai::RESPONSE_ID, id.into())
    }

    /// The model that answered: often more exact than the one that was asked for.
    pub fn response_model(&self, model: impl Into<String>) -> &Self {
        self.response_info(&Response { model: Some(model.into()), ..Response::default() })
    }

    /// Why the model stopped, in the provider's word; for each answer, if it gives several.
    pub fn finish_reasons<R: Into<String>>(&self, reasons: impl IntoIterator<Item = R>) -> &Self {
        let finish_reasons = reasons.into_iter().map(Into::into).collect();
        self.response_info(&Response { finish_reasons, ..Response::default() })
    }

    /// What comes from the model, if [content is captured](crate::Builder::capture_content). A message that does not
    /// say why it ended gets a reason, since backends leave out those without one.
    pub fn output(&self, output: impl Into<Transcript>) -> &Self {
        if self.captures_content() {
            messages::write_output(self, output.into());
        }
        self
    }

    /// Tokens, and what they cost if the instance [knows the price](crate::Builder::prices): `llm.cost.total`.
    pub fn usage(&self, usage: Usage) -> &Self {
        usage::usage(self, usage);
        self
    }

    /// Records what the call cost, if that is known better than from [prices](crate::Builder::prices).
    pub fn cost(&self, total: f64) -> &Self {
        usage::write_cost(self, None, total);
        self
    }

    /// Notes that the first piece of the answer is there: the time from the span's start. Only the first call
    /// counts.
    pub fn first_chunk(&self) -> &Self {
        if let Some((elapsed, _)) =
            self.elapsed().filter(|_| self.lacks(semconv::GEN_AI_TIME_TO_FIRST_CHUNK))
        {
            self.first_chunk_after(elapsed);
        }
        self
    }

    /// Records the time to the first piece of the answer, if it was measured elsewhere.
    pub fn first_chunk_after(&self, time: Duration) -> &Self {
        self.set_attribute(semconv::GEN_AI_TIME_TO_FIRST_CHUNK, time);
        if content::follows(self, Conventions::LANGFUSE)
            && let Some((elapsed, now)) = self.elapsed()
        {
            let at = now - elapsed.saturating_sub(time);
            let text = humantime::format_rfc3339_millis(at).to_string();
            self.set_attribute(semconv::LANGFUSE_COMPLETION_START, text);
        }
        self
    }

    /// Adds a judgement of this call, as the event `gen_ai.evaluation.result`. The span must still run.
    pub fn evaluation(&self, evaluation: &Evaluation) -> &Self {
        evaluation.add_to(self);
        self
    }
}

/// Writes what goes in or comes out of a call, for backends that read no messages.
fn write_value(span: &Span, side: Side, messages: &[Message]) {
    content::write(span, side, &content::Content::from(messages).written());
}
