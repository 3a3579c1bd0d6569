//! In builds with debug assertions: closures whose result runs when their scope is over.
//!
//! `span.in_scope(|_| async move { .. }).await` compiles, and gives a span around nothing. Only a trait
//! that no future has could refuse it, and there is none that all other types have; handles of tasks,
//! which are futures too, are right to be returned. So it is told, by the name of the result's type, which
//! costs nothing where it is not built in.

use std::any::type_name;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Who is told of what no instance is known for.
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);
/// The types that were told of, by the address of what is compiled for each: several in one function have
/// the same name.
static TOLD: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

/// Has the lines of this process told to the instance that is global.
pub(crate) fn listen(listener: impl Fn(&str) + Send + Sync + 'static) {
    if cfg!(debug_assertions) {
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(listener));
    }
}

/// What to say of a span's closure that gave such a result, the first time.
#[inline]
pub(crate) fn of_span<R>() -> Option<String> {
    let name = late_name::<R>()?;
    Some(format!(
        "prela: the closure of `in_scope` returned an `async` block or another closure (`{name}`), which runs \
         when the span is over: for code that awaits write `span.run(async |span| ..).await`"
    ))
}

/// Tells of a closure that ran in a context and gave such a result, the first time.
#[inline]
pub(crate) fn of_context<R>() {
    if let Some(name) = late_name::<R>() {
        tell(name);
    }
}

#[cold]
fn tell(name: &str) {
    let listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(listener) = listener {
        listener(&format!(
            "prela: a closure that ran in a context returned an `async` block or another closure (`{name}`), \
             which runs outside of it: return `future.in_current_context()`"
        ));
    }
}

#[inline]
fn late_name<R>() -> Option<&'static str> {
    if cfg!(debug_assertions) {
        untold(type_name::<R>(), late_name::<R> as fn() -> Option<&'static str> as usize)
    } else {
        None
    }
}

/// The name, if it is [late](is_late), and if it was not told of before.
fn untold(name: &'static str, address: usize) -> Option<&'static str> {
    if !is_late(name) {
        return None;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.get_or_insert_default().insert(address).then_some(name)
}

/// Whether a type is an `async` block, the future of an `async fn`, or a boxed future, or holds one. Prela's
/// own futures have taken their context along.
fn is_late(name: &str) -> bool {
    if name.starts_with("prela::") {
        return false;
    }
    if name.ends_with("::{{closure}}") || name.starts_with("dyn core::future::future::Future<") {
        return true;
    }
    if let Some(held) = name.strip_prefix('(') {
        return split(held).any(is_late);
    }
    let is_holder = HOLDERS.iter().any(|holder| name.starts_with(holder));
    let held = name.find(['<', '[']).filter(|_| is_holder).map(|at| &name[at + 1..]);
    // What a combinator polls is its first parameter; closures that it calls with the result come later.
    held.and_then(|held| split(held).next()).is_some_and(is_late)
}

/// Types that keep a future as it is, or poll it when they are polled; not those that have given it to a
/// runtime.
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
                // An arrow is no bracket.
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
