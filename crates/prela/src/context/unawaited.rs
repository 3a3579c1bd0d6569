//! Warnings about closures that return a future, which runs only when their scope is over.
//!
//! `span.in_scope(|_| async move { .. }).await` compiles, and makes a span around nothing. No trait bound can
//! refuse it: every other type would need a trait that no future has, and handles of tasks, which are futures
//! too, may be returned. So builds with debug assertions look at the name of the result's type. Other builds
//! pay nothing.

use std::any::type_name;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Who is told of closures in a context, which belong to no instance.
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);
/// The types reported so far, by the address of what is compiled for each: several types in one function have
/// the same name.
static REPORTED: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

/// Sets who is told of closures in a context: the global instance.
pub(crate) fn listen(listener: impl Fn(&str) + Send + Sync + 'static) {
    if cfg!(debug_assertions) {
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(listener));
    }
}

/// The warning about a span's closure that returned an `R`; none if that is fine or was reported before.
#[inline]
pub(crate) fn in_span<R>() -> Option<String> {
    let name = unawaited_name::<R>()?;
    Some(format!(
        "prela: the closure of `in_scope` returned an `async` block or another closure (`{name}`), which runs \
         when the span is over: for code that awaits write `span.run(async |span| ..).await`"
    ))
}

/// Reports a closure that ran in a context and returned an `R`, unless that is fine or was reported before.
#[inline]
pub(crate) fn in_context<R>() {
    if let Some(name) = unawaited_name::<R>() {
        report(name);
    }
}

#[cold]
fn report(name: &str) {
    let listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(listener) = listener {
        listener(&format!(
            "prela: a closure that ran in a context returned an `async` block or another closure (`{name}`), \
             which runs outside of it: return `future.in_current_context()`"
        ));
    }
}

#[inline]
fn unawaited_name<R>() -> Option<&'static str> {
    if cfg!(debug_assertions) {
        unreported(type_name::<R>(), unawaited_name::<R> as fn() -> Option<&'static str> as usize)
    } else {
        None
    }
}

/// The name, if it [is that of a future](is_unawaited) and was not reported before.
fn unreported(name: &'static str, address: usize) -> Option<&'static str> {
    if !is_unawaited(name) {
        return None;
    }
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    reported.get_or_insert_default().insert(address).then_some(name)
}

/// Whether a type is an `async` block, the future of an `async fn`, or a boxed future, or holds one. Prela's
/// own futures have taken their context along.
fn is_unawaited(name: &str) -> bool {
    if name.starts_with("prela::") {
        return false;
    }
    if name.ends_with("::{{closure}}") || name.starts_with("dyn core::future::future::Future<") {
        return true;
    }
    if let Some(elements) = name.strip_prefix('(') {
        return split(elements).any(is_unawaited);
    }
    let is_holder = HOLDERS.iter().any(|holder| name.starts_with(holder));
    let parameters = name.find(['<', '[']).filter(|_| is_holder).map(|at| &name[at + 1..]);
    // A combinator polls its first parameter; the later ones are closures that it calls with the result.
    parameters.and_then(|parameters| split(parameters).next()).is_some_and(is_unawaited)
}

/// Types that hold a future and poll it only when polled themselves, unlike handles of tasks.
const HOLDERS: [&str; 9] = [
    "[",
    "alloc::boxed::Box<",
    "alloc::vec::Vec<",
    "core::option::Option<",
    "core::pin::Pin<",
    "core::result::Result<",
    "futures_util::",
    "tokio::time::timeout::Timeout<",
    "tracing::instrument::Instrumented<",
];

/// The names in a list of parameters, up to the bracket that ends it.
fn split(parameters: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(parameters);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut depth, mut before) = (0_usize, ' ');
        for (at, c) in text.char_indices() {
            match c {
                '<' | '(' | '[' => depth += 1,
                // The end of an arrow is not a bracket.
                '>' if before == '-' => {}
                '>' | ')' | ']' if depth > 0 => depth -= 1,
                ',' if depth == 0 => {
                    rest = text.get(at + 1..).map(str::trim_start);
                    return Some(&text[..at]);
                }
                '>' | ')' | ']' | ';' if depth == 0 => {
                    rest = None;
                    return Some(&text[..at]);
                }
                _ => {}
            }
            before = c;
        }
        rest = None;
        Some(text)
    })
}
