//! Hosts, and lists of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Address(IpAddr),
    Name(&'a str),
}

/// An entry of a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Any,
    Address(IpAddr),
    Name(String),
    /// Every name below this one, which begins with a dot.
    Below(String),
}

impl<'a> Host<'a> {
    /// A host as it stands in a URL; IPv6 addresses are in brackets.
    pub(super) fn parse(host: &'a str) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match bare.parse::<IpAddr>() {
            // `::ffff:10.0.0.1` is another way to write `10.0.0.1`.
            Ok(address) => Self::Address(address.to_canonical()),
            Err(_) => Self::Name(host),
        }
    }

    /// Whether it is on this machine or in a private network, as far as its name or address tells.
    pub(super) fn is_private(self) -> bool {
        match self {
            Self::Address(IpAddr::V4(address)) => is_private_v4(address),
            Self::Address(IpAddr::V6(address)) => is_private_v6(address),
            Self::Name(name) => is_private_name(name),
        }
    }
}

impl Pattern {
    /// `api.example.com`, `*.example.com`, `*` or an address. From a URL the host is taken. None for anything
    /// else, which would match no host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_url, rest) = match text.split_once("://") {
            Some((_, rest)) => (true, rest),
            None => (false, text),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match authority.parse::<Ipv6Addr>() {
            Ok(_) => authority,
            Err(_) => without_port(authority),
        };
        match Host::parse(host) {
            // `10.0.0.0/8` would match that one address only.
            Host::Address(_) if !is_url && path.len() > 1 => None,
            Host::Address(address) => Some(Self::Address(address)),
            Host::Name("*") => Some(Self::Any),
            Host::Name(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                match name.strip_prefix('*') {
                    Some(below) => {
                        let is_domain = below.strip_prefix('.').is_some_and(is_name);
                        is_domain.then(|| Self::Below(below.to_owned()))
                    }
                    None => is_name(&name).then_some(Self::Name(name)),
                }
            }
        }
    }

    pub(super) fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Address(known), Host::Address(address)) => *known == address,
            (Self::Name(known), Host::Name(name)) => {
                known.eq_ignore_ascii_case(name.trim_end_matches('.'))
            }
            (Self::Below(domain), Host::Name(name)) => is_below(name.trim_end_matches('.'), domain),
            (Self::Address(_), Host::Name(_))
            | (Self::Name(_) | Self::Below(_), Host::Address(_)) => false,
        }
    }
}

/// Whether a URL can have this name as its host: other alphabets are written in punycode there.
fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_graphic() && byte != b'*';
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(is_part))
}

/// Whether a name is one of a domain, which begins with a dot.
fn is_below(name: &str, domain: &str) -> bool {
    name.len() > domain.len()
        && name.is_char_boundary(name.len() - domain.len())
        && name[name.len() - domain.len()..].eq_ignore_ascii_case(domain)
}

/// Cuts `:8080` off; an IPv6 address is in brackets here.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    // Connecting to 0.0.0.0 reaches this machine.
    address.is_loopback() || address.is_private() || address.is_unspecified()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unique_local() || address.is_unspecified()
}

fn is_private_name(name: &str) -> bool {
    const DOMAINS: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];
    // An IPv6 address with a zone can be any.
    if name.starts_with('[') {
        return false;
    }
    let bare = name.strip_suffix('.').unwrap_or(name);
    let last = bare.rsplit('.').next().unwrap_or_default();
    // Resolvers take `2130706433` and `0x7f.1` for addresses, and those can be any.
    if last.is_empty() || last.starts_with(|first: char| first.is_ascii_digit()) && is_number(last)
    {
        return false;
    }
    let is_single_label = !name.contains('.');
    is_single_label
        || bare.eq_ignore_ascii_case("localhost")
        || DOMAINS.iter().any(|domain| is_below(bare, domain))
}

fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hex {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests;
