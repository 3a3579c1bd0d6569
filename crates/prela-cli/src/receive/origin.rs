//! Which pages in a browser may send requests here.
//!
//! A page from elsewhere can reach services of this machine in two ways. It asks directly, and its requests
//! name its origin; or its own host name is made to lead to 127.0.0.1 (DNS rebinding), and its requests name
//! that host.

use http::HeaderValue;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a page of this origin was served by this machine.
pub fn is_local_origin(origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|host| match name(host) {
        Name::Localhost => true,
        Name::Address(is_loopback) => is_loopback,
        Name::Other => false,
    })
}

/// Whether a request that names this host was meant for this program: it is `localhost` or an address, which
/// no name server can redirect.
pub fn is_local_host(host: &str) -> bool {
    !matches!(name(host), Name::Other)
}

enum Name {
    Localhost,
    /// An address, and whether it is a loopback one.
    Address(bool),
    Other,
}

fn name(host: &str) -> Name {
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => host,
    };
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address = v6.parse::<Ipv6Addr>();
        return address.map_or(Name::Other, |address| Name::Address(address.is_loopback()));
    }
    if let Ok(v4) = host.parse::<Ipv4Addr>() {
        return Name::Address(v4.is_loopback());
    }
    let host = host.to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") { Name::Localhost } else { Name::Other }
}

#[cfg(test)]
mod tests {
    use super::{is_local_host, is_local_origin};
    use http::HeaderValue;

    #[test]
    fn origins_of_this_machine_are_told_from_others() {
        for (origin, expected) in [
            ("http://localhost", true),
            ("http://localhost:3000", true),
            ("https://LOCALHOST:3000", true),
            ("http://app.localhost:1", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.1.2.3", true),
            ("http://[::1]:5", true),
            ("null", false),
            ("", false),
            ("file://", false),
            ("http://localhost.evil.example", false),
            ("http://evil.example:4318", false),
            ("http://evillocalhost", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://192.168.0.4", false),
            ("http://0.0.0.0:1", false),
            ("ftp://localhost", false),
            ("http://localhost@evil.example", false),
        ] {
            assert_eq!(is_local_origin(&HeaderValue::from_static(origin)), expected, "{origin}");
        }
    }

    #[test]
    fn hosts_that_a_name_server_could_bend_are_not_ours() {
        for (host, expected) in [
            ("localhost:4318", true),
            ("127.0.0.1:4318", true),
            ("[::1]:4318", true),
            ("192.168.0.4:4318", true),
            ("evil.example:4318", false),
            ("localhost.evil.example", false),
            ("", false),
            ("127.0.0.1.evil.example:4318", false),
        ] {
            assert_eq!(is_local_host(host), expected, "{host}");
        }
    }
}
