//! Baggage: entries that travel with a context, within the limits of W3C Baggage.
//!
//! The `baggage` header is read and written in `propagation`. How many bytes an entry takes there is known
//! here, because the limits are about what is sent.

mod builder;
mod octets;

pub(crate) use builder::{BaggageBuilder, BaggageLimit, Member};

use std::fmt;
use std::sync::Arc;

/// Most entries: what W3C Baggage promises to carry.
const MAX_ENTRIES: usize = 64;
/// Most bytes of the whole header value: what W3C Baggage promises to carry.
const MAX_BYTES: usize = 8192;

/// Entries that travel with a context and, unless held back, to other services.
///
/// Immutable: a change makes a new one. Keys are unique, and stay in the order in which they were added.
/// Cheap to clone (one reference count). At most 64 entries, and at most 8192 bytes as sent: an entry
/// that would break a limit is refused as a whole, never cut.
///
/// ```
/// use prela::baggage::Baggage;
///
/// let baggage = Baggage::default()
///     .with("user_id", "user123".to_owned())
///     .and_then(|baggage| baggage.with("plan", "50% off".to_owned()))
///     .expect("two small entries");
/// assert_eq!(baggage.get("plan"), Some("50% off"));
/// assert_eq!(baggage.encoded_len(), "user_id=user123,plan=50%25%20off".len());
/// assert!(baggage.with("not a token", String::new()).is_none());
/// ```
///
/// Source: [W3C Baggage, Limits](https://www.w3.org/TR/baggage/#limits).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Baggage {
    /// None if there are no entries.
    entries: Option<Arc<Entries>>,
}

/// The entries, in two pieces of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entries {
    /// Key, value and metadata of one entry after the other, with nothing between.
    text: String,
    slots: Vec<Slot>,
}

/// Where an entry is in the text, and what it is as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    start: usize,
    key: usize,
    value: usize,
    metadata: usize,
    /// Bytes as sent, with `=` in the value left as it is.
    len: usize,
    /// How many `=` are in the value.
    equals: usize,
}

/// One entry of a [`Baggage`].
#[derive(Clone, Copy)]
pub struct BaggageEntry<'a> {
    text: &'a str,
    slot: &'a Slot,
}

impl Baggage {
    /// A copy with this entry. A key that is there already keeps its place and loses its metadata.
    ///
    /// None if the key is not a token of RFC 7230 (letters, digits and ``!#$%&'*+-.^_`|~``), or if
    /// the result would have more than 64 entries or more than 8192 bytes as sent. Any text can be a
    /// value; what the header cannot hold is percent-encoded there.
    #[must_use]
    pub fn with(&self, key: &str, value: String) -> Option<Self> {
        self.with_member(&Member::new(key, value, String::new())?)
    }

    /// A copy with this entry and its metadata: properties as the header has them, `key` or `key=value`,
    /// separated by `;`, their values percent-encoded by the caller.
    ///
    /// None in the cases of [`with`](Self::with), and if the metadata breaks the grammar of the header.
    /// Whitespace around its delimiters is not kept.
    #[must_use]
    pub fn with_metadata(&self, key: &str, value: String, metadata: &str) -> Option<Self> {
        let metadata = octets::properties(metadata)?;
        self.with_member(&Member::new(key, value, metadata)?)
    }

    /// A copy without this entry.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut builder = BaggageBuilder::default();
        for entry in self.iter().filter(|entry| entry.key() != key) {
            builder.copy(entry);
        }
        builder.build()
    }

    /// The value of an entry. Keys are case-sensitive.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(BaggageEntry::value)
    }

    /// The entry with this key.
    pub fn entry(&self, key: &str) -> Option<BaggageEntry<'_>> {
        self.iter().find(|entry| entry.key() == key)
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = BaggageEntry<'_>> {
        let (text, slots) = match &self.entries {
            Some(entries) => (entries.text.as_str(), entries.slots.as_slice()),
            None => ("", &[][..]),
        };
        slots.iter().map(|slot| BaggageEntry::of(text, slot))
    }

    /// How many entries there are; at most 64.
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_none()
    }

    /// Bytes of the `baggage` header value that is sent; at most 8192.
    pub fn encoded_len(&self) -> usize {
        self.encoding().0
    }

    /// The header value; none if there are no entries.
    pub(crate) fn encoded(&self) -> Option<String> {
        let entries = self.entries.as_deref()?;
        let (len, escapes_equals) = self.encoding();
        let mut value = String::with_capacity(len);
        for slot in &entries.slots {
            if !value.is_empty() {
                value.push(',');
            }
            BaggageEntry::of(&entries.text, slot).push_to(&mut value, escapes_equals);
        }
        Some(value)
    }

    /// Bytes as sent, and whether `=` in values is sent as `%3D`. It need not be, but older readers cut
    /// a value at `=`; so it is, unless the baggage would then be too long.
    fn encoding(&self) -> (usize, bool) {
        let slots = self.entries.as_deref().map_or(&[][..], |entries| &entries.slots);
        let (len, equals) = slots
            .iter()
            .fold((0, 0), |(len, equals), slot| (len + slot.len + 1, equals + slot.equals));
        // The last comma is not sent.
        let len: usize = len.saturating_sub(1);
        let escaped = len + 2 * equals;
        if escaped <= MAX_BYTES { (escaped, true) } else { (len, false) }
    }

    fn with_member(&self, member: &Member<'_>) -> Option<Self> {
        let mut builder = BaggageBuilder::from(self);
        builder.put(member).ok()?;
        Some(builder.build())
    }
}

impl<'a> BaggageEntry<'a> {
    fn of(text: &'a str, slot: &'a Slot) -> Self {
        let len = slot.key + slot.value + slot.metadata;
        Self { text: &text[slot.start..slot.start + len], slot }
    }

    /// The key, a token of RFC 7230. Case-sensitive.
    pub fn key(self) -> &'a str {
        &self.text[..self.slot.key]
    }

    /// The value, decoded.
    pub fn value(self) -> &'a str {
        &self.text[self.slot.key..][..self.slot.value]
    }

    /// The properties as the header has them, percent-encoded: `key` or `key=value`, separated by `;`.
    pub fn metadata(self) -> Option<&'a str> {
        Some(&self.text[self.slot.key + self.slot.value..]).filter(|metadata| !metadata.is_empty())
    }

    /// Writes the entry as it stands in the header.
    fn push_to(self, out: &mut String, escapes_equals: bool) {
        out.push_str(self.key());
        out.push('=');
        let metadata = self.metadata();
        let plain_len =
            self.slot.key + 1 + self.slot.value + metadata.map_or(0, |metadata| 1 + metadata.len());
        if self.slot.len == plain_len && (self.slot.equals == 0 || !escapes_equals) {
            out.push_str(self.value());
        } else {
            octets::push_encoded(out, self.value(), escapes_equals);
        }
        if let Some(metadata) = metadata {
            out.push(';');
            out.push_str(metadata);
        }
    }
}

/// Shows keys only: values belong to the caller.
impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(BaggageEntry::key)).finish()
    }
}

/// Shows the key only: the value belongs to the caller.
impl fmt::Debug for BaggageEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaggageEntry").field("key", &self.key()).finish_non_exhaustive()
    }
}
