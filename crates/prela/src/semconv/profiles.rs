//! Names that only some backends use: OpenLLMetry's, Langfuse's and HoneyHive's.

pub(crate) const TRACELOOP_SPAN_KIND: &str = "traceloop.span.kind";
pub(crate) const TRACELOOP_REQUEST_TYPE: &str = "llm.request.type";
#[cfg(feature = "tracing")]
pub(crate) const TRACELOOP_ENTITY: &str = "traceloop.entity";
/// Precedes each of Langfuse's keys.
#[cfg(feature = "tracing")]
pub(crate) const LANGFUSE_PREFIX: &str = "langfuse.";
pub(crate) const LANGFUSE_TYPE: &str = "langfuse.observation.type";
/// Keys of attributes that Langfuse takes for its own on any span, and for what.
pub(crate) const LANGFUSE_TAKES: [(&str, &str); 3] = [
    ("model", "the model of a call"),
    ("input", "all that went in"),
    ("output", "all that came out"),
];
pub(crate) const HONEYHIVE_EVENT_TYPE: &str = "honeyhive_event_type";

#[cfg(feature = "genai")]
mod genai {
    pub(crate) const TRACELOOP_ENTITY_NAME: &str = "traceloop.entity.name";
    pub(crate) const TRACELOOP_ENTITY_INPUT: &str = "traceloop.entity.input";
    pub(crate) const TRACELOOP_ENTITY_OUTPUT: &str = "traceloop.entity.output";
    pub(crate) const TRACELOOP_WORKFLOW_NAME: &str = "traceloop.workflow.name";
    /// Before the number of a message or a tool.
    pub(crate) const TRACELOOP_PROMPT: &str = "gen_ai.prompt";
    pub(crate) const TRACELOOP_COMPLETION: &str = "gen_ai.completion";
    pub(crate) const TRACELOOP_FUNCTIONS: &str = "llm.request.functions";
    /// ISO 8601.
    pub(crate) const LANGFUSE_COMPLETION_START: &str = "langfuse.observation.completion_start_time";
    pub(crate) const LANGFUSE_COST: &str = "langfuse.observation.cost_details";
    pub(crate) const LANGFUSE_PARAMETERS: &str = "langfuse.observation.model.parameters";
}
#[cfg(feature = "genai")]
pub(crate) use self::genai::*;

use super::{Conventions, SESSION_ID, USER_ID};

/// The other keys for a session's or a user's attribute.
pub(crate) fn also_called(
    key: &str,
    conventions: Conventions,
) -> impl Iterator<Item = &'static str> {
    let names = match key {
        SESSION_ID => [
            (Conventions::TRACELOOP, "traceloop.association.properties.session_id"),
            (Conventions::HONEYHIVE, "honeyhive.session_id"),
        ]
        .as_slice(),
        USER_ID => &[(Conventions::TRACELOOP, "traceloop.association.properties.user_id")],
        _ => &[],
    };
    names.iter().filter(move |(of, _)| conventions.contains(*of)).map(|(_, name)| *name)
}
