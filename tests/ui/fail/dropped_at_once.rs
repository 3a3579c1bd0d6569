//! What a start returns has to be kept.

#![deny(unused_must_use, let_underscore_drop)]

fn of_init() {
    prela::init("app");
}

fn without_a_variable() -> Result<(), prela::Error> {
    prela::init("app")?;
    prela::builder().build()?;
    Ok(())
}

fn without_a_name() -> Result<(), prela::Error> {
    let _ = prela::init("app")?;
    Ok(())
}

fn main() {}
