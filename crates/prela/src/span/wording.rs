//! How an instance writes what its spans are: whose names, whether content, which prices.

#[cfg(feature = "genai")]
pub(crate) mod content;
#[cfg(feature = "genai")]
pub(crate) mod prices;

#[cfg(feature = "genai")]
use self::{content::ContentCapture, prices::Prices};
use crate::semconv::Conventions;
#[cfg(feature = "genai")]
use crate::semconv::genai::SemconvVersion;

/// How an instance writes what its spans are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wording {
    pub(crate) conventions: Conventions,
    #[cfg(feature = "genai")]
    pub(crate) version: SemconvVersion,
    /// None: nobody said anything, so that one call can ask for it.
    #[cfg(feature = "genai")]
    pub(crate) content: Option<ContentCapture>,
    #[cfg(feature = "genai")]
    pub(crate) prices: Prices,
}
