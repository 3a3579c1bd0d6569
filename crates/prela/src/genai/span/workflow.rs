//! Spans that say what goes in and what comes out: workflows, guardrails, and the local root above them.

use super::TypedSpanBuilder;
use super::builder::builder_input;
use super::handle::{TypedSpan, input_and_output, typed_span};
use crate::semconv::{self, Conventions, genai};
use crate::span::root_of;
use crate::{Session, Span, SpanType, Tracer, context};

typed_span! {
    /// A run of several agents or steps. From [`Tracer::workflow`](crate::Tracer::workflow).
    WorkflowSpan
}
typed_span! {
    /// A check of what goes in or comes out. From [`Tracer::guardrail`](crate::Tracer::guardrail).
    GuardrailSpan
}

input_and_output!(WorkflowSpan);
builder_input!(WorkflowSpan);
input_and_output!(GuardrailSpan);
builder_input!(GuardrailSpan);

impl Tracer {
    /// A run of several agents or steps: `invoke_workflow {name}`, of type [`SpanType::Workflow`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// tracer.workflow("travel desk").in_scope(|_| {
    ///     tracer.guardrail("no cards").input("Book me a flight").in_scope(|_| ());
    ///     tracer.agent("planner").in_scope(|_| ());
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # assert_eq!(memory.spans()[2].attribute("gen_ai.workflow.name"), Some(&"travel desk".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn workflow(&self, name: impl Into<String>) -> TypedSpanBuilder<WorkflowSpan> {
        let name = name.into();
        let span = self.entity("invoke_workflow", &name, SpanType::Workflow);
        let traceloop = span.follows(Conventions::TRACELOOP).then(|| name.clone());
        span.map(|span| {
            span.attr(semconv::GEN_AI_OPERATION_NAME, SpanType::Workflow.operation_name())
                .attr(genai::WORKFLOW_NAME, name)
                .attr(semconv::TRACELOOP_WORKFLOW_NAME, traceloop)
        })
    }

    /// A check of what goes in or comes out: `guardrail {name}`, of type [`SpanType::Guardrail`].
    pub fn guardrail(&self, name: impl Into<String>) -> TypedSpanBuilder<GuardrailSpan> {
        self.entity("guardrail", &name.into(), SpanType::Guardrail)
    }

    /// A span whose name says what it does, and to what.
    pub(super) fn entity<S: TypedSpan>(
        &self,
        does: &str,
        name: &str,
        span_type: SpanType,
    ) -> TypedSpanBuilder<S> {
        let mut span = self.span("", span_type);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        span.set_name(format!("{does} {name}").trim_end().to_owned().into());
        let with = TypedSpanBuilder::new(span);
        if with.follows(Conventions::TRACELOOP) {
            with.map(|span| span.attr(semconv::TRACELOOP_ENTITY_NAME, name))
        } else {
            with
        }
    }
}

impl TypedSpanBuilder<WorkflowSpan> {
    /// The conversation that this run is part of: `gen_ai.conversation.id` of the model calls and agents below it.
    pub fn conversation(self, id: impl Into<String>) -> Self {
        let id = id.into();
        let with = self.change(|span| {
            span.enter_agent(|agent| agent.conversation = Some(id.as_str().into()));
        });
        with.map(|span| span.attr(genai::CONVERSATION_ID, id))
    }
}

typed_span! {
    /// The topmost span of the current trace in this process, such as that of the request that a server handles: lists
    /// of traces show what it has, and not what is below it.
    ///
    /// The first agent below a request gives it its type, its session, and what goes in and comes out. What that agent
    /// does not know is written here; [`enrich_root`](crate::enrich_root) sets any attribute.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::RootSpan;
    ///
    /// tracer.span_default("POST /ask").in_scope(|_| {
    ///     tracer.tool("login").in_scope(|_| {
    ///         RootSpan::current().user("user_123").input("How many is a gross?");
    ///     });
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let root = &memory.spans()[1];
    /// assert_eq!(root.attribute("user.id"), Some(&"user_123".into()));
    /// assert_eq!(root.attribute("input.value"), Some(&"How many is a gross?".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    RootSpan
}

input_and_output!(RootSpan);

impl RootSpan {
    /// The root above the current span. Writing to it does nothing where there is none, or where it has ended.
    pub fn current() -> Self {
        Self::of(root_of(&context::current()).unwrap_or_else(Span::none))
    }

    /// The user whose request it is: `user.id`.
    pub fn user(&self, id: impl Into<String>) -> &Self {
        self.set_attribute(semconv::USER_ID, id.into())
    }

    /// The session that it is part of: `session.id`, and `user.id` if the session has a user.
    pub fn session(&self, session: &Session) -> &Self {
        self.set_attribute(semconv::SESSION_ID, session.id());
        self.set_attribute(semconv::USER_ID, session.user_id().map(str::to_owned))
    }
}
