//! Names of the user's do not get into the expansion, nor the other way round.

#![allow(dead_code, unused_macros)]

mod core {}
mod std {}
mod alloc {}
struct Option;
struct Some;
struct None;
struct Result;
struct String;
struct Box;
struct Future;
struct Send;
struct SpanType;
struct Span;
trait Into {}
trait OfAll {
    fn call(&self) {}
    fn debug(&self) {}
    fn display(&self) {}
    fn error(&self) {}
    fn into_result(&self) {}
}
impl<T: ?Sized> OfAll for T {}
macro_rules! concat {
    () => {};
}
macro_rules! module_path {
    () => {};
}

#[prela::trace(span_type = "tool", skip(), fields(more = 1), err, ret)]
fn function(span: u32, result: u32) -> ::std::result::Result<u32, u32> {
    let value = span;
    Ok(value + result)
}

#[prela::trace(skip(), err(Debug), ret(Debug))]
async fn later(
    span: u32,
    (value, argument_0): (u32, u32),
    _: u32,
) -> ::std::result::Result<u32, u32> {
    Ok(span + value + argument_0)
}

#[prela::trace]
fn boxed(span: u32) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = u32>>> {
    ::std::boxed::Box::pin(async move { span })
}

#[prela::trace(err)]
fn in_a_future() -> impl ::std::future::Future<Output = ::std::result::Result<u32, u32>> {
    async { Ok(1) }
}

#[prela::trace(retry = prela::retry::RetryPolicy::new(2))]
fn tried() -> ::std::result::Result<u32, u32> {
    Ok(1)
}

fn main() {
    assert!(matches!(function(1, 2), Ok(3)));
    drop((later(1, (2, 3), 4), boxed(1), in_a_future()));
    let _ = tried();
}
