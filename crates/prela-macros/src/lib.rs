//! The attribute macros of `prela`: use them through it, as `#[prela::trace]` and
//! `#[prela::trace_impl]`.
//!
//! Each is parsed, checked and expanded, in this order. What the expansion does at run time is in
//! `prela::__private`.

mod args;
mod errors;
mod function;
mod impl_block;
mod stream;

use proc_macro::TokenStream;

// The examples run as doctests of `prela`: this crate cannot use it.
#[cfg_attr(not(doctest), doc = include_str!("trace.md"))]
#[proc_macro_attribute]
pub fn trace(args: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(args.into(), item.into()).into()
}

#[cfg_attr(not(doctest), doc = include_str!("trace_impl.md"))]
#[proc_macro_attribute]
pub fn trace_impl(args: TokenStream, item: TokenStream) -> TokenStream {
    impl_block::expand(args.into(), item.into()).into()
}
