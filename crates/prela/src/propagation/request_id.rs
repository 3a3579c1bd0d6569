//! The `x-request-id` header.

use super::{Extractor, Injector};
use crate::RequestId;

const HEADER: &str = "x-request-id";

impl RequestId {
    /// The id that a request came with, in the header `x-request-id`; a new one if there is none, more
    /// than one, or one that is no id, see [`RequestId::parse`].
    pub fn from_headers<C: Extractor + ?Sized>(request: &C) -> Self {
        let (mut found, mut count) = (None, 0);
        request.values(HEADER, &mut |value| {
            count += 1;
            found = std::str::from_utf8(value).ok().and_then(Self::parse);
        });
        found.filter(|_| count == 1).unwrap_or_default()
    }

    /// Writes the header `x-request-id`, of a response or of a request to another service.
    pub fn inject<C: Injector + ?Sized>(&self, headers: &mut C) {
        headers.set(HEADER, self.as_str().to_owned());
    }
}
