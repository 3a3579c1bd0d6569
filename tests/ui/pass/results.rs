//! `err` takes a `Result` by whichever name, and errors of every sort.

#![deny(warnings)]

use std::error::Error;
use std::fmt::{Debug, Display};
use std::io;

type Outcome<T, E = String> = Result<T, E>;

/// A name that the expansion has, too.
#[derive(Debug)]
struct Shown;

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

#[prela::trace(err)]
fn of_nothing() -> Result<impl Iterator<Item = u8>, std::convert::Infallible> {
    Ok([1].into_iter())
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
fn by_error<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err)]
fn by_text<E: Display>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err(Debug))]
fn by_debug<E: Debug>(error: E) -> Result<(), E> {
    Err(error)
}

#[prela::trace(err, ret)]
fn boxed(text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[prela::trace(err)]
fn inferred() -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(["1"].iter().map(|it| it.parse()).collect::<Result<_, std::num::ParseIntError>>()?)
}

fn main() {
    let _ = (of_io(), of_an_alias(), of_nothing().map(Iterator::count), borrowed(""));
    let _ = (by_error(std::fmt::Error), by_text("a"), by_debug(Shown), boxed("1"), inferred());
    drop((of_a_name(), borrowed_later("")));
}
