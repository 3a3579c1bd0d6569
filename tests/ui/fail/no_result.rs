// `err` and `retry` look at a result: a function without one is told so at what it returns.

use prela::retry::RetryPolicy;

struct Answer;

#[prela::trace(err)]
fn option() -> Option<u32> {
    None
}

#[prela::trace(err)]
async fn number(of: u32) -> u32 {
    of
}

#[prela::trace(err)]
fn later() -> impl Future<Output = String> {
    async { String::new() }
}

#[prela::trace(err(Debug))]
fn debug() -> Answer {
    Answer
}

#[prela::trace(retry = RetryPolicy::<String>::new(3))]
fn tried() -> Answer {
    Answer
}

fn main() {
    let _ = (option(), debug(), tried());
    drop((number(1), later()));
}
