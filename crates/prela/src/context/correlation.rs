//! What the spans that begin in a context belong to: a request, a session, an agent. Values of the context.

use super::{baggage_of, current, with_baggage};
use crate::Value;
use opentelemetry::{Context, Key};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Something that spans belong to, such as a request.
pub(crate) trait Correlated: Any + fmt::Debug + Send + Sync {
    /// The attribute at this place, which each span gets; none after the last.
    fn attribute(&self, place: usize) -> Option<(Key, Value)>;

    /// The entries of baggage that tell other services of it.
    fn baggage(&self) -> Vec<(&'static str, &str)>;
}

/// All that a context belongs to: one of each type, ordered by the keys of their attributes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correlation {
    parts: Vec<Arc<dyn Correlated>>,
}

impl Correlation {
    pub(crate) fn of(cx: &Context) -> Option<&Self> {
        cx.get::<Self>()
    }

    /// The part of this type.
    pub(crate) fn get<T: Correlated>(&self) -> Option<&T> {
        self.parts.iter().find_map(|part| downcast(&**part))
    }

    /// The attributes that each span gets.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (Key, Value)> {
        let all = |part: &'_ Arc<dyn Correlated>| {
            let part = part.clone();
            (0..).map_while(move |place| part.attribute(place))
        };
        self.parts.iter().flat_map(all)
    }

    /// The context with `part` added, in place of another of its type.
    pub(crate) fn with<T: Correlated>(cx: &Context, part: T) -> Context {
        let mut correlation = Self::of(cx).cloned().unwrap_or_default();
        let part = Arc::new(part);
        correlation.parts.retain(|other| downcast::<T>(&**other).is_none());
        correlation.parts.push(part.clone());
        correlation.parts.sort_by_key(|part| part.attribute(0).map(|(key, _)| key));
        with_entries(&cx.with_value(correlation), part.baggage())
    }

    /// The context with the current one's correlation, if it has none of its own: one that came in with
    /// a request knows no scope here.
    pub(crate) fn inherited(cx: &Context) -> Context {
        match (Self::of(cx), Self::of(&current())) {
            (None, Some(correlation)) => cx.with_value(correlation.clone()),
            _ => cx.clone(),
        }
    }

    /// The context that belongs to nothing.
    pub(crate) fn cleared(cx: &Context) -> Context {
        if Self::of(cx).is_some() { cx.with_value(Self::default()) } else { cx.clone() }
    }
}

/// The agent that runs, and the conversation that it is part of. Only typed spans ask for it.
#[cfg(feature = "genai")]
#[derive(Clone, Debug, Default)]
pub(crate) struct CurrentAgent {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) conversation: Option<Arc<str>>,
}

#[cfg(feature = "genai")]
impl CurrentAgent {
    pub(crate) fn of(cx: &Context) -> Option<&Self> {
        cx.get::<Self>()
    }

    /// The context within this agent. What the agent leaves out stays.
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

    /// The context without an agent.
    pub(crate) fn cleared(cx: &Context) -> Context {
        if Self::of(cx).is_some() { cx.with_value(Self::default()) } else { cx.clone() }
    }
}

fn downcast<T: Correlated>(part: &dyn Correlated) -> Option<&T> {
    let part: &dyn Any = part;
    part.downcast_ref()
}

/// Adds entries to the baggage, but for those that break a limit: spans get them anyway.
fn with_entries(cx: &Context, entries: Vec<(&'static str, &str)>) -> Context {
    let mut baggage = baggage_of(cx);
    let mut has_changed = false;
    for (key, value) in entries {
        if let Some(with) = baggage.with(key, value.to_owned()) {
            (baggage, has_changed) = (with, true);
        }
    }
    if has_changed { with_baggage(cx, baggage) } else { cx.clone() }
}
