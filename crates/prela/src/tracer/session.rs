//! Operations of a session.

use super::tracer;
use crate::{Session, SpanBuilder, SpanType};
use std::borrow::Cow;

impl Session {
    /// A span of the global instance for an operation of this session, of type [`SpanType::Chain`]. See
    /// [`SpanBuilder::session`].
    pub fn operation(&self, name: impl Into<Cow<'static, str>>) -> SpanBuilder {
        tracer().span(name, SpanType::Chain).session(self)
    }
}
