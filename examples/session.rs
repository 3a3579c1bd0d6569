//! Several operations of one user's session, each a trace of its own.
//!
//! You will see `user_login` and `fetch_user_data`, numbered 1 and 2. The session's id and the user's
//! are on every span, also on `query` below the second one, and go to other services as baggage.

use prela::Session;
use std::error::Error;

#[prela::trace(session = session)]
fn user_login(session: &Session, username: &str) -> bool {
    !username.is_empty()
}

#[prela::trace(session = session)]
fn fetch_user_data(session: &Session, user_id: &str) -> String {
    query(user_id)
}

#[prela::trace(span_type = "retrieval")]
fn query(user_id: &str) -> String {
    let baggage = prela::baggage::get("session.id").unwrap_or_default();
    format!("data of {user_id} in {baggage}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("session-tracking")?;
    let session = Session::new("session_abc123")?.user("user_42");

    if user_login(&session, "ann") {
        println!("{}", fetch_user_data(&session, "user_42"));
    }
    println!("{} operations in session {}", session.operations(), session.id());
    Ok(())
}
