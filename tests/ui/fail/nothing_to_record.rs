use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

#[prela::trace(err, ret)]
fn unit() {}

#[prela::trace(ret)]
async fn unit_later() -> () {}

#[prela::trace(ret)]
fn numbers() -> impl Stream<Item = u32> {
    stream::iter([1])
}

#[prela::trace(err)]
fn boxed_numbers() -> BoxStream<'static, u32> {
    stream::iter([1]).boxed()
}

#[prela::trace(err)]
#[track_caller]
fn checked() -> Result<(), String> {
    Ok(())
}

fn main() {
    unit();
    drop((unit_later(), numbers(), boxed_numbers()));
    let _ = checked();
}
