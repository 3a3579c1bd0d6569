//! What a search found.

use serde_json::Value as Json;

/// A document that a search found or a reranker sorted.
///
/// ```
/// use prela::genai::Document;
///
/// let found = Document::new("doc-7").score(0.83).content("Rust has no garbage collector.");
/// assert_eq!(found.score, Some(0.83));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// Its id in the collection.
    pub id: Option<String>,
    /// How well it fits, on the collection's own scale.
    pub score: Option<f64>,
    /// Its text.
    pub content: Option<String>,
    /// Anything else that is known about it.
    pub metadata: Option<Json>,
}

impl Document {
    /// A document of which only the id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    /// How well it fits.
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// Its text.
    #[must_use]
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// Anything else that is known about it.
    #[must_use]
    pub fn metadata(mut self, metadata: impl Into<Json>) -> Self {
        self.metadata = Some(metadata.into());
        self
    }
}
