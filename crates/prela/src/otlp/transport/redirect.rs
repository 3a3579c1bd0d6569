//! Answers that redirect. None is followed: the headers, with their secrets, would go along.

use super::Connection;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

/// Where an answer redirects to, as text that follows its status; none if it does not redirect. At most scheme,
/// host and port are shown, since paths and queries can be secrets.
pub(super) fn elsewhere(
    status: StatusCode,
    headers: &HeaderMap,
    connection: &Connection,
) -> Option<String> {
    if !status.is_redirection() {
        return None;
    }
    let place = place(headers.get(LOCATION)?, connection);
    let place = connection.remark(&place);
    Some(format!(
        ", to {place}, and redirects are not followed: set the endpoint to the new address"
    ))
}

fn place(location: &HeaderValue, connection: &Connection) -> String {
    let scheme = connection.endpoint.scheme_str().unwrap_or("http");
    let text = location.to_str().ok().map(str::trim);
    // Relative to the request's URL, such as `v1/traces/` or `?a=b`.
    if text.is_some_and(|text| !text.is_empty() && !text.contains(':') && !text.starts_with("//")) {
        return "another path of the same host".to_owned();
    }
    let parsed = text.and_then(|text| {
        // With a host, but with the scheme of the request.
        let whole = text.strip_prefix("//").map(|rest| format!("{scheme}://{rest}"));
        whole.as_deref().unwrap_or(text).parse::<Uri>().ok()
    });
    let Some(url) = parsed else { return "a place that cannot be read".to_owned() };
    match (url.scheme_str(), url.host()) {
        (Some(scheme), Some(host)) => match url.port_u16() {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        },
        _ => "another path of the same host".to_owned(),
    }
}
