//! What was not taken from a carrier, and why.

use std::fmt;

/// A field of a carrier that was not used, or not in full.
///
/// It never holds what the field said: that belongs to whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Refused {
    /// The field's name, such as `traceparent`.
    pub header: &'static str,
    /// Why.
    pub reason: Reason,
}

/// Why a field was not used, or not in full. More reasons may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The field may be there only once. The whole field is refused.
    Repeated,
    /// A byte is not printable ASCII. Of `baggage` that member is refused, of others the whole field.
    NotText,
    /// The field, or an id in it, has the wrong length.
    Length,
    /// The version is `ff`, which is not allowed.
    Version,
    /// An id or the flags are not lower-case hex, or a dash is not at its place.
    NotHex,
    /// An id is all zeros.
    ZeroId,
    /// It means nothing without a valid `traceparent`, or without the other id.
    Alone,
    /// A member breaks the grammar. Of `baggage` that member is refused, of `tracestate` all are.
    Grammar,
    /// More members than 32 (`tracestate`: all are refused) or 64 (`baggage`: those after are).
    TooManyMembers,
    /// A `baggage` member would not fit into 8192 bytes with those before it, and is refused.
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeated => "is given more than once",
            Self::NotText => "has a byte that is not printable ASCII",
            Self::Length => "has the wrong length",
            Self::Version => "has a version that is not allowed",
            Self::NotHex => "is not lower-case hex with dashes between",
            Self::ZeroId => "has an id of zeros",
            Self::Alone => "came without the field it belongs to",
            Self::Grammar => "has a member that breaks the grammar",
            Self::TooManyMembers => "has too many members",
            Self::TooLong => "is too long",
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.header, self.reason)
    }
}

/// The refusals of one carrier, each once however often it occurs.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<Refused>);

impl Refusals {
    pub(super) fn add(&mut self, header: &'static str, reason: Reason) {
        let refused = Refused { header, reason };
        if !self.0.contains(&refused) {
            self.0.push(refused);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Refused> {
        self.0
    }
}
