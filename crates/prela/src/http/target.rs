//! Where a request goes to.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// Where a request goes to, as far as it says.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) scheme: Option<&'a str>,
    authority: Option<Authority>,
}

impl<'a> Target<'a> {
    /// From the URI or, where that is a path alone, from the header `host`.
    pub(super) fn of(uri: &'a Uri, headers: &HeaderMap) -> Self {
        let host = || Authority::try_from(headers.get(HOST)?.as_bytes()).ok();
        let authority = uri.authority().cloned().or_else(host);
        Self { scheme: uri.scheme_str(), authority }
    }

    /// The host; an IPv6 address is in brackets.
    pub(super) fn host(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::host).filter(|host| !host.is_empty())
    }

    /// The port, if it is said.
    pub(super) fn port(&self) -> Option<u16> {
        self.authority.as_ref().and_then(Authority::port_u16)
    }

    /// Host and port, without a user.
    pub(super) fn host_and_port(&self) -> Option<&str> {
        let authority = self.authority.as_ref()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    }
}
