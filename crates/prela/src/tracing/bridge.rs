//! The layer that records spans and events of the crate `tracing`.

use super::fields::Fields;
use super::genai;
use super::noise::is_passed_over;
use crate::context::{ContextScope, is_suppressed};
#[cfg(feature = "genai")]
use crate::genai::ContentCapture;
use crate::span::{Reentrant, model_call_in, span_of};
use crate::tracer::global;
use crate::{Span, SpanType, TraceContext, Value, context, semconv, tracer};
use opentelemetry::Key;
use std::borrow::Cow;
use std::cell::RefCell;
use std::thread;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// A layer that records spans and events of the crate [`tracing`](https://docs.rs/tracing) as Prela's: those of
/// the program, and of libraries such as `rig`, `genai` and `rmcp`.
///
/// It follows the global instance, as [`tracer`](crate::tracer()) does, so it can be set up before
/// [`init`](crate::init), and does nothing without one.
///
/// - Spans nest both ways, over threads, tasks and `#[instrument]`ed futures. A new span's parent is the current
///   span, whichever API made it; only `parent: &other_span` names another.
/// - Events are added to the *current* span, whichever API made it, up to
///   [`SpanLimits::events`](crate::span::SpanLimits), with `level` and `target`. One of the level `ERROR` marks a
///   span of `tracing` as failed, as `#[instrument(err)]` intends; a span of Prela's fails by its own result
///   only.
/// - Spans with `gen_ai.*` attributes get the [`SpanType`] of their operation. Numbers and lists that are
///   written as text, older keys and other names of providers are corrected; the tokens of a whole agent go under
///   `prela.usage.`. So backends show them as calls of models, agents and tools.
/// - Any other span is [`Custom`](SpanType::Custom), unless it has the field
///   `prela.span.type = "tool"`.
/// - The fields `otel.name`, `otel.kind`, `otel.status_code` and `otel.status_description` shape a span.
/// - Where recording is suppressed ([`suppress`](crate::suppress), export threads), the layer records nothing.
///
/// Levels and targets are up to `tracing_subscriber`: `layer().with_filter(..)`, or a filter of the whole
/// registry. Whatever it says, transports (`h2`, `hyper`, …) are recorded only from the level `INFO` up, and
/// OpenTelemetry's own lines not at all.
///
/// A span's end is the moment when it was last left or recorded to; it is sent once `tracing` closes it. Cost:
/// that of Prela's span, and a copy of each field; entering one makes a context, as a scope of Prela's does.
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
/// # let capture = prela::testing::Capture::new();
///
/// let subscriber = tracing_subscriber::registry().with(prela::tracing::layer());
/// # let dispatch = subscriber.into();
/// # capture.run(|| tracing::dispatcher::with_default(&dispatch, || {
/// # /*
/// subscriber.init(); // once, at the start of `main`
/// # */
/// prela::tracer().span("agent", prela::SpanType::Agent).in_scope(|_| {
///     tracing::info_span!("chat", gen_ai.operation.name = "chat", gen_ai.request.model = "gpt-4o")
///         .in_scope(|| tracing::info!("asking"));
/// });
/// # }));
/// # assert_eq!(capture.spans()[0].span_type, prela::SpanType::Llm);
/// ```
///
/// Sources: [`tracing-opentelemetry`](https://docs.rs/tracing-opentelemetry), whose special fields these are;
/// [GenAI spans](https://github.com/open-telemetry/semantic-conventions-genai).
pub fn layer() -> Bridge {
    Bridge::default()
}

/// A layer of `tracing_subscriber`; see [`layer`].
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a layer does nothing until it is part of a subscriber"]
pub struct Bridge {
    /// None: not set.
    content: Option<bool>,
    location: bool,
    threads: bool,
    busy: bool,
    without_span_events: bool,
}

impl Bridge {
    /// Whether messages, arguments, results and documents that libraries put into `gen_ai.*` and like
    /// attributes are recorded, and what model clients log below the level `WARN`. Default: as
    /// [`Builder::capture_content`](crate::Builder::capture_content) says for the instance; if that forbids it,
    /// this cannot allow it.
    pub fn with_content(self, content: bool) -> Self {
        Self { content: Some(content), ..self }
    }

    /// Whether spans and log records have `code.file.path`, `code.line.number` and `code.namespace`. Default: no.
    pub fn with_location(self, location: bool) -> Self {
        Self { location, ..self }
    }

    /// Whether spans and log records have `thread.id` and `thread.name` of the thread that they began on. Default: no.
    pub fn with_threads(self, threads: bool) -> Self {
        Self { threads, ..self }
    }

    /// Whether spans have `busy_ns` and `idle_ns`, the nanoseconds in which they were entered and not entered.
    /// Default: no.
    pub fn with_busy_time(self, busy: bool) -> Self {
        Self { busy, ..self }
    }

    /// Whether events are added to spans. Default: yes. With [`Builder::logs`](crate::Builder::logs) they are
    /// also sent as log records, which may be enough.
    pub fn with_span_events(self, span_events: bool) -> Self {
        Self { without_span_events: !span_events, ..self }
    }

    /// Whether messages and arguments are recorded: as for every other span of the instance.
    fn captures_content(self) -> bool {
        #[cfg(feature = "genai")]
        return ContentCapture::effective(global::content(), self.content.map(Into::into))
            .is_on_spans();
        #[cfg(not(feature = "genai"))]
        self.content.unwrap_or_default()
    }

    /// Attributes of a span or an event beside its fields.
    fn surroundings(self, metadata: &Metadata<'_>) -> Vec<(Key, Value)> {
        let mut pairs = Vec::new();
        if self.location {
            let line = metadata.line().map(i64::from);
            pairs.extend([
                (semconv::CODE_FILE_PATH.into(), metadata.file().map(str::to_owned).into()),
                (semconv::CODE_LINE_NUMBER.into(), line.into()),
                (semconv::CODE_NAMESPACE.into(), metadata.module_path().map(str::to_owned).into()),
            ]);
        }
        if self.threads {
            let this = thread::current();
            // Its number is shown by `Debug` alone.
            let id = format!("{:?}", this.id());
            let id = id.trim_matches(|c: char| !c.is_ascii_digit()).parse::<i64>().ok();
            pairs.push((semconv::THREAD_ID.into(), id.into()));
            pairs.push((semconv::THREAD_NAME.into(), this.name().map(str::to_owned).into()));
        }
        pairs
    }

    fn start<S>(self, attrs: &Attributes<'_>, cx: &Context<'_, S>) -> Reentrant
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut fields = Fields::default();
        attrs.record(&mut fields);
        let span_type = genai::span_type(&fields.pairs).unwrap_or_default();
        genai::mend(&mut fields.pairs, span_type, self.captures_content());
        let parent = self.parent_of(attrs, cx);
        if matches!(span_type, SpanType::Llm | SpanType::Embedding)
            && let Some(call) = called_already(&parent, cx)
        {
            call.set_attributes(fields.pairs);
            return Reentrant::alias(call);
        }
        let status = fields.status();
        let name: Cow<'static, str> = match fields.name {
            Some(name) => name.into(),
            None => attrs.metadata().name().into(),
        };
        let mut builder = tracer().span(name, span_type);
        builder = match parent {
            Parent::Current => builder,
            Parent::Of(cx) => builder.parent(&cx),
            Parent::None => builder.root(),
        };
        builder = builder.attrs(fields.pairs).attrs(self.surroundings(attrs.metadata()));
        if let Some(kind) = fields.kind {
            builder = builder.kind(kind);
        }
        let span = Reentrant::start(builder);
        if let Some(status) = status {
            span.span().set_status(status);
        }
        span
    }

    fn parent_of<S>(self, attrs: &Attributes<'_>, cx: &Context<'_, S>) -> Parent
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let current = cx.lookup_current();
        if let Some(parent) = attrs.parent() {
            // The current span of `tracing` stands for the innermost one, which may be Prela's.
            if current.is_some_and(|it| it.id() == *parent) {
                return Parent::Current;
            }
            return bridged(parent, cx, Reentrant::context).map_or(Parent::Current, Parent::Of);
        }
        // Where `tracing` has no current span, `parent: Span::current()` cannot be told from `parent: None`.
        // Libraries write the former, and mean the current span.
        if attrs.is_root() && current.is_some() { Parent::None } else { Parent::Current }
    }
}

enum Parent {
    /// Whatever is current.
    Current,
    Of(TraceContext),
    None,
}

/// The current span of a model call, if a new span of one would record the same call again: libraries that
/// build on each other both make one.
fn called_already<S>(parent: &Parent, cx: &Context<'_, S>) -> Option<Span>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if !matches!(parent, Parent::Current) {
        return None;
    }
    let call = model_call_in(&context::current())?;
    // A span that the user made may be around several calls.
    is_bridged(&call, cx).then_some(call)
}

/// Whether the span was made for the current span of `tracing`.
fn is_bridged<S>(span: &Span, cx: &Context<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(current) = cx.lookup_current() else { return false };
    bridged(&current.id(), cx, |it| it.span().span_id() == span.span_id()).unwrap_or_default()
}

/// Looks at the span made for a span of `tracing`. Must not run user code: a lock is held.
fn bridged<S, R>(id: &Id, cx: &Context<'_, S>, look: impl FnOnce(&Reentrant) -> R) -> Option<R>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    cx.span(id)?.extensions().get::<Reentrant>().map(look)
}

impl<S> Layer<S> for Bridge
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        // Subscribers are there before and after an instance, which is no mistake to warn of.
        if is_passed_over(attrs.metadata(), self.captures_content()) || !global::is_running() {
            return;
        }
        let span = self.start(attrs, &cx);
        if let Some(registered) = cx.span(id) {
            registered.extensions_mut().replace(span);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let Some((span, known)) = bridged(id, &cx, |it| (it.span().clone(), it.span().span_type()))
        else {
            return;
        };
        let Some(known) = known else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        let new = genai::span_type(&fields.pairs).filter(|new| *new != known);
        // A model's name alone does not make a call of a typed span.
        let new = new.filter(|new| known == SpanType::Custom || *new != SpanType::Llm);
        if let Some(new) = new {
            bridged(id, &cx, |it| it.set_type(new));
        }
        genai::mend(&mut fields.pairs, new.unwrap_or(known), self.captures_content());
        if let Some(status) = fields.status() {
            span.set_status(status);
        }
        if let Some(name) = fields.name {
            span.update_name(name);
        }
        span.set_attributes(fields.pairs);
        bridged(id, &cx, Reentrant::touch);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, cx: Context<'_, S>) {
        let followed = bridged(follows, &cx, Reentrant::context);
        let span = bridged(id, &cx, |it| it.span().clone());
        if let (Some(span), Some(followed)) = (span, followed) {
            span.add_link(&followed);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let metadata = event.metadata();
        if is_passed_over(metadata, self.captures_content()) {
            return;
        }
        let named =
            event.parent().filter(|id| cx.lookup_current().is_none_or(|it| it.id() != **id));
        let span = match named {
            Some(id) => bridged(id, &cx, |it| it.span().clone()),
            None => span_of(&context::current()),
        };
        let noted = span.clone().filter(|_| !self.without_span_events);
        let noted = noted.filter(|span| span.is_recording() && !is_silenced(span));
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        let logs = super::logs::provider();
        #[cfg(not(all(feature = "tracing", feature = "__otlp")))]
        let logs = None::<()>;
        if noted.is_none() && logs.is_none() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let span_type = span.as_ref().and_then(Span::span_type).unwrap_or_default();
        genai::mend(&mut fields.pairs, span_type, self.captures_content());
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        if let Some(provider) = logs {
            let more = self.surroundings(metadata);
            super::logs::write(&provider, &fields, metadata, more, span.as_ref());
        }
        let Some(span) = noted else { return };
        if *metadata.level() == Level::ERROR && (named.is_some() || is_bridged(&span, &cx)) {
            let texts = [fields.message.as_deref(), fields.failure.as_ref().map(|it| &*it.message)];
            let texts: Vec<_> = texts.into_iter().flatten().collect();
            span.set_status(crate::Status::error(texts.join(": ")));
        }
        let (name, attributes) = described(fields, metadata);
        span.add_event(name, attributes);
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        // Outside the lock: entering may drop the user's values.
        let Some(registered) = cx.span(id) else { return };
        let entry = {
            let extensions = registered.extensions();
            extensions
                .get::<Reentrant>()
                .map(|span| (span.entry(), self.busy.then(|| span.touch())))
        };
        if let Some((entry, at)) = entry {
            push_entered(id.clone(), entry.enter(), at);
        }
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        let Some(at) = pop_entered(id) else { return };
        bridged(id, &cx, |span| span.leave(at));
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        let Some(registered) = cx.span(&id) else { return };
        let span = registered.extensions_mut().remove::<Reentrant>();
        if let Some(span) = span.filter(|_| self.busy) {
            span.write_busy_time();
        }
    }
}

/// Whether recording is suppressed here for the span's instance.
fn is_silenced(span: &Span) -> bool {
    span.record().is_some_and(|record| is_suppressed(record.instance()))
}

fn described(fields: Fields, metadata: &Metadata<'_>) -> (String, Vec<(Key, Value)>) {
    let Fields { mut pairs, message, failure, target, .. } = fields;
    let target = target.unwrap_or_else(|| metadata.target().to_owned());
    let mut attributes: Vec<(Key, Value)> = vec![
        ("level".into(), metadata.level().as_str().into()),
        ("target".into(), target.clone().into()),
    ];
    attributes.append(&mut pairs);
    let is_failure = failure.is_some();
    if let Some(failure) = failure {
        attributes.push((semconv::EXCEPTION_MESSAGE.into(), failure.message.into()));
        attributes.push((semconv::EXCEPTION_STACKTRACE.into(), failure.stacktrace.into()));
    }
    // `tracing` names an event without a name after its place in the sources.
    let own = Some(metadata.name()).filter(|name| !name.starts_with("event "));
    let name = message
        .or_else(|| own.map(str::to_owned))
        .unwrap_or_else(|| if is_failure { semconv::EXCEPTION_EVENT.into() } else { target });
    (name, attributes)
}

/// A span that was entered, and when, if that is asked for.
struct Entered {
    span: Id,
    scope: ContextScope,
    at: Option<u64>,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = {
        // What scopes need must outlive this: destructors run in reverse order of first use.
        drop(context::current());
        RefCell::default()
    };
}

/// Keeps a context current until the span is left.
fn push_entered(span: Id, scope: ContextScope, at: Option<u64>) {
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(Entered { span, scope, at }));
}

/// Leaves the span; it may have been entered several times, and others since. Returns when it was entered.
fn pop_entered(span: &Id) -> Option<Option<u64>> {
    let last = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let at = entered.iter().rposition(|it| it.span == *span)?;
        Some(entered.remove(at))
    });
    // Not under the borrow: contexts hold the user's values.
    let Entered { scope, at, .. } = last.ok().flatten()?;
    scope.leave();
    Some(at)
}
