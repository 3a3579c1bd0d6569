//! Which agent a context is within. A value of the context, which only typed spans ask for.

use opentelemetry::Context;
use std::sync::Arc;

/// The agent that runs, and the conversation that it is part of.
#[derive(Clone, Debug, Default)]
pub(crate) struct CurrentAgent {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) conversation: Option<Arc<str>>,
}

impl CurrentAgent {
    pub(crate) fn of(cx: &Context) -> Option<&Self> {
        cx.get::<Self>()
    }

    /// The context within this agent. What it does not say stays.
    pub(crate) fn enter(self, cx: &Context) -> Context {
        let outer = Self::of(cx);
        let or_outer = |own: Option<Arc<str>>, of: fn(&Self) -> &Option<Arc<str>>| {
            own.or_else(|| of(outer?).clone())
        };
        cx.with_value(Self {
            name: or_outer(self.name, |it| &it.name),
            conversation: or_outer(self.conversation, |it| &it.conversation),
        })
    }

    /// The context of no agent.
    pub(crate) fn cleared(cx: &Context) -> Context {
        if Self::of(cx).is_some() { cx.with_value(Self::default()) } else { cx.clone() }
    }
}
