//! The detectors, and the replacement of what they find.

use super::{cards, emails, keys};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detector {
    ApiKey,
    BearerToken,
    Email,
    CardNumber,
}

impl Detector {
    /// Where it is in a text: ranges in order, without overlap, at character boundaries.
    pub(super) fn find(self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::ApiKey => keys::api_keys(text),
            Self::BearerToken => keys::bearer_tokens(text),
            Self::Email => emails::find(text),
            Self::CardNumber => cards::find(text),
        }
    }

    pub(super) fn replacement(self) -> &'static str {
        match self {
            Self::ApiKey => "[redacted key]",
            Self::BearerToken => "[redacted token]",
            Self::Email => "[redacted email]",
            Self::CardNumber => "[redacted card]",
        }
    }
}

/// The text with each range replaced.
pub(super) fn replace(text: &str, found: &[Range<usize>], replacement: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for range in found {
        clean.push_str(&text[end..range.start]);
        clean.push_str(replacement);
        end = range.end;
    }
    clean.push_str(&text[end..]);
    clean
}
