//! The line of code that would have kept the context.

use crate::query::Span;

/// What hands the context over to a thread of this name.
pub(super) fn for_thread(thread: &str, name: &str) -> String {
    let thread = thread.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| thread.contains(word));
    if is(&["rayon", "pool"]) {
        return "let job = pool.spawn_traced(move || work()); // use prela::prelude::*;".to_owned();
    }
    if is(&["tokio", "async", "blocking"]) {
        let name = name.escape_debug();
        return format!(
            "let span = prela::tracer().span(\"{name}\", SpanType::Custom);\n\
             tokio::spawn(work().in_span(span)); // use prela::prelude::*;"
        );
    }
    "let work = prela::copy_context_to_thread(work); // before the thread is given `work`"
        .to_owned()
}

/// Why the parent of a span is not there, and what helps.
pub(super) fn for_orphan(span: &Span) -> (String, String) {
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let flags = span.message.flags;
    let parent = span.parent_id.map(|it| it.to_string()).unwrap_or_default();
    if flags & HAS_IS_REMOTE != 0 && flags & IS_REMOTE != 0 {
        return (
            format!(
                "its parent {parent} is in another process, which has not sent it: it still runs, sends \
                 elsewhere, or is not traced"
            ),
            "let _prela = prela::init(\"caller\")?; // in the calling process, with the same endpoint"
                .to_owned(),
        );
    }
    (
        format!(
            "its parent {parent} has not been sent: it has not ended yet, or the process ended before it did"
        ),
        "let _prela = prela::init(\"service\")?; // kept in `main` until the end: dropping it sends the rest"
            .to_owned(),
    )
}
