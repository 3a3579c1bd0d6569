//! The `baggage` header.
//!
//! Source: [W3C Baggage](https://www.w3.org/TR/baggage/).

use super::Reason;
use super::refused::Refusals;
use crate::value::{BaggageBuilder, BaggageLimit, Member};
use std::borrow::Cow;

pub(super) const HEADER: &str = "baggage";

/// Reads one field; several fields are one list. What cannot be used is left out, member by member.
pub(super) fn read(baggage: &mut BaggageBuilder, field: &[u8], refused: &mut Refusals) {
    // What is not UTF-8 becomes U+FFFD, which no member may have either.
    let text = str::from_utf8(field);
    let text = text.map_or_else(|_| String::from_utf8_lossy(field), Cow::Borrowed);
    baggage.reserve(&text);
    let mut rest = &*text;
    loop {
        // Empty members are passed over.
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return;
        }
        let Some((member, after)) = Member::parse(rest) else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (member, after) = rest.split_at(end);
            refused.add(HEADER, if member.is_ascii() { Reason::Grammar } else { Reason::NotText });
            rest = after;
            continue;
        };
        rest = after;
        match baggage.put(&member) {
            Ok(()) => {}
            Err(BaggageLimit::Entries) => refused.add(HEADER, Reason::TooManyMembers),
            Err(BaggageLimit::Bytes) => refused.add(HEADER, Reason::TooLong),
        }
    }
}
