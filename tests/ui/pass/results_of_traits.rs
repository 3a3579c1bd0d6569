//! Methods of traits whose errors are the traits' own types.

#![deny(warnings)]
#![allow(dead_code)]

use futures_util::future::BoxFuture;
use std::error::Error;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

trait Store {
    type Error: Display;

    fn get(&self, key: &str) -> Result<usize, Self::Error>;

    fn find(&self, key: &str) -> impl Future<Output = Result<usize, Self::Error>>;

    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<usize, Self::Error>>;

    #[prela::trace(err)]
    fn given(&self, value: usize) -> Result<usize, Self::Error> {
        Ok(value)
    }

    #[prela::trace(err)]
    fn given_later(&self, value: usize) -> impl Future<Output = Result<usize, Self::Error>> {
        async move { Ok(value) }
    }
}

struct Memory;

#[prela::trace_impl]
impl Store for Memory {
    type Error = String;

    #[prela::trace(err)]
    fn get(&self, key: &str) -> Result<usize, Self::Error> {
        Ok(key.len())
    }

    #[prela::trace(err)]
    fn find(&self, key: &str) -> impl Future<Output = Result<usize, Self::Error>> {
        let length = key.len();
        async move { Ok(length) }
    }

    #[prela::trace(err)]
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<usize, Self::Error>> {
        Box::pin(async { Ok(key.len()) })
    }
}

struct Of<'s, E>(&'s str, PhantomData<E>);

#[prela::trace_impl(span_type = "tool")]
impl<'s, E: Error> Store for Of<'s, E> {
    type Error = E;

    #[prela::trace(err)]
    fn get(&self, _key: &str) -> Result<usize, E> {
        Ok(self.0.len())
    }

    #[prela::trace(err)]
    async fn find(&self, _key: &str) -> Result<usize, Self::Error> {
        Ok(self.0.len())
    }

    #[prela::trace(err)]
    fn load<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<usize, E>> {
        let length = self.0.len();
        Box::pin(async move { Ok(length) })
    }
}

#[prela::trace_impl]
impl<'s, E> Of<'s, E> {
    #[prela::trace(err)]
    pub fn own(&self) -> Result<usize, &'s str> {
        Err(self.0)
    }

    #[prela::trace(err)]
    pub fn own_later(&self) -> impl Future<Output = Result<usize, &'s str>> + use<'_, 's, E> {
        async { Ok(self.0.len()) }
    }

    #[prela::trace(err)]
    pub fn text<D>(self, error: D) -> impl Future<Output = Result<Self, D>>
    where
        D: Display,
    {
        async move { if self.0.is_empty() { Err(error) } else { Ok(self) } }
    }
}

#[prela::trace(err)]
fn parsed<T: FromStr>(text: &str) -> Result<T, T::Err>
where
    T::Err: Display,
{
    text.parse()
}

#[prela::trace(err)]
fn parsed_later<T>(text: &str) -> impl Future<Output = Result<T, <T as FromStr>::Err>>
where
    T: FromStr<Err: Error>,
{
    async { Ok(text.parse()?) }
}

/// What an error converts into says nothing of the error.
#[prela::trace(err)]
fn with_more<E, T: ?Sized>() -> Result<(), E>
where
    E: Display + for<'a> From<&'a str> + AsRef<str> + AsRef<T> + Into<Box<dyn Error>>,
{
    Err("a".into())
}

fn some_text() -> Result<(), impl Display> {
    Err("a")
}

#[prela::trace(err)]
fn of_another() -> Result<(), impl Display> {
    some_text()
}

#[prela::trace(err)]
fn of_another_later() -> impl Future<Output = Result<(), impl Display>> {
    async { some_text() }
}

fn main() {
    let memory = Memory;
    let _ = (memory.get("a"), memory.given(1));
    drop((memory.find("a"), memory.load("a"), memory.given_later(1)));
    let of = Of::<fmt::Error>("a", PhantomData);
    let _ = (of.get("a"), of.own());
    drop((of.find("a"), of.load("a"), of.own_later()));
    drop(of.text("b"));
    let _ = (parsed::<u8>("a"), of_another());
    drop((parsed_later::<u8>("a"), of_another_later()));
}
