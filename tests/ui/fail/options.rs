use futures_util::stream::{self, Stream};

#[prela::trace(sample = 1.5)]
fn too_much() {}

#[prela::trace(sample = -1)]
fn too_little() {}

#[prela::trace(sample, session, retry)]
fn no_values() {}

#[prela::trace(retry = RetryPolicy::new(3))]
fn unit() {}

#[prela::trace(retry = RetryPolicy::new(3), err, ret)]
fn twice() -> Result<(), String> {
    Ok(())
}

#[prela::trace(retry = RetryPolicy::new(3))]
fn numbers() -> impl Stream<Item = u32> {
    stream::iter([1])
}

#[prela::trace(retry = RetryPolicy::new(3))]
#[track_caller]
fn checked() -> Result<(), String> {
    Ok(())
}

fn main() {}
