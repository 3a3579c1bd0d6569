//! `NO_PROXY`: what is reached without a proxy.
//!
//! hyper-util's matcher takes no ports, and its `*` matches no IP address.

use http::Uri;
use std::net::IpAddr;

/// Whether an endpoint is in a list.
///
/// An entry is a host, which stands for its subdomains too and may begin with a dot or `*.`; an IP address; a network;
/// or `*` for all. Each may have a port. Anything else is meant for other programs, and matches nothing.
pub(super) fn has(list: &str, endpoint: &Uri) -> bool {
    let host = endpoint.host().unwrap_or_default();
    let default = if endpoint.scheme_str() == Some("https") { 443 } else { 80 };
    let port = endpoint.port_u16().unwrap_or(default);
    let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    entries.into_iter().any(|entry| {
        let (name, its_port) = with_port(entry);
        its_port.is_none_or(|its_port| its_port == port) && matches(name, host)
    })
}

/// Splits an entry into its name and its port.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        // More colons are those of an IPv6 address, unless it is in brackets.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn matches(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    match ip(host) {
        Some(host) => match entry.split_once('/') {
            Some((network, bits)) => is_in(host, network, bits),
            None => ip(entry) == Some(host),
        },
        None => {
            let entry = entry.strip_prefix('*').unwrap_or(entry);
            let entry = entry.trim_start_matches('.').trim_end_matches('.');
            let host = host.trim_end_matches('.');
            let Some(at) = host.len().checked_sub(entry.len()) else { return false };
            let is_end = host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(entry));
            is_end && !entry.is_empty() && (at == 0 || host.as_bytes()[at - 1] == b'.')
        }
    }
}

fn ip(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Whether an address is in the network whose first `bits` are those of another address.
fn is_in(host: IpAddr, network: &str, bits: &str) -> bool {
    let (Some(network), Ok(bits)) = (ip(network), bits.parse::<u32>()) else { return false };
    let (host, network, length) = match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            (u128::from(host.to_bits()), u128::from(network.to_bits()), 32_u32)
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => (host.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    match length.checked_sub(bits) {
        // All addresses: shifting by 128 would overflow.
        Some(128) => true,
        Some(rest) => host >> rest == network >> rest,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_hosts_addresses_and_networks() {
        for (list, endpoint, expected) in [
            ("*", "http://c.example", true),
            ("*", "http://10.1.2.3", true),
            ("", "http://c.example", false),
            (" , ,", "http://c.example", false),
            ("c.example", "http://c.example:4318", true),
            ("C.EXAMPLE", "http://c.Example", true),
            ("a.example, c.example", "http://c.example", true),
            ("a.example c.example", "http://c.example", true),
            ("example", "http://c.example", true),
            (".example", "http://c.example", true),
            ("*.example", "http://c.example", true),
            (".c.example", "http://c.example", true),
            ("c.example.", "http://c.example", true),
            ("c.example", "http://c.example.", true),
            ("xample", "http://c.example", false),
            ("b.c.example", "http://c.example", false),
            ("c.example.org", "http://c.example", false),
            (".", "http://c.example", false),
            ("c.example:4318", "http://c.example:4318", true),
            ("c.example:4317", "http://c.example:4318", false),
            ("c.example:80", "http://c.example", true),
            ("c.example:443", "https://c.example", true),
            ("c.example:443", "http://c.example", false),
            ("*:443", "https://c.example", true),
            ("10.1.2.3", "http://10.1.2.3:4318", true),
            ("10.1.2.3:4318", "http://10.1.2.3:4318", true),
            ("10.1.2.3:1", "http://10.1.2.3:4318", false),
            ("10.1.2", "http://10.1.2.3", false),
            ("2.3", "http://10.1.2.3", false),
            ("10.0.0.0/8", "http://10.1.2.3", true),
            ("10.1.2.3/32", "http://10.1.2.3", true),
            ("10.1.2.2/32", "http://10.1.2.3", false),
            ("0.0.0.0/0", "http://10.1.2.3", true),
            ("10.0.0.0/33", "http://10.1.2.3", false),
            ("10.0.0.0/x", "http://10.1.2.3", false),
            ("192.168.0.0/16", "http://10.1.2.3", false),
            ("10.0.0.0/8", "http://ten.example", false),
            ("::1", "http://[::1]:4318", true),
            ("[::1]", "http://[::1]", true),
            ("[::1]:4318", "http://[::1]:4318", true),
            ("[::1]:1", "http://[::1]:4318", false),
            ("fd00::/8", "http://[fd12::1]", true),
            ("::/0", "http://[fd12::1]", true),
            ("fd00::/8", "http://[fe80::1]", false),
            ("::ffff:10.1.2.3", "http://10.1.2.3", true),
        ] {
            let endpoint: Uri = endpoint.parse().unwrap();
            assert_eq!(has(list, &endpoint), expected, "{list} {endpoint}");
        }
    }
}
