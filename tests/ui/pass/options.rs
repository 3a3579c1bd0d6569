//! Options, with arguments of every sort.

#![deny(warnings)]

use prela::retry::RetryPolicy;
use prela::{RequestId, Sampler, Session};
use std::sync::LazyLock;

static SAMPLER: LazyLock<Sampler> = LazyLock::new(|| Sampler::adaptive(0.1));
static POLICY: LazyLock<RetryPolicy<String>> = LazyLock::new(|| RetryPolicy::new(2));

#[prela::trace(sample = &*SAMPLER, request_id, retry = &*POLICY)]
async fn by_reference<T: AsRef<str> + Clone>(text: T, (a, mut b): (u32, u32)) -> Result<u32, String> {
    b += a;
    drop(text);
    Ok(b)
}

#[prela::trace(sample = 1, session = session.clone(), request_id = id, resources)]
fn by_value(session: &Session, id: RequestId, mut words: Vec<String>) -> usize {
    words.clear();
    words.len()
}

#[prela::trace(sample = users.contains(&user), retry = RetryPolicy::new(3))]
fn for_users(users: &[&str], user: &str, _unused: u8) -> Result<(), std::fmt::Error> {
    if user.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(())
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() {
    drop(is_send(by_reference("text", (1, 2))));
    let session = Session::new("s1").unwrap();
    assert_eq!(by_value(&session, RequestId::new(), Vec::new()), 0);
    assert_eq!(for_users(&["ann"], "ann", 1), Ok(()));
}
