//! A function that returns a future or a stream of results, and says the type of an error only there.

#![deny(warnings)]
#![allow(dead_code)]

use futures_util::future::{BoxFuture, LocalBoxFuture};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::future::ready;
use std::io;
use std::num::ParseIntError;
use std::pin::Pin;
use std::sync::Arc;

type Outcome<T, E = String> = Result<T, E>;

#[derive(Debug)]
struct Unknown<'a>(&'a str);

impl Display for Unknown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Unknown<'_> {}

/// No `Display`.
#[derive(Debug)]
struct Hidden;

#[prela::trace(err)]
fn only_ok() -> impl Future<Output = Result<u8, String>> {
    async { Ok(1) }
}

#[prela::trace(err)]
fn only_err() -> impl Future<Output = Result<u8, String>> + Send + 'static {
    async { Err("a".into()) }
}

#[prela::trace(err)]
fn only_ready() -> impl Send + std::future::Future<Output = Outcome<u8>> {
    ready(Ok(1))
}

#[prela::trace(err(Debug), ret)]
fn only_ready_err() -> impl Future<Output = Outcome<u8, Hidden>> {
    ready(Err(Hidden))
}

#[prela::trace(err)]
fn unwritten() -> impl Future<Output = Result<(), String>> {
    async { panic!("is not called") }
}

#[prela::trace(err)]
fn of_io() -> impl Future<Output = io::Result<()>> {
    async { Ok(()) }
}

#[prela::trace(err, ret)]
fn with_a_part_inferred() -> impl Future<Output = Outcome<impl Display + Debug>> {
    async { Ok(1) }
}

#[prela::trace(err)]
fn in_a_box(text: &str) -> impl Future<Output = Result<u8, Box<dyn Error>>> {
    async { Ok(text.parse()?) }
}

#[prela::trace(err)]
fn in_a_box_that_borrows<'a>(
    text: &'a str,
) -> impl Future<Output = Result<u8, Box<dyn Error + Send + Sync + 'a>>> + 'a {
    async { text.parse().map_err(|_| Box::new(Unknown(text)) as _) }
}

#[prela::trace(err)]
fn in_an_arc() -> impl Future<Output = Result<u8, Arc<dyn Error>>> {
    async { Ok(1) }
}

#[prela::trace(err)]
fn borrowing(text: &str) -> impl Future<Output = Result<&str, Unknown<'_>>> {
    async move { Ok(text) }
}

#[prela::trace(err)]
fn an_array<const N: usize>(of: [u8; N]) -> impl Future<Output = Result<[u8; N], String>> {
    async move { Ok(of) }
}

#[prela::trace(err)]
fn by_error<E: Error>() -> impl Future<Output = Result<u8, E>> {
    async { Ok(1) }
}

#[prela::trace(err)]
fn by_text<E>() -> impl Future<Output = Result<u8, E>>
where
    E: Display + Send + 'static,
{
    async { Ok(1) }
}

#[prela::trace(err(Debug))]
fn by_debug<E: Debug>() -> impl Future<Output = Result<u8, E>> {
    async { Ok(1) }
}

#[prela::trace(err)]
fn of_a_reference<E: Display>(error: &E) -> impl Future<Output = Result<(), &E>> {
    async move { Err(error) }
}

#[prela::trace(err)]
fn of_another<F: Future<Output = Result<u8, E>>, E: Display>(
    future: F,
) -> impl Future<Output = F::Output> {
    future
}

#[prela::trace(err)]
fn converted<E: From<ParseIntError> + Display>(text: &str) -> impl Future<Output = Result<u8, E>> {
    async { Ok(text.parse::<u8>()?) }
}

#[prela::trace(err)]
fn pinned(text: &str) -> Pin<Box<dyn Future<Output = Result<u8, Box<dyn Error>>> + '_>> {
    Box::pin(async { Ok(text.parse()?) })
}

#[prela::trace(err)]
fn pinned_by_text<'a, E: Display + 'a>() -> Pin<Box<dyn Future<Output = Result<u8, E>> + 'a>> {
    Box::pin(async { Ok(1) })
}

#[prela::trace(err)]
fn boxed(text: &str) -> BoxFuture<'_, Result<u8, Unknown<'_>>> {
    Box::pin(async move { Err(Unknown(text)) })
}

#[prela::trace(err)]
fn boxed_alias() -> LocalBoxFuture<'static, Outcome<u8>> {
    Box::pin(ready(Ok(1)))
}

#[prela::trace(err)]
fn boxed_with_a_part_inferred<'a>(
    text: &'a str,
) -> BoxFuture<'a, Result<impl Iterator<Item = u8>, Box<dyn Error + Send + 'a>>> {
    Box::pin(async { Ok(text.bytes()) })
}

#[prela::trace(err)]
fn boxed_and_converted<'a, E: From<ParseIntError> + Display + 'a>(
    text: &'a str,
) -> LocalBoxFuture<'a, Result<u8, E>> {
    Box::pin(async { Ok(text.parse::<u8>()?) })
}

#[prela::trace]
fn items() -> impl Stream<Item = Result<u8, String>> {
    stream::iter([Ok(1)])
}

#[prela::trace]
fn items_converted<E: From<ParseIntError>>(text: &str) -> impl Stream<Item = Result<u8, E>> {
    stream::once(async { Ok(text.parse::<u8>()?) })
}

#[prela::trace]
fn boxed_items<'a>() -> BoxStream<'a, Result<u8, Box<dyn Error + Send + Sync + 'a>>> {
    stream::iter([Err("a".into())]).boxed()
}

#[prela::trace]
fn pinned_items() -> Pin<Box<dyn Stream<Item = Outcome<u8>>>> {
    Box::pin(stream::iter([Ok(1)]))
}

macro_rules! traced {
    ($name:ident -> $returned:ty, $body:expr) => {
        #[prela::trace(err)]
        fn $name() -> $returned {
            $body
        }
    };
}

traced!(of_a_macro -> impl Future<Output = Result<u8, String>>, async { Ok(1) });

fn main() {
    drop((only_ok(), only_err(), only_ready(), only_ready_err(), of_io(), of_a_macro()));
    drop((
        in_a_box_that_borrows(&String::from("a")),
        by_text::<String>(),
        by_error::<fmt::Error>(),
    ));
    drop((boxed("a"), pinned("a"), items(), boxed_items()));
}
