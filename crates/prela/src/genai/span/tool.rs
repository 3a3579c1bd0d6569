//! A call of a tool.

use super::TypedSpanBuilder;
use super::content::{self, Content, Side, follows};
use super::handle::typed_span;
use crate::genai::ToolCall;
use crate::semconv::{self, Conventions, genai, openinference as oi};
use crate::{Span, SpanBuilder, SpanType, Tracer};

typed_span! {
    /// A call of a tool. From [`Tracer::tool`](crate::Tracer::tool).
    ToolSpan
}

impl Tracer {
    /// A call of the tool with this name: `execute_tool {name}`, of type [`SpanType::Tool`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::ToolCall;
    /// use serde_json::json;
    ///
    /// let asked = ToolCall::new("weather", json!({"city": "Lisbon"})).id("call_1"); // by a model
    /// let answer = tracer.tool(&asked.name).call(&asked).in_scope(|tool| {
    ///     let answer = "sunny";
    ///     tool.result(answer);
    ///     answer
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let span = &memory.spans()[0];
    /// assert_eq!(span.attribute("gen_ai.tool.call.id"), Some(&"call_1".into()));
    /// assert_eq!(span.attribute("gen_ai.tool.call.arguments"), Some(&r#"{"city":"Lisbon"}"#.into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn tool(&self, name: impl Into<String>) -> TypedSpanBuilder<ToolSpan> {
        let mut span = self.span("", SpanType::Tool);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let name = name.into();
        span.set_name(format!("execute_tool {name}").trim_end().to_owned().into());
        TypedSpanBuilder::new(named(span, &name))
    }
}

/// Adds what the span of a tool has from its start.
pub(crate) fn named(mut span: SpanBuilder, name: &str) -> SpanBuilder {
    if span.is_noop() {
        return span;
    }
    span.inherits().agent_name = true;
    let conventions = span.wording().map(|wording| wording.conventions).unwrap_or_default();
    span = span
        .attr(semconv::GEN_AI_OPERATION_NAME, SpanType::Tool.operation_name())
        .attr(genai::TOOL_NAME, name)
        .attr(oi::TOOL_NAME, name);
    if conventions.contains(Conventions::TRACELOOP) {
        span = span.attr(semconv::TRACELOOP_ENTITY_NAME, name);
    }
    span
}

impl TypedSpanBuilder<ToolSpan> {
    /// What a model asked for: the id of the call, and its arguments if [content is
    /// captured](crate::Builder::capture_content).
    pub fn call(self, call: &ToolCall) -> Self {
        let with = match &call.id {
            Some(id) => self.call_id(id),
            None => self,
        };
        with.arguments(call)
    }

    /// The id by which a model asked for this call: it ties the answer to the question.
    pub fn call_id(self, id: impl Into<String>) -> Self {
        let id = id.into();
        let full = self.follows(Conventions::OPENINFERENCE).then(|| id.clone());
        self.map(|span| span.attr(genai::TOOL_CALL_ID, id).attr(oi::TOOL_ID, full))
    }

    /// The type of the tool: `function`, `extension` or `datastore`.
    pub fn tool_type(self, tool_type: impl Into<String>) -> Self {
        self.map(|span| span.attr(genai::TOOL_TYPE, tool_type.into()))
    }

    /// What the tool is for.
    pub fn description(self, description: impl Into<String>) -> Self {
        let description = description.into();
        let full = self.follows(Conventions::OPENINFERENCE).then(|| description.clone());
        self.map(|span| {
            span.attr(genai::TOOL_DESCRIPTION, description).attr(oi::TOOL_DESCRIPTION, full)
        })
    }

    /// What the tool is called with, if [content is captured](crate::Builder::capture_content).
    pub fn arguments(self, arguments: impl Into<Content>) -> Self {
        let arguments = arguments.into();
        self.at_start(move |tool| {
            tool.arguments(arguments);
        })
    }

    /// Another name of [`arguments`](Self::arguments).
    pub fn input(self, input: impl Into<Content>) -> Self {
        self.arguments(input)
    }
}

impl ToolSpan {
    /// The id by which a model asked for this call.
    pub fn call_id(&self, id: impl Into<String>) -> &Self {
        let id = id.into();
        if follows(self, Conventions::OPENINFERENCE) {
            self.set_attribute(oi::TOOL_ID, id.as_str());
        }
        self.set_attribute(genai::TOOL_CALL_ID, id)
    }

    /// What the tool is called with, if [content is captured](crate::Builder::capture_content).
    pub fn arguments(&self, arguments: impl Into<Content>) -> &Self {
        write(self, Side::Input, || arguments.into());
        self
    }

    /// What the tool answers, if [content is captured](crate::Builder::capture_content).
    pub fn result(&self, result: impl Into<Content>) -> &Self {
        write(self, Side::Output, || result.into());
        self
    }

    /// Another name of [`arguments`](Self::arguments).
    pub fn input(&self, input: impl Into<Content>) -> &Self {
        self.arguments(input)
    }

    /// Another name of [`result`](Self::result).
    pub fn output(&self, output: impl Into<Content>) -> &Self {
        self.result(output)
    }
}

fn write(span: &Span, side: Side, content: impl FnOnce() -> Content) {
    if !span.content().is_on_spans() {
        return;
    }
    let written = content().written();
    match side {
        Side::Input => {
            span.set_attribute(genai::TOOL_CALL_ARGUMENTS, written.0.as_str());
            if follows(span, Conventions::OPENINFERENCE) {
                span.set_attribute(oi::TOOL_PARAMETERS, written.0.as_str());
            }
        }
        Side::Output => {
            span.set_attribute(genai::TOOL_CALL_RESULT, written.0.as_str());
        }
    }
    content::write(span, side, &written);
}
