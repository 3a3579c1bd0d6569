//! Content of functions with arguments and results of every sort.

#![deny(warnings)]

use std::fmt::Display;
use std::future::Future;

struct Opaque;

#[prela::trace(span_type = "tool", capture)]
fn by_pattern((a, mut b): (u32, u32), [first, ..]: [u8; 2], _unused: Opaque, _: u8) -> Result<u32, Opaque> {
    b += a + u32::from(first);
    Ok(b)
}

#[prela::trace(span_type = "tool", capture)]
fn generic<'a, T, U: Display + ?Sized>(value: T, text: &'a U, call: impl Fn() -> T) -> (T, &'a U) {
    drop(call());
    (value, text)
}

#[prela::trace(span_type = "tool", capture, err, ret)]
async fn later(words: Vec<&str>) -> Result<String, std::fmt::Error> {
    Ok(words.join(" "))
}

#[prela::trace(capture)]
fn opaque() -> impl Display {
    "text"
}

#[prela::trace(capture)]
fn future() -> impl Future<Output = Opaque> {
    async { Opaque }
}

#[prela::trace(capture)]
fn never() -> ! {
    std::process::exit(0)
}

#[prela::trace(span_type = "tool", capture)]
fn borrowed(text: &mut String, json: &str) -> usize {
    text.push_str(json);
    text.len()
}

struct Desk;

#[prela::trace_impl(span_type = "tool")]
impl Desk {
    #[prela::trace(capture)]
    pub fn open(&mut self, self_: u8) -> &mut Self {
        let _ = self_;
        self
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() {
    assert!(by_pattern((1, 2), [3, 4], Opaque, 5).is_ok());
    assert_eq!(generic(1, "x", || 2), (1, "x"));
    drop(is_send(later(vec!["a"])));
    assert_eq!(opaque().to_string(), "text");
    drop(future());
    assert_eq!(borrowed(&mut String::new(), "a"), 1);
    Desk.open(1);
    never();
}
