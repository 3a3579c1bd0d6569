//! Which conventions spans follow, besides those that are always followed.

use std::fmt;
use std::ops::BitOr;

/// Which conventions add attributes to spans, besides those that every backend reads; for
/// [`Builder::conventions`](crate::Builder::conventions).
///
/// [`GENAI`](Self::GENAI) is always there: OpenTelemetry's names, and those of OpenInference's that tell the kind of
/// a span (`openinference.span.kind`, `agent.name`, `tool.name`, `reranker.*`, `evaluations.*`, `llm.cost.total`).
/// They give the right icons, tokens and sessions in Phoenix, Langfuse and Datadog. Each of the others adds
/// attributes to every span, for a backend that wants them.
///
/// ```
/// use prela::span::Conventions;
///
/// let conventions = Conventions::OPENINFERENCE | Conventions::LANGFUSE;
/// assert!(conventions.contains(Conventions::LANGFUSE));
/// assert!(!conventions.contains(Conventions::TRACELOOP));
/// # drop(prela::builder().conventions(conventions));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Conventions(u8);

impl Conventions {
    /// OpenTelemetry's GenAI conventions, with OpenInference's structure. Always there.
    pub const GENAI: Self = Self(0);
    /// All of [OpenInference](https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md):
    /// `llm.*`, `embedding.*`, `graph.node.*` and the like.
    pub const OPENINFERENCE: Self = Self(1);
    /// What [OpenLLMetry](https://github.com/traceloop/openllmetry) writes: `traceloop.*`, `llm.request.type`.
    pub const TRACELOOP: Self = Self(1 << 1);
    /// What [Langfuse](https://langfuse.com/docs/opentelemetry/get-started) prefers to read:
    /// `langfuse.observation.*`.
    pub const LANGFUSE: Self = Self(1 << 2);
    /// What [HoneyHive](https://docs.honeyhive.ai) reads: `honeyhive_event_type`, `honeyhive.session_id`.
    pub const HONEYHIVE: Self = Self(1 << 3);

    /// All conventions, with their names.
    pub(crate) const ALL: [(&str, Self); 5] = [
        ("genai", Self::GENAI),
        ("openinference", Self::OPENINFERENCE),
        ("traceloop", Self::TRACELOOP),
        ("langfuse", Self::LANGFUSE),
        ("honeyhive", Self::HONEYHIVE),
    ];

    /// Whether all of these are among them.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for Conventions {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl fmt::Debug for Conventions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::ALL.iter().filter(|(_, it)| self.contains(*it)).map(|(name, _)| *name);
        write!(f, "Conventions({})", names.collect::<Vec<_>>().join(" | "))
    }
}
