//! E-mail addresses.

use std::ops::Range;

/// Finds `local@domain.tld`, as people write it: without quotes, comments and addresses of hosts.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let earliest = found.last().map_or(0, |range| range.end);
        let local =
            text[earliest..at].char_indices().rev().take_while(|(_, c)| is_local(*c)).last();
        let Some((start, _)) = local else { continue };
        let mut start = earliest + start;
        while bytes[start] == b'.' && start < at {
            start += 1;
        }
        let domain: usize =
            text[at + 1..].chars().take_while(|c| is_domain(*c)).map(char::len_utf8).sum();
        let domain = text[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let is_domain = domain.rsplit_once('.').is_some_and(|(host, tld)| {
            !host.is_empty() && tld.chars().count() >= 2 && !is_number(tld)
        });
        if start < at && is_domain {
            found.push(start..at + 1 + domain.len());
        }
    }
    found
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '.'
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
