//! Types of an agent's spans, and the attributes that each writes.

use crate::semconv::{self, Conventions};
use crate::{Key, Value};
use opentelemetry::trace::SpanKind;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// What a span of an agent does.
///
/// Each span has its type as `prela.span.type`, except those of OpenTelemetry's API, which have none. Where
/// OpenTelemetry's GenAI conventions or OpenInference have a word for the type, the span has that too, so that any
/// backend shows the right icon:
///
/// | type | `prela.span.type` | `gen_ai.operation.name` | `openinference.span.kind` | span kind |
/// |---|---|---|---|---|
/// | `Agent` | `agent` | `invoke_agent` | `AGENT` | internal |
/// | `Llm` | `llm` | `chat` | `LLM` | client |
/// | `Tool` | `tool` | `execute_tool` | `TOOL` | internal |
/// | `Retrieval` | `retrieval` | `retrieval` | `RETRIEVER` | client |
/// | `Embedding` | `embedding` | `embeddings` | `EMBEDDING` | client |
/// | `Custom` | `custom` | – | – | internal |
/// | `Chain` | `chain` | – | `CHAIN` | internal |
/// | `Workflow` | `workflow` | `invoke_workflow` | `CHAIN` | internal |
/// | `Reranker` | `reranker` | – | `RERANKER` | client |
/// | `Guardrail` | `guardrail` | – | `GUARDRAIL` | internal |
/// | `Evaluator` | `evaluator` | – | `EVALUATOR` | internal |
///
/// Other [`Conventions`](crate::span::Conventions), if asked for, add their own words for the type.
///
/// ```
/// use prela::SpanType;
///
/// assert_eq!(SpanType::Llm.to_string(), "llm");
/// assert_eq!("retrieval".parse(), Ok(SpanType::Retrieval));
/// ```
///
/// Sources: [GenAI spans](https://github.com/open-telemetry/semantic-conventions-genai),
/// [OpenInference](https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanType {
    /// A run of an agent.
    Agent,
    /// A call of a language model.
    Llm,
    /// A tool that an agent uses.
    Tool,
    /// A search for documents.
    Retrieval,
    /// A call of an embedding model.
    Embedding,
    /// Anything else: the default.
    #[default]
    Custom,
    /// A fixed sequence of steps.
    Chain,
    /// A run of several agents or chains.
    Workflow,
    /// A reordering of documents.
    Reranker,
    /// A check of inputs or outputs.
    Guardrail,
    /// A judgement of a result.
    Evaluator,
}

/// One row of the table of conventions.
struct Row {
    name: &'static str,
    operation: Option<&'static str>,
    openinference: Option<&'static str>,
    kind: SpanKind,
    /// OpenLLMetry's kind for it, or else its type of request.
    traceloop: Traceloop,
    langfuse: &'static str,
    honeyhive: &'static str,
}

enum Traceloop {
    Kind(&'static str),
    Request(&'static str),
}

impl SpanType {
    /// Every type, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Agent,
        Self::Llm,
        Self::Tool,
        Self::Retrieval,
        Self::Embedding,
        Self::Custom,
        Self::Chain,
        Self::Workflow,
        Self::Reranker,
        Self::Guardrail,
        Self::Evaluator,
    ];

    #[rustfmt::skip] // it is a table
    const fn row(self) -> Row {
        use SpanKind::{Client, Internal};
        use Traceloop::{Kind, Request};
        let (name, operation, openinference, kind, traceloop, langfuse, honeyhive) = match self {
            Self::Agent => ("agent", Some("invoke_agent"), Some("AGENT"), Internal, Kind("agent"), "agent", "chain"),
            Self::Llm => ("llm", Some("chat"), Some("LLM"), Client, Request("chat"), "generation", "model"),
            Self::Tool => ("tool", Some("execute_tool"), Some("TOOL"), Internal, Kind("tool"), "tool", "tool"),
            Self::Retrieval => ("retrieval", Some("retrieval"), Some("RETRIEVER"), Client, Kind("task"), "retriever", "tool"),
            Self::Embedding => ("embedding", Some("embeddings"), Some("EMBEDDING"), Client, Request("embedding"), "embedding", "model"),
            // Backends show a span without a kind as a plain span, which is what it is.
            Self::Custom => ("custom", None, None, Internal, Kind("task"), "span", "tool"),
            Self::Chain => ("chain", None, Some("CHAIN"), Internal, Kind("task"), "chain", "chain"),
            Self::Workflow => ("workflow", Some("invoke_workflow"), Some("CHAIN"), Internal, Kind("workflow"), "chain", "chain"),
            Self::Reranker => ("reranker", None, Some("RERANKER"), Client, Request("rerank"), "retriever", "tool"),
            Self::Guardrail => ("guardrail", None, Some("GUARDRAIL"), Internal, Kind("task"), "guardrail", "tool"),
            Self::Evaluator => ("evaluator", None, Some("EVALUATOR"), Internal, Kind("task"), "evaluator", "tool"),
        };
        Row { name, operation, openinference, kind, traceloop, langfuse, honeyhive }
    }

    /// The value of `prela.span.type`.
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The value of `gen_ai.operation.name`, where the conventions have one.
    pub const fn operation_name(self) -> Option<&'static str> {
        self.row().operation
    }

    /// The value of `openinference.span.kind`, where there is one.
    pub const fn openinference_kind(self) -> Option<&'static str> {
        self.row().openinference
    }

    /// The span kind, unless [`SpanBuilder::kind`](crate::SpanBuilder::kind) says otherwise.
    pub const fn span_kind(self) -> SpanKind {
        self.row().kind
    }
}

impl SpanType {
    /// Writes the attributes that a span of this type has from its start.
    pub(crate) fn write_attributes(
        self,
        conventions: Conventions,
        mut write: impl FnMut(Key, Value),
    ) {
        let Row { name, operation, openinference, kind: _, traceloop, langfuse, honeyhive } =
            self.row();
        let traceloop = match traceloop {
            Traceloop::Kind(kind) => (semconv::TRACELOOP_SPAN_KIND, kind),
            Traceloop::Request(request) => (semconv::TRACELOOP_REQUEST_TYPE, request),
        };
        let if_asked = |of, value| Some(value).filter(|_| conventions.contains(of));
        let pairs = [
            (semconv::PRELA_SPAN_TYPE, Some(name)),
            (semconv::GEN_AI_OPERATION_NAME, operation),
            (semconv::OPENINFERENCE_SPAN_KIND, openinference),
            (traceloop.0, if_asked(Conventions::TRACELOOP, traceloop.1)),
            (semconv::LANGFUSE_TYPE, if_asked(Conventions::LANGFUSE, langfuse)),
            (semconv::HONEYHIVE_EVENT_TYPE, if_asked(Conventions::HONEYHIVE, honeyhive)),
        ];
        for (key, value) in pairs {
            if let Some(value) = value {
                write(Key::from_static_str(key), Value::from(Cow::Borrowed(value)));
            }
        }
    }
}

impl fmt::Display for SpanType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The error that a name is not a span type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseSpanTypeError;

impl fmt::Display for ParseSpanTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("read a span type: not one of the known names")
    }
}

impl std::error::Error for ParseSpanTypeError {}

impl FromStr for SpanType {
    type Err = ParseSpanTypeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|it| it.as_str() == name).ok_or(ParseSpanTypeError)
    }
}
