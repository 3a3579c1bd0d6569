//! The assertion that spans form the trees which a test expects.

mod compare;
mod text;
mod tree;

use self::compare::compare;
use self::tree::Tree;
use crate::SpanType;
use crate::span::SpanData;
use std::sync::Arc;

/// Asserts that spans form these trees: each has this type, this name, this outcome and these children, and
/// there are no others.
///
/// A span is written as its [type](SpanType) in lower case, its name, the word `error` if its status is one,
/// and its children in braces, in the order in which they start. Of spans that start at the same moment, as
/// under a clock that stands still, the order does not matter. There may be several roots, or none. The spans
/// are those of [`Capture::spans`](crate::testing::Capture::spans) or of a
/// [`MemoryExporter`](crate::export::MemoryExporter); one whose parent is not among them counts as a root.
///
/// ```
/// use prela::testing::{Capture, assert_trace};
/// use prela::SpanType;
///
/// let capture = Capture::new();
/// let tracer = capture.tracer();
/// tracer.span("support", SpanType::Agent).in_scope(|_| {
///     tracer.span("chat gpt-4o", SpanType::Llm).in_scope(|_| ());
///     let found = tracer.span("search", SpanType::Tool);
///     let _ = found.in_scope_result(|_| "no index".parse::<u32>());
/// });
///
/// assert_trace!(capture.spans(), {
///     agent "support" {
///         llm "chat gpt-4o" {}
///         tool "search" error {}
///     }
/// });
/// ```
///
/// `prela show last --as-test` prints a recorded trace in this form.
///
/// # Panics
///
/// If the spans form other trees. The text says what differs and where, and shows both, with a mark at each
/// line that differs.
#[doc(hidden)] // at the root, where macros are exported; it stands in `testing`
#[macro_export]
macro_rules! __assert_trace {
    ($spans:expr, { $($trees:tt)* } $(,)?) => {
        $crate::testing::assert_trees(&$spans, $crate::__trees!($($trees)*))
    };
}

/// The expected spans of [`assert_trace!`](crate::testing::assert_trace).
#[doc(hidden)]
#[macro_export]
macro_rules! __trees {
    ($($span_type:ident $name:literal $($outcome:ident)? { $($children:tt)* })*) => {
        ::std::vec::Vec::<$crate::testing::ExpectedSpan>::from([$(
            $crate::testing::ExpectedSpan::new(
                const { $crate::testing::span_type(::std::stringify!($span_type)) },
                $name,
                $crate::__trees!(@outcome $($outcome)?),
                $crate::__trees!($($children)*),
            )
        ),*])
    };
    (@outcome) => { false };
    (@outcome error) => { true };
}

/// A span that a test expects.
#[doc(hidden)]
#[derive(Debug)]
pub struct ExpectedSpan {
    span_type: SpanType,
    name: &'static str,
    is_error: bool,
    children: Vec<Self>,
}

impl ExpectedSpan {
    pub fn new(
        span_type: SpanType,
        name: &'static str,
        is_error: bool,
        children: Vec<Self>,
    ) -> Self {
        Self { span_type, name, is_error, children }
    }
}

/// The type of this name. The compiler evaluates it, so an unknown name does not compile.
#[doc(hidden)]
pub const fn span_type(name: &str) -> SpanType {
    let mut at = 0;
    while at < SpanType::ALL.len() {
        if is_same(SpanType::ALL[at].as_str().as_bytes(), name.as_bytes()) {
            return SpanType::ALL[at];
        }
        at += 1;
    }
    panic!(
        "this is no type of a span; the types are: agent, llm, tool, retrieval, embedding, custom, chain, workflow, reranker, guardrail, evaluator"
    )
}

/// Whether two byte strings are equal: constant code cannot compare them by `==` yet.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Asserts that spans form these trees, for [`assert_trace!`](crate::testing::assert_trace).
#[doc(hidden)]
#[track_caller]
pub fn assert_trees(spans: &(impl AsRef<[Arc<SpanData>]> + ?Sized), expected: Vec<ExpectedSpan>) {
    let (expected, recorded) = (Tree::expected(expected), Tree::recorded(spans.as_ref()));
    let differences = compare(&expected, &recorded);
    assert!(differences.is_empty(), "{}", text::failure(&differences, &expected, &recorded));
}
