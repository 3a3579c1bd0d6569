// A body is checked as without the attribute, and what is wrong is told where the user wrote it.

use std::future::{Ready, ready};

#[prela::trace(err)]
fn another_value() -> impl Future<Output = Result<usize, String>> {
    ready(Ok::<u8, String>(1))
}

#[prela::trace(err)]
fn another_error() -> impl Future<Output = Result<usize, String>> {
    later()
}

#[prela::trace(err)]
fn no_future() -> impl Future<Output = Result<usize, String>> {
    at_once()
}

#[prela::trace(err)]
async fn of_an_async_fn() -> Result<usize, String> {
    at_once()
}

#[prela::trace(err)]
fn of_a_function() -> Result<usize, String> {
    at_once()
}

fn at_once() -> Result<usize, u8> {
    Ok(1)
}

fn later() -> Ready<Result<usize, u8>> {
    ready(at_once())
}

fn main() {
    drop((another_value(), another_error(), no_future(), of_an_async_fn()));
    let _ = of_a_function();
}
