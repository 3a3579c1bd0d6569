//! What every span of a request or a session has in common. A value of the context.

mod request_id;
mod session;

pub use self::request_id::RequestId;
pub use self::session::Session;

use super::{baggage_of, current, with_baggage};
use crate::Value;
use opentelemetry::{Context, Key};

/// Which request and which session a context belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correlation {
    request_id: Option<RequestId>,
    session: Option<Session>,
}

impl Correlation {
    pub(crate) fn of(cx: &Context) -> Option<&Self> {
        cx.get::<Self>()
    }

    /// What each span gets.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (Key, Value)> {
        let request = self.request_id.iter().map(RequestId::attribute);
        request.chain(self.session.iter().flat_map(Session::attributes))
    }

    /// The context with the current one's correlation, if it has none of its own: a context that came in
    /// with a request knows of no scope here.
    pub(crate) fn inherited(cx: &Context) -> Context {
        match (Self::of(cx), Self::of(&current())) {
            (None, Some(correlation)) => cx.with_value(correlation.clone()),
            _ => cx.clone(),
        }
    }

    /// The context of no request and no session.
    pub(crate) fn cleared(cx: &Context) -> Context {
        if Self::of(cx).is_some() { cx.with_value(Self::default()) } else { cx.clone() }
    }
}

pub(crate) fn with_request_id(cx: &Context, id: &RequestId) -> Context {
    let mut correlation = Correlation::of(cx).cloned().unwrap_or_default();
    correlation.request_id = Some(id.clone());
    with_entries(&cx.with_value(correlation), id.baggage())
}

pub(crate) fn with_session(cx: &Context, session: &Session) -> Context {
    let mut correlation = Correlation::of(cx).cloned().unwrap_or_default();
    correlation.session = Some(session.clone());
    with_entries(&cx.with_value(correlation), session.baggage())
}

/// Entries that break a limit of baggage stay here: the spans have them all the same.
fn with_entries<'a>(
    cx: &Context,
    entries: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> Context {
    let mut baggage = baggage_of(cx);
    let mut has_changed = false;
    for (key, value) in entries {
        if let Some(with) = baggage.with(key, value.to_owned()) {
            (baggage, has_changed) = (with, true);
        }
    }
    if has_changed { with_baggage(cx, baggage) } else { cx.clone() }
}
