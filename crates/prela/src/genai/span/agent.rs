//! A run of an agent.

use super::TypedSpanBuilder;
use super::builder::builder_input;
use super::evaluator::Evaluation;
use super::handle::{input_and_output, typed_span};
use crate::genai::Usage;
use crate::semconv::{self, Conventions, genai, openinference as oi};
use crate::{SpanBuilder, SpanKind, SpanType, Tracer};

typed_span! {
    /// A run of an agent. From [`Tracer::agent`](crate::Tracer::agent).
    AgentSpan
}

input_and_output!(AgentSpan);
builder_input!(AgentSpan);

impl Tracer {
    /// A run of an agent with this name: `invoke_agent {name}`, of type [`SpanType::Agent`]. Tools below it
    /// have the agent's name.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// tracer.agent("planner").conversation("conv_5").in_scope(|_| {
    ///     tracer.tool("search").in_scope(|_| ());
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// let tool = &memory.spans()[0];
    /// assert_eq!(tool.name, "execute_tool search");
    /// assert_eq!(tool.attribute("gen_ai.agent.name"), Some(&"planner".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn agent(&self, name: impl Into<String>) -> TypedSpanBuilder<AgentSpan> {
        let mut span = self.span("", SpanType::Agent);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let name = name.into();
        span.set_name(format!("invoke_agent {name}").trim_end().to_owned().into());
        TypedSpanBuilder::new(named(span, &name))
    }
}

/// Adds what the span of an agent has from its start.
pub(crate) fn named(mut span: SpanBuilder, name: &str) -> SpanBuilder {
    if span.is_noop() {
        return span;
    }
    span.inherits().conversation = true;
    span.enter_agent(|agent| agent.name = Some(name.into()));
    let conventions = span.wording().map(|wording| wording.conventions).unwrap_or_default();
    span = span
        .attr(semconv::GEN_AI_OPERATION_NAME, SpanType::Agent.operation_name())
        .attr(genai::AGENT_NAME, name)
        .attr(oi::AGENT_NAME, name);
    if conventions.contains(Conventions::OPENINFERENCE) {
        span.inherits().parent_agent = Some(oi::GRAPH_NODE_PARENT);
        span = span.attr(oi::GRAPH_NODE_ID, name);
        span = span.attr(oi::GRAPH_NODE_NAME, name);
    }
    if conventions.contains(Conventions::TRACELOOP) {
        span = span.attr(semconv::TRACELOOP_ENTITY_NAME, name);
    }
    span
}

impl TypedSpanBuilder<AgentSpan> {
    /// What the agent is for.
    pub fn description(self, description: impl Into<String>) -> Self {
        self.map(|span| span.attr(genai::AGENT_DESCRIPTION, description.into()))
    }

    /// The conversation that this run is part of: `gen_ai.conversation.id`, also of model calls and agents below it.
    /// Default: that of the agent above it.
    pub fn conversation(self, id: impl Into<String>) -> Self {
        let id = id.into();
        let with = self.change(|span| {
            span.inherits().conversation = false;
            span.enter_agent(|agent| agent.conversation = Some(id.as_str().into()));
        });
        with.map(|span| span.attr(genai::CONVERSATION_ID, id))
    }

    /// Says that the agent runs elsewhere, at this provider: the span is the call to it.
    pub fn remote(self, provider: impl Into<String>) -> Self {
        self.map(|span| span.kind(SpanKind::Client).attr(genai::PROVIDER_NAME, provider.into()))
    }

    /// The provider's id of an agent that runs elsewhere.
    pub fn id(self, id: impl Into<String>) -> Self {
        self.map(|span| span.attr(genai::AGENT_ID, id.into()))
    }

    /// The version of an agent that runs elsewhere.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.map(|span| span.attr(genai::AGENT_VERSION, version.into()))
    }
}

impl AgentSpan {
    /// Tokens of all its calls together, as `prela.usage.*`: under the conventions' names they would be counted
    /// again, beside those of its calls.
    pub fn usage(&self, usage: Usage) -> &Self {
        self.set_attribute(semconv::PRELA_USAGE_INPUT_TOKENS, usage.input_tokens);
        self.set_attribute(semconv::PRELA_USAGE_OUTPUT_TOKENS, usage.output_tokens)
    }

    /// Adds a judgement of this run, as the event `gen_ai.evaluation.result`. The span must still run.
    pub fn evaluation(&self, evaluation: &Evaluation) -> &Self {
        evaluation.add_to(self);
        self
    }
}
