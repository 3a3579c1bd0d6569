//! The instance that `prela::tracer()` follows.

use super::{Tracer, early};
#[cfg(all(feature = "tracing", feature = "__otlp"))]
use crate::span::Provider;
#[cfg(feature = "testing")]
use crate::span::alone_in;
use crate::span::{Source, SpanBuilder};
use crate::{Error, ErrorKind};
#[cfg(feature = "testing")]
use crate::{TraceContext, context};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

static SLOT: RwLock<Option<Installed>> = RwLock::new(None);
/// The number of installations, in steps of two, so that a thread looks for a new source only when there is
/// one. It becomes 0 when a span begins before the first of them: from then on a program without an instance
/// pays for one load.
static INSTALLED: AtomicU64 = AtomicU64::new(NONE_YET);
const NONE_YET: u64 = 1;
const NONE_AND_KNOWN: u64 = 0;

struct Installed {
    source: Arc<Source>,
    service_name: String,
}

thread_local! {
    /// The source, and the number of installations when it was looked up.
    static SEEN: RefCell<(u64, Option<Arc<Source>>)> = const { RefCell::new((0, None)) };
}

/// The tracer of the global instance.
///
/// Can be called at any time. Before [`init`](crate::init) and after shutdown its spans do nothing; it
/// follows an instance that is installed later.
pub fn tracer() -> Tracer {
    Tracer { source: None }
}

/// Whether no instance was ever installed, and a span has noticed that.
#[inline]
pub(super) fn is_idle() -> bool {
    INSTALLED.load(Ordering::Acquire) == NONE_AND_KNOWN
}

/// A span of no instance. The first one looks whether there should be an instance.
#[cold]
pub(super) fn span_of_none() -> SpanBuilder {
    let (from, to) = (NONE_YET, NONE_AND_KNOWN);
    if INSTALLED.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok() {
        early::tell();
    }
    SpanBuilder::noop()
}

/// Calls `f` with the source of the global instance; none without one.
pub(super) fn with_source<R>(f: impl FnOnce(&Arc<Source>) -> R) -> Option<R> {
    let installed = INSTALLED.load(Ordering::Acquire);
    let seen = SEEN.try_with(|seen| {
        let seen = seen.try_borrow().ok()?;
        if seen.0 == installed { seen.1.clone() } else { None }
    });
    let source = match seen {
        Ok(Some(source)) => source,
        _ => look(installed)?,
    };
    Some(f(&source))
}

/// Whether there is an instance to record what begins here.
#[cfg(feature = "tracing")]
pub(crate) fn is_running() -> bool {
    with_source(|source| source.provider.is_running()).unwrap_or_default()
}

/// Whether the global instance, or the one that the current context chooses, records content; none if it was
/// not told.
#[cfg(all(feature = "tracing", feature = "genai"))]
pub(crate) fn content() -> Option<crate::span::wording::content::ContentCapture> {
    with_source(|source| source.provider.wording.content).flatten()
}

/// The global instance, or the one that the current context chooses.
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) fn provider() -> Option<Arc<Provider>> {
    with_source(|source| source.provider.clone())
}

/// Looks the source up under the lock, and keeps it for the next time.
#[cold]
fn look(installed: u64) -> Option<Arc<Source>> {
    #[cfg(feature = "testing")]
    if installed & IS_CHOSEN != 0 {
        return context::chosen().or_else(installed_source);
    }
    let source = installed_source();
    // Dropped after the borrow: it may be the last reference to an instance, whose processors are user code.
    let _previous = SEEN.try_with(|seen| {
        let mut seen = seen.try_borrow_mut().ok()?;
        Some(std::mem::replace(&mut *seen, (installed, source.clone())))
    });
    source
}

fn installed_source() -> Option<Arc<Source>> {
    let slot = SLOT.read().unwrap_or_else(PoisonError::into_inner);
    slot.as_ref().map(|installed| installed.source.clone())
}

/// Whether a running instance is installed.
pub(crate) fn is_installed() -> bool {
    installed_source().is_some_and(|source| source.provider.is_running())
}

/// Whether this source is the installed one.
pub(crate) fn is_installed_source(source: &Arc<Source>) -> bool {
    let slot = SLOT.read().unwrap_or_else(PoisonError::into_inner);
    slot.as_ref().is_some_and(|installed| Arc::ptr_eq(&installed.source, source))
}

/// The current context, below which [`tracer`] follows this instance. From now on each thread asks its context
/// first.
#[cfg(feature = "testing")]
pub(crate) fn choose(source: &Arc<Source>) -> TraceContext {
    INSTALLED.fetch_or(IS_CHOSEN, Ordering::AcqRel);
    let cx = TraceContext::current();
    context::choose(&alone_in(cx.as_otel(), &source.provider), source.clone()).into()
}

/// Whether the current context chooses an instance, and the span was made without any choice.
#[cfg(all(feature = "macros", feature = "testing"))]
pub(crate) fn is_chosen_since(span: &SpanBuilder) -> bool {
    if INSTALLED.load(Ordering::Acquire) & IS_CHOSEN == 0 {
        return false;
    }
    let Some(chosen) = context::chosen::<Source>() else { return false };
    span.source().is_none_or(|it| !Arc::ptr_eq(it, &chosen) && is_installed_source(it))
}

/// The bit of [`INSTALLED`] that makes threads look again at each call.
#[cfg(feature = "testing")]
const IS_CHOSEN: u64 = 1 << 63;

/// Installs an instance, unless a running one is installed.
pub(crate) fn install(source: Arc<Source>, service_name: String) -> Result<(), Error> {
    let mut slot = SLOT.write().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_some_and(|installed| installed.source.provider.is_running()) {
        return Err(taken(slot.as_ref()));
    }
    *slot = Some(Installed { source, service_name });
    INSTALLED.fetch_add(2, Ordering::AcqRel);
    Ok(())
}

pub(crate) fn already_installed() -> Error {
    taken(SLOT.read().unwrap_or_else(PoisonError::into_inner).as_ref())
}

/// The error that names who is installed: two parts of a program that both start Prela seldom know of each
/// other.
fn taken(by: Option<&Installed>) -> Error {
    let name = by.map(|installed| installed.service_name.as_str()).unwrap_or_default();
    let text =
        format!("install a global instance: this process is already initialized as {name:?}");
    Error::new(ErrorKind::AlreadyInitialized, text)
}
