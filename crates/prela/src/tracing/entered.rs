//! Which spans of `tracing`'s are entered on this thread.

use crate::context::{self, ContextScope};
use std::cell::RefCell;
use tracing_core::span::Id;

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
pub(super) fn push(span: Id, scope: ContextScope, at: Option<u64>) {
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(Entered { span, scope, at }));
}

/// Leaves the span; it may have been entered several times, and others since. Returns when it was entered.
pub(super) fn pop(span: &Id) -> Option<Option<u64>> {
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
