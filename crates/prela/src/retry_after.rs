//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// The time that a `Retry-After` header asks for: seconds, or a date. None if it is neither. A date that
/// has passed is no time at all.
///
/// ```
/// # #[cfg(feature = "retry")] {
/// use std::time::Duration;
///
/// assert_eq!(prela::retry::retry_after("120"), Some(Duration::from_secs(120)));
/// assert_eq!(prela::retry::retry_after("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
/// assert_eq!(prela::retry::retry_after("soon"), None);
/// # }
/// ```
///
/// Source: [RFC 9110, Retry-After](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after).
#[cfg_attr(not(feature = "retry"), expect(unreachable_pub, reason = "public with that feature"))]
pub fn retry_after(header: &str) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
