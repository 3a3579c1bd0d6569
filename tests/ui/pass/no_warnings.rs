//! The expansion sets off no lint of the compiler.

#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    rust_2024_compatibility,
    unused,
    missing_docs,
    unreachable_pub,
    single_use_lifetimes,
    trivial_casts,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
#![forbid(unsafe_code)]

use std::fmt::Display;

/// A document.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
}

#[prela::trace_impl(span_type = "tool")]
impl Document {
    /// Makes one.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Its text, if it has any.
    #[prela::trace(skip(), fields(length = self.text.len()), ret, err)]
    pub fn text(&self, _strict: bool) -> Result<&str, &'static str> {
        if self.text.is_empty() {
            return Err("empty");
        }
        Ok(&self.text)
    }

    /// Puts it into capitals.
    pub async fn capitals(mut self) -> Self {
        self.text = self.text.to_uppercase();
        self
    }
}

#[prela::trace(skip(a, b, rest), fields(shown = %a), err(Debug))]
async fn both<A: Display, B>(
    (a, mut b): (A, Vec<B>),
    _: u8,
    mut rest: Vec<B>,
) -> Result<Vec<B>, ()> {
    b.append(&mut rest);
    std::future::ready(()).await;
    Ok(b)
}

#[prela::trace]
fn later(_unused: &str) -> impl Future<Output = ()> + use<> {
    std::future::ready(())
}

#[prela::trace(err, ret)]
fn result_later() -> impl Future<Output = Result<(), String>> {
    async { Ok(()) }
}

#[prela::trace(skip(used_by_a_field))]
fn nothing(used_by_a_field: String) {
    drop(used_by_a_field);
}

/// A tool.
pub trait Tool {
    /// Calls it.
    fn call(&self, input: &str) -> impl Future<Output = usize> + Send;

    /// Calls it twice.
    fn call_twice(&self) -> impl Future<Output = usize>;
}

impl Tool for Document {
    #[prela::trace(skip(input))]
    async fn call(&self, input: &str) -> usize {
        self.text.len() + input.len()
    }

    #[prela::trace]
    async fn call_twice(&self) -> usize {
        self.call("").await + self.call("").await
    }
}

#[rustfmt::skip]
mod in_one_line {
    #[prela::trace] pub(super) fn function(a: u32) -> u32 { a + 1 }
    #[prela::trace] pub(super) fn unit(a: &mut u32) { *a += 1; }
    #[prela::trace(skip())] pub(super) fn empty() {}
    #[prela::trace] pub(super) fn block() -> u32 { if true { 1 } else { 2 } }
    #[prela::trace(ret)] pub(super) async fn later(a: u32) -> u32 { a + 1 }
    #[prela::trace] #[track_caller] pub(super) fn track_caller(a: u32) -> u32 { a + 1 }
    #[prela::trace] pub(super) fn with_items() -> u32 { const LIMIT: u32 = 3; LIMIT }
}

fn main() {
    let mut sum = in_one_line::function(1) + in_one_line::block() + in_one_line::track_caller(1);
    in_one_line::unit(&mut sum);
    in_one_line::empty();
    drop(in_one_line::later(in_one_line::with_items()));
    let document = Document::new("a");
    let _text = document.text(true);
    drop(document.capitals());
    drop(both(("a", vec![1]), 1, vec![2]));
    drop(later(""));
    drop(result_later());
    nothing(String::new());
}
