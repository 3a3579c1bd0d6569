//! `err` takes a `Result` by whichever name, and errors of every sort, however little a body says of them.

#![deny(warnings)]
#![allow(dead_code)]

use prela::retry::RetryPolicy;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::io;
use std::num::ParseIntError;
use std::sync::Arc;

type Outcome<T, E = String> = Result<T, E>;

/// A name that the expansion has, too.
#[derive(Debug)]
struct Shown;

/// An error that borrows.
#[derive(Debug)]
struct Unknown<'a>(&'a str);

impl Display for Unknown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Unknown<'_> {}

#[prela::trace(err)]
fn of_io() -> io::Result<()> {
    Ok(())
}

#[prela::trace(err)]
fn of_an_alias() -> Outcome<u8> {
    Ok(1)
}

#[prela::trace(err(Debug))]
async fn of_a_name() -> Outcome<u8, Shown> {
    Ok(1)
}

#[prela::trace(err(Debug))]
async fn always_of_a_name() -> Outcome<u8, Shown> {
    Err(Shown)
}

#[prela::trace(err)]
fn of_nothing() -> Result<impl Iterator<Item = u8>, Infallible> {
    Ok([1].into_iter())
}

#[prela::trace(err)]
async fn of_nothing_later() -> Result<impl Iterator<Item = u8>, Infallible> {
    Ok([1].into_iter())
}

#[prela::trace(err)]
fn of_some_error(fails: bool) -> Result<(), impl Error> {
    if fails { Err(fmt::Error) } else { Ok(()) }
}

#[prela::trace(err)]
fn unwritten() -> Result<u8, String> {
    panic!("is not called")
}

#[prela::trace(err)]
async fn unwritten_later() -> Result<u8, String> {
    panic!("is not called")
}

#[prela::trace(err)]
fn borrowed<'a>(text: &'a str) -> Result<(), &'a str> {
    if text.is_empty() { Err(text) } else { Ok(()) }
}

#[prela::trace(err)]
async fn borrowed_later<'a>(text: &'a str) -> Result<(), &'a str> {
    if text.is_empty() { Err(text) } else { Ok(()) }
}

#[prela::trace(err)]
fn borrowing(text: &str) -> Result<(), Unknown<'_>> {
    Err(Unknown(text))
}

#[prela::trace(err)]
fn in_a_box<'a>(text: &'a str) -> Result<(), Box<dyn Error + 'a>> {
    Err(Box::new(Unknown(text)))
}

#[prela::trace(err(Debug))]
fn in_a_box_to_send(text: &str) -> Result<u8, Box<dyn Error + Send + '_>> {
    text.parse().map_err(|_| Box::new(Unknown(text)) as _)
}

#[prela::trace(err)]
async fn in_a_box_later(text: &str) -> Result<(), Box<dyn Error + Send + Sync + '_>> {
    Err(Box::new(Unknown(text)))
}

#[prela::trace(err)]
fn in_an_arc() -> Result<(), Arc<dyn Error + Send + Sync>> {
    Ok(())
}

#[prela::trace(err)]
fn by_reference<'a>(error: &'a dyn Error) -> Result<(), &'a dyn Error> {
    Err(error)
}

#[prela::trace(err)]
fn box_by_reference(error: &Box<dyn Error>) -> Result<(), &Box<dyn Error>> {
    Err(error)
}

#[prela::trace(err)]
fn by_error<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err)]
fn by_text<E: Display>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err)]
fn by_text_that_is_more<E: Display + AsRef<str> + Into<String>>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err(Debug))]
fn by_debug<E: Debug>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err)]
fn never<E: Error>() -> Result<(), E> {
    Ok(())
}

#[prela::trace(err)]
async fn never_later<E: Display>() -> Result<(), E> {
    Ok(())
}

#[prela::trace(err)]
fn converted<E: From<ParseIntError> + Display>(text: &str) -> Result<u8, E> {
    Ok(text.parse::<u8>()?)
}

#[prela::trace(err)]
async fn converted_later<E: From<ParseIntError> + Display>(text: &str) -> Result<u8, E> {
    Ok(text.parse::<u8>()?)
}

#[prela::trace(err, ret)]
fn boxed(text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[prela::trace(err)]
fn inferred() -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(["1"].iter().map(|it| it.parse()).collect::<Result<_, ParseIntError>>()?)
}

#[prela::trace(retry = RetryPolicy::new(2))]
fn tried() -> Outcome<u8> {
    Ok(1)
}

#[prela::trace(retry = RetryPolicy::new(2))]
async fn tried_later(text: &str) -> Result<u8, Box<dyn Error + '_>> {
    Err(Box::new(Unknown(text)))
}

#[prela::trace(retry = RetryPolicy::new(2))]
fn tried_and_converted<E: From<ParseIntError> + Display>(text: &str) -> Result<u8, E> {
    Ok(text.parse::<u8>()?)
}

fn main() {
    let _ = (of_io(), of_an_alias(), of_nothing().map(Iterator::count), borrowed(""));
    let _ = (by_error(fmt::Error), by_text("a"), by_debug(Shown), boxed("1"), inferred());
    let _ = (in_a_box(&String::from("a")), never::<fmt::Error>(), tried(), of_some_error(true));
    let _ = (converted::<ParseIntError>("a"), box_by_reference(&"a".into()));
    drop((of_a_name(), borrowed_later(""), in_a_box_later(&String::from("a"))));
}
