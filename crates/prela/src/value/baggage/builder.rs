//! Building a baggage.

use super::{Baggage, BaggageEntry, Entries, MAX_BYTES, MAX_ENTRIES, Slot, octets};
use std::borrow::Cow;
use std::sync::Arc;

/// Which limit an entry would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BaggageLimit {
    Entries,
    Bytes,
}

/// A baggage that is being built.
#[derive(Debug, Default)]
pub(crate) struct BaggageBuilder {
    entries: Entries,
    /// Bytes as sent, with a comma after each entry.
    len: usize,
}

/// A valid entry that is in no baggage yet.
pub(crate) struct Member<'a> {
    key: &'a str,
    value: Cow<'a, str>,
    /// In the form that [`octets::properties`] gives.
    metadata: String,
    /// Bytes as sent, with `=` in the value left as it is.
    len: usize,
    /// How many `=` are in the value.
    equals: usize,
}

impl BaggageBuilder {
    /// Reserves memory for the entries of a list.
    pub(crate) fn reserve(&mut self, list: &str) {
        let entries = list.bytes().filter(|byte| *byte == b',').count() + 1;
        self.entries.text.reserve(list.len().min(MAX_BYTES));
        self.entries.slots.reserve(entries.min(MAX_ENTRIES));
    }

    /// Adds an entry, or replaces that of the same key where it stands.
    pub(crate) fn put(&mut self, member: &Member<'_>) -> Result<(), BaggageLimit> {
        let Entries { text, slots } = &mut self.entries;
        let known = slots.iter().position(|slot| {
            slot.key == member.key.len() && text[slot.start..][..slot.key] == *member.key
        });
        if known.is_none() && slots.len() >= MAX_ENTRIES {
            return Err(BaggageLimit::Entries);
        }
        let freed = known.map_or(0, |i| slots[i].len + 1);
        let len = self.len - freed + member.len + 1;
        // The last comma is not sent.
        if len > MAX_BYTES + 1 {
            return Err(BaggageLimit::Bytes);
        }
        self.len = len;
        let slot = Slot {
            start: known.map_or(text.len(), |i| slots[i].start),
            key: member.key.len(),
            value: member.value.len(),
            metadata: member.metadata.len(),
            len: member.len,
            equals: member.equals,
        };
        let parts = [member.key, &member.value, &member.metadata];
        if let Some(i) = known {
            let old = std::mem::replace(&mut slots[i], slot);
            text.replace_range(old.start..old.end(), &parts.concat());
            for later in &mut slots[i + 1..] {
                later.start = later.start - old.end() + slot.end();
            }
        } else {
            parts.into_iter().for_each(|part| text.push_str(part));
            slots.push(slot);
        }
        Ok(())
    }

    /// Adds an entry of another baggage, whose key is new.
    pub(super) fn copy(&mut self, entry: BaggageEntry<'_>) {
        let Entries { text, slots } = &mut self.entries;
        slots.push(Slot { start: text.len(), ..*entry.slot });
        text.push_str(entry.text);
        self.len += entry.slot.len + 1;
    }

    pub(crate) fn build(self) -> Baggage {
        let entries = Some(self.entries).filter(|entries| !entries.slots.is_empty());
        Baggage { entries: entries.map(Arc::new) }
    }
}

impl From<&Baggage> for BaggageBuilder {
    fn from(baggage: &Baggage) -> Self {
        let entries = baggage.entries.as_deref().cloned().unwrap_or_default();
        let len = entries.slots.iter().map(|slot| slot.len + 1).sum();
        Self { entries, len }
    }
}

impl Slot {
    fn end(&self) -> usize {
        self.start + self.key + self.value + self.metadata
    }
}

impl<'a> Member<'a> {
    /// A member with this key and value; none if the key is not a token.
    pub(super) fn new(key: &'a str, value: String, metadata: String) -> Option<Self> {
        if !octets::is_token(key) {
            return None;
        }
        let (value_len, equals) = octets::encoded_len(&value);
        Some(Self::of(key, value.into(), metadata, value_len, equals))
    }

    /// Parses the first entry of a header's list, in one pass, and also returns the rest of the list, which
    /// begins with a comma or is empty. None if the entry breaks the grammar.
    ///
    /// The value is decoded once; bytes that are not UTF-8 become U+FFFD. Keys are never decoded, and
    /// metadata stays as it is.
    pub(crate) fn parse(list: &'a str) -> Option<(Self, &'a str)> {
        let (key, rest) = octets::take_token(list)?;
        let rest = octets::trim_start(rest).strip_prefix('=')?;
        let (value, is_plain, rest) = octets::take_value(octets::trim_start(rest));
        let rest = octets::trim_start(rest);
        let (metadata, rest) = match rest.as_bytes().first() {
            None | Some(b',') => (String::new(), rest),
            Some(b';') => {
                let (properties, rest) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                (octets::properties(properties)?, rest)
            }
            Some(_) => return None,
        };
        let (value_len, equals) =
            if is_plain { (value.len(), 0) } else { octets::encoded_len(&value) };
        Some((Self::of(key, value, metadata, value_len, equals), rest))
    }

    fn of(
        key: &'a str,
        value: Cow<'a, str>,
        metadata: String,
        value_len: usize,
        equals: usize,
    ) -> Self {
        let metadata_len = if metadata.is_empty() { 0 } else { 1 + metadata.len() };
        let len = key.len() + 1 + value_len + metadata_len;
        Self { key, value, metadata, len, equals }
    }
}
