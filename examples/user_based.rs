//! Only the calls of some users are traced.
//!
//! You will see two traces, of the users `user_123` and `user_456`, and none of the others'. The list
//! belongs to one function here; for a whole service give `Sampler::users` to the builder.

use std::error::Error;

const BETA_USERS: [&str; 2] = ["user_123", "user_456"];

#[prela::trace(
    sample = BETA_USERS.contains(&user_id),
    fields("user.id" = user_id, "user.traced" = true)
)]
fn beta_feature(user_id: &str, data: &str) -> String {
    format!("{user_id} has {}", suggest(data))
}

#[prela::trace(span_type = "tool")]
fn suggest(data: &str) -> String {
    format!("the new {data}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("user-based")?;
    for user_id in ["user_123", "user_456", "user_789", "user_000"] {
        println!("{}", beta_feature(user_id, "search"));
    }
    Ok(())
}
