//! The request and the session that a span belongs to.

use super::{RequestId, Session};
use crate::context::Correlation;
use crate::span::Companion;
use crate::{SpanBuilder, Value, semconv};
use opentelemetry::{Context, Key};

/// What a span builder was told of a request and a session.
#[derive(Debug, Default)]
struct Membership {
    request_id: Option<RequestId>,
    /// Whether to make an id if neither the context nor the builder has one.
    makes_request_id: bool,
    session: Option<Session>,
}

impl Companion for Membership {
    fn context(&self, base: Context) -> Context {
        let made = (self.makes_request_id && RequestId::of(&base).is_none()).then(RequestId::new);
        let given = self.request_id.as_ref().or(made.as_ref());
        let base = given.into_iter().fold(base, |cx, id| Correlation::with(&cx, id.clone()));
        self.session.iter().fold(base, |cx, session| Correlation::with(&cx, session.clone()))
    }

    fn attributes(&self, name: &str) -> Vec<(Key, Value)> {
        let Some(session) = &self.session else { return Vec::new() };
        let number = session.next_operation();
        vec![
            (semconv::SESSION_OPERATION.into(), name.into()),
            (semconv::SESSION_OPERATION_NUMBER.into(), Value::from(number)),
        ]
    }
}

impl SpanBuilder {
    /// Gives this span and all below it a request id, as `request.id`.
    ///
    /// A span without a scope, from [`start`](Self::start), is the only one to get it: its children do not
    /// begin in a context of its own.
    pub fn request_id(self, id: RequestId) -> Self {
        self.with_companion(|own: &mut Membership| own.request_id = Some(id))
    }

    /// Makes sure that this span and all below it have a request id: that of the context in which the span
    /// starts or, if it has none, a new one.
    pub fn request_id_or_new(self) -> Self {
        self.with_companion(|own: &mut Membership| own.makes_request_id = true)
    }

    /// Makes this span an operation of the session: `session.operation` is its name,
    /// `session.operation_number` counts from 1 in the order in which operations begin, recorded or not.
    /// The span and all below it have `session.id` and `user.id`; without a scope, only the span has them.
    pub fn session(self, session: &Session) -> Self {
        self.with_companion(|own: &mut Membership| own.session = Some(session.clone()))
    }
}
