//! The local root, as lists of traces show it.

use super::handle::{TypedSpan as _, input_and_output, typed_span};
use crate::span::root_of;
use crate::{Session, Span, context, semconv};

typed_span! {
    /// The topmost span of the current trace in this process, such as that of the request that a server handles: lists
    /// of traces show what it has, and not what is below it.
    ///
    /// The first agent below a request gives it its type, its session, and what goes in and comes out. What that agent
    /// does not know is written here; [`enrich_root`](crate::enrich_root) sets any attribute.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::RootSpan;
    ///
    /// tracer.span_default("POST /ask").in_scope(|_| {
    ///     tracer.tool("login").in_scope(|_| {
    ///         RootSpan::current().user("user_123").input("How many is a gross?");
    ///     });
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let root = &memory.spans()[1];
    /// assert_eq!(root.attribute("user.id"), Some(&"user_123".into()));
    /// assert_eq!(root.attribute("input.value"), Some(&"How many is a gross?".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    RootSpan
}

input_and_output!(RootSpan);

impl RootSpan {
    /// The root above the current span. Writing to it does nothing where there is none, or where it has ended.
    pub fn current() -> Self {
        Self::of(root_of(&context::current()).unwrap_or_else(Span::none))
    }

    /// Whose request it is: `user.id`.
    pub fn user(&self, id: impl Into<String>) -> &Self {
        self.set_attribute(semconv::USER_ID, id.into())
    }

    /// Which session it is part of: `session.id`, and `user.id` if the session has a user.
    pub fn session(&self, session: &Session) -> &Self {
        self.set_attribute(semconv::SESSION_ID, session.id());
        self.set_attribute(semconv::USER_ID, session.user_id().map(str::to_owned))
    }
}
