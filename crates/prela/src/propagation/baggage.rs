//! The `baggage` header.
//!
//! Source: [W3C Baggage](https://www.w3.org/TR/baggage/).

use super::Reason;
use super::refused::Refusals;
use crate::value::{BaggageBuilder, BaggageLimit, push_encoded, trim};
use crate::{Baggage, BaggageEntry};

pub(super) const HEADER: &str = "baggage";

/// Reads one field; several fields are one list. What cannot be used is left out, member by member.
pub(super) fn read(baggage: &mut BaggageBuilder, field: &[u8], refused: &mut Refusals) {
    for member in field.split(|byte| *byte == b',') {
        let Some(member) = std::str::from_utf8(member).ok().filter(|member| member.is_ascii())
        else {
            refused.add(HEADER, Reason::NotText);
            continue;
        };
        let member = trim(member);
        if member.is_empty() {
            continue;
        }
        let Some(entry) = BaggageEntry::parse(member) else {
            refused.add(HEADER, Reason::Grammar);
            continue;
        };
        match baggage.put(entry) {
            Ok(()) => {}
            Err(BaggageLimit::Entries) => refused.add(HEADER, Reason::TooManyMembers),
            Err(BaggageLimit::Bytes) => refused.add(HEADER, Reason::TooLong),
        }
    }
}

/// The header value; none if there are no entries.
pub(super) fn format(baggage: &Baggage) -> Option<String> {
    if baggage.is_empty() {
        return None;
    }
    let escapes_equals = baggage.escapes_equals();
    let mut value = String::with_capacity(baggage.encoded_len());
    for entry in baggage.iter() {
        if !value.is_empty() {
            value.push(',');
        }
        value.push_str(entry.key());
        value.push('=');
        push_encoded(&mut value, entry.value(), escapes_equals);
        if let Some(metadata) = entry.metadata() {
            value.push(';');
            value.push_str(metadata);
        }
    }
    Some(value)
}
