//! Baggage: entries that travel with a context, within the limits of W3C Baggage.
//!
//! The `baggage` header is read and written in `propagation`. Which bytes an entry takes there is known
//! here, because the limits are limits of what is sent.

mod octets;

pub(crate) use octets::{push_encoded, trim};

use std::fmt;
use std::sync::Arc;

/// Most entries: what W3C Baggage promises to carry.
const MAX_ENTRIES: usize = 64;
/// Most bytes of the whole header value: what W3C Baggage promises to carry.
const MAX_BYTES: usize = 8192;

/// Entries that travel with a context and, unless held back, to other services.
///
/// Immutable: a change gives a new one. Keys are unique and keep the order in which they came.
/// Cheap to clone (one reference count). At most 64 entries, and at most 8192 bytes as sent: an entry
/// that would break a limit is refused as a whole, never cut.
///
/// ```
/// use prela::Baggage;
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
    entries: Arc<[BaggageEntry]>,
}

/// One entry of a [`Baggage`].
#[derive(Clone, PartialEq, Eq)]
pub struct BaggageEntry {
    key: Arc<str>,
    value: Arc<str>,
    metadata: Option<Arc<str>>,
    /// Bytes as sent, with `=` in the value left as it is.
    len: usize,
    /// How many `=` are in the value.
    equals: usize,
}

/// Which limit an entry would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BaggageLimit {
    Entries,
    Bytes,
}

/// A baggage while it grows.
#[derive(Debug, Default)]
pub(crate) struct BaggageBuilder {
    entries: Vec<BaggageEntry>,
    /// Bytes as sent, with a comma after each entry.
    len: usize,
}

impl Baggage {
    /// With this entry. A key that is there already keeps its place and loses its metadata.
    ///
    /// None if the key is not a token of RFC 7230 (letters, digits and ``!#$%&'*+-.^_`|~``), or if
    /// the result would have more than 64 entries or more than 8192 bytes as sent. Any text can be a
    /// value; what the header cannot hold is percent-encoded there.
    #[must_use]
    pub fn with(&self, key: &str, value: String) -> Option<Self> {
        self.with_entry(BaggageEntry::new(key, value, None)?)
    }

    /// [`Baggage::with`], and metadata: properties as the header has them, `key` or `key=value`,
    /// separated by `;`, their values percent-encoded by the caller.
    ///
    /// None also if the metadata breaks the grammar of the header. Whitespace around its delimiters is
    /// not kept.
    #[must_use]
    pub fn with_metadata(&self, key: &str, value: String, metadata: &str) -> Option<Self> {
        let metadata = octets::properties(metadata)?;
        self.with_entry(BaggageEntry::new(key, value, Some(metadata))?)
    }

    /// Without this entry.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        Self { entries: self.iter().filter(|entry| entry.key() != key).cloned().collect() }
    }

    /// The value of an entry. Keys are case-sensitive.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(BaggageEntry::value)
    }

    /// An entry.
    pub fn entry(&self, key: &str) -> Option<&BaggageEntry> {
        self.iter().find(|entry| entry.key() == key)
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &BaggageEntry> {
        self.entries.iter()
    }

    /// How many entries there are; at most 64.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the `baggage` header value that is sent; at most 8192.
    pub fn encoded_len(&self) -> usize {
        if self.escapes_equals() { self.escaped_len() } else { self.plain_len() }
    }

    /// Whether `=` in values is sent as `%3D`. It need not be, but older readers cut a value there; so
    /// it is, unless an entry would be lost for it.
    pub(crate) fn escapes_equals(&self) -> bool {
        self.escaped_len() <= MAX_BYTES
    }

    fn escaped_len(&self) -> usize {
        self.plain_len() + self.iter().map(|entry| entry.equals * 2).sum::<usize>()
    }

    fn plain_len(&self) -> usize {
        self.iter().map(|entry| entry.len + 1).sum::<usize>().saturating_sub(1)
    }

    fn with_entry(&self, entry: BaggageEntry) -> Option<Self> {
        let mut builder = BaggageBuilder::from(self);
        builder.put(entry).ok()?;
        Some(builder.build())
    }
}

impl BaggageBuilder {
    /// Adds an entry, or replaces that of the same key where it stands.
    pub(crate) fn put(&mut self, entry: BaggageEntry) -> Result<(), BaggageLimit> {
        let known = self.entries.iter().position(|known| known.key == entry.key);
        if known.is_none() && self.entries.len() >= MAX_ENTRIES {
            return Err(BaggageLimit::Entries);
        }
        let freed = known.map_or(0, |i| self.entries[i].len + 1);
        let len = self.len - freed + entry.len + 1;
        // The last comma is not sent.
        if len > MAX_BYTES + 1 {
            return Err(BaggageLimit::Bytes);
        }
        self.len = len;
        match known {
            Some(i) => self.entries[i] = entry,
            None => self.entries.push(entry),
        }
        Ok(())
    }

    pub(crate) fn build(self) -> Baggage {
        Baggage { entries: self.entries.into() }
    }
}

impl From<&Baggage> for BaggageBuilder {
    fn from(baggage: &Baggage) -> Self {
        // An empty baggage has no comma after it.
        let len = baggage.plain_len() + usize::from(!baggage.is_empty());
        Self { entries: baggage.entries.to_vec(), len }
    }
}

impl BaggageEntry {
    /// None if the key is not a token. Metadata is in the form that [`octets::properties`] gives.
    fn new(key: &str, value: impl Into<Arc<str>>, metadata: Option<String>) -> Option<Self> {
        if !octets::is_token(key.as_bytes()) {
            return None;
        }
        let value = value.into();
        let metadata = metadata.filter(|metadata| !metadata.is_empty());
        let len = key.len()
            + 1
            + octets::encoded_len(&value)
            + metadata.as_ref().map_or(0, |metadata| 1 + metadata.len());
        let equals = value.bytes().filter(|byte| *byte == b'=').count();
        Some(Self { key: key.into(), value, metadata: metadata.map(Into::into), len, equals })
    }

    /// An entry as it stands in the header, between two commas. None if it breaks the grammar.
    ///
    /// The value is decoded once; bytes that are not UTF-8 become U+FFFD. Keys are never decoded, and
    /// metadata stays as it is.
    pub(crate) fn parse(member: &str) -> Option<Self> {
        let (value, metadata) = match member.split_once(';') {
            Some((member, metadata)) => (member, Some(octets::properties(metadata)?)),
            None => (member, None),
        };
        let (key, value) = value.split_once('=')?;
        let value = octets::decode(trim(value))?;
        Self::new(trim(key), &*value, metadata)
    }

    /// The key, a token of RFC 7230. Case-sensitive.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value, decoded.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The properties as the header has them, percent-encoded: `key` or `key=value`, separated by `;`.
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }
}

/// Keys only: values belong to the caller.
impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(BaggageEntry::key)).finish()
    }
}

/// The key only: the value belongs to the caller.
impl fmt::Debug for BaggageEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaggageEntry").field("key", &self.key).finish_non_exhaustive()
    }
}
