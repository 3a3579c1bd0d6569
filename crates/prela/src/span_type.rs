//! Span types of an agent, and what each writes on the wire.

use crate::{Value, semconv};
use opentelemetry::Key;
use opentelemetry::trace::SpanKind;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// What a span of an agent does.
///
/// Each span carries its type as `prela.span.type`. Where OpenTelemetry's GenAI conventions or
/// OpenInference have a word for the type, the span carries that too, so that any backend shows the
/// right icon:
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
struct Conventions {
    name: &'static str,
    operation: Option<&'static str>,
    openinference: Option<&'static str>,
    kind: SpanKind,
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

    const fn conventions(self) -> Conventions {
        use SpanKind::{Client, Internal};
        const fn row(
            name: &'static str,
            operation: Option<&'static str>,
            openinference: Option<&'static str>,
            kind: SpanKind,
        ) -> Conventions {
            Conventions { name, operation, openinference, kind }
        }
        match self {
            Self::Agent => row("agent", Some("invoke_agent"), Some("AGENT"), Internal),
            Self::Llm => row("llm", Some("chat"), Some("LLM"), Client),
            Self::Tool => row("tool", Some("execute_tool"), Some("TOOL"), Internal),
            Self::Retrieval => row("retrieval", Some("retrieval"), Some("RETRIEVER"), Client),
            Self::Embedding => row("embedding", Some("embeddings"), Some("EMBEDDING"), Client),
            // Backends show a span without a kind as a plain span, which is what it is.
            Self::Custom => row("custom", None, None, Internal),
            Self::Chain => row("chain", None, Some("CHAIN"), Internal),
            Self::Workflow => row("workflow", Some("invoke_workflow"), Some("CHAIN"), Internal),
            Self::Reranker => row("reranker", None, Some("RERANKER"), Client),
            Self::Guardrail => row("guardrail", None, Some("GUARDRAIL"), Internal),
            Self::Evaluator => row("evaluator", None, Some("EVALUATOR"), Internal),
        }
    }

    /// The value of `prela.span.type`.
    pub const fn as_str(self) -> &'static str {
        self.conventions().name
    }

    /// The value of `gen_ai.operation.name`, where the conventions have one.
    pub const fn operation_name(self) -> Option<&'static str> {
        self.conventions().operation
    }

    /// The value of `openinference.span.kind`, where there is one.
    pub const fn openinference_kind(self) -> Option<&'static str> {
        self.conventions().openinference
    }

    /// The span kind, unless [`SpanBuilder::kind`](crate::SpanBuilder::kind) says otherwise.
    pub const fn span_kind(self) -> SpanKind {
        self.conventions().kind
    }
}

impl SpanType {
    /// Writes what a span of this type has from its start.
    pub(crate) fn write_attributes(self, mut write: impl FnMut(Key, Value)) {
        let Conventions { name, operation, openinference, kind: _ } = self.conventions();
        let pairs = [
            (semconv::PRELA_SPAN_TYPE, Some(name)),
            (semconv::GEN_AI_OPERATION_NAME, operation),
            (semconv::OPENINFERENCE_SPAN_KIND, openinference),
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

/// A name that is no span type.
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
