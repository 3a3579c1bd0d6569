#[prela::trace(capture, retry = RetryPolicy::new(3))]
fn retried() -> Result<(), String> {
    Ok(())
}

#[prela::trace(capture)]
#[track_caller]
fn checked() -> u8 {
    1
}

#[prela::trace(capture, capture)]
fn twice() {}

#[prela::trace(capture, skip(b))]
fn skipped(_a: u8) {}

#[prela::trace_impl(capture)]
impl Desk {}

fn main() {}
