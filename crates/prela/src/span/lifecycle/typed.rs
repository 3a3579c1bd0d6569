//! What a typed span takes along: who is told when it starts, and its agent.

use super::record::SharedRecord;
use crate::Value;
use crate::context::CurrentAgent;
use crate::semconv::genai;
use crate::span::wording::ContentCapture;
use opentelemetry::{Context, Key};
use std::fmt;
use std::mem;

/// What a typed span takes along.
#[derive(Default)]
pub(in crate::span) struct Typed {
    /// Instead of what the instance says, unless that is to record none.
    pub(in crate::span) content: Option<ContentCapture>,
    pub(in crate::span) at_start: Vec<AtStart>,
    /// For the spans below it.
    pub(in crate::span) agent: Option<CurrentAgent>,
    pub(in crate::span) inherits: Inherits,
}

/// A hook that runs when a recorded span has started.
type AtStart = Box<dyn FnOnce(&SharedRecord) + Send + Sync>;

/// What a span inherits from the agent that it is within.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inherits {
    pub(crate) agent_name: bool,
    pub(crate) conversation: bool,
    /// The key for the name of the outer agent, where the conventions have one.
    pub(crate) parent_agent: Option<&'static str>,
}

impl Typed {
    /// The attributes that the span gets from the outer agent.
    pub(super) fn attributes(&self, base: &Context) -> Vec<(Key, Value)> {
        let Some(agent) = CurrentAgent::of(base) else { return Vec::new() };
        let Inherits { agent_name, conversation, parent_agent } = self.inherits;
        let name = agent_name.then_some(genai::AGENT_NAME).or(parent_agent).zip(agent.name.clone());
        let conversation =
            conversation.then_some(genai::CONVERSATION_ID).zip(agent.conversation.clone());
        let pairs = [name, conversation].into_iter().flatten();
        pairs.map(|(key, value)| (Key::from_static_str(key), Value::from(value))).collect()
    }

    /// The context of the agent that begins here.
    pub(super) fn context(&self, base: Context) -> Context {
        match &self.agent {
            Some(agent) => agent.clone().enter(&base),
            None => base,
        }
    }

    pub(super) fn take_hooks(&mut self) -> impl FnOnce(&SharedRecord) + use<> {
        let hooks = mem::take(&mut self.at_start);
        move |record| hooks.into_iter().for_each(|hook| hook(record))
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("content", &self.content).finish_non_exhaustive()
    }
}
