//! Patterns of programs that are traced: requests, sessions, attempts, limits, resources.
//!
//! They are built of spans and contexts, which do not know them: a context carries a
//! [`Correlated`](crate::context::Correlated), a span builder takes a
//! [`Companion`](crate::span::Companion) along.

mod membership;
mod rate_limiter;
mod request_id;
#[cfg(feature = "resources")]
mod resources;
#[cfg(feature = "retry")]
pub mod retry;
mod session;

pub use self::rate_limiter::RateLimiter;
pub use self::request_id::RequestId;
pub use self::session::Session;
