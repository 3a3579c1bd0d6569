// What has no text is reported where it is asked for.

struct Secret;

#[prela::trace(skip())]
fn argument(secret: Secret) {
    drop(secret);
}

#[prela::trace(fields(text = %secret, debug = ?secret))]
fn fields(secret: &Secret) {
    let _ = secret;
}

#[prela::trace(err)]
fn error() -> Result<(), Secret> {
    Err(Secret)
}

#[prela::trace(err)]
fn later() -> impl Future<Output = Result<(), Secret>> {
    async { Ok(()) }
}

#[prela::trace(err)]
async fn at_once() -> Result<(), Secret> {
    Ok(())
}

#[prela::trace(ret)]
async fn result() -> Secret {
    Secret
}

#[prela::trace(err)]
fn no_result() -> Option<u32> {
    None
}

fn main() {
    argument(Secret);
    fields(&Secret);
    let _ = (error(), no_result());
    drop((result(), later(), at_once()));
}
