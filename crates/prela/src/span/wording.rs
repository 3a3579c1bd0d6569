//! How an instance writes what its spans are: whose names, whether content, which prices.

#[cfg(feature = "genai")]
pub(crate) mod prices;

#[cfg(feature = "genai")]
use self::prices::Prices;
use crate::semconv::Conventions;
#[cfg(feature = "genai")]
use crate::semconv::genai::SemconvVersion;

/// How an instance writes what its spans are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wording {
    pub(crate) conventions: Conventions,
    #[cfg(feature = "genai")]
    pub(crate) version: SemconvVersion,
    /// None if nothing was set, so that a single call can ask for it.
    #[cfg(feature = "genai")]
    pub(crate) content: Option<ContentCapture>,
    #[cfg(feature = "genai")]
    pub(crate) prices: Prices,
}

#[cfg(feature = "genai")]
impl Wording {
    /// Whether spans that say nothing of their own have content.
    #[inline]
    pub(crate) fn has_content_on_spans(&self) -> bool {
        self.content.is_some_and(ContentCapture::is_on_spans)
    }
}

/// Where messages, arguments and documents are recorded; for
/// [`Builder::capture_content`](crate::Builder::capture_content). `true` is [`Spans`](Self::Spans).
///
/// ```
/// use prela::genai::ContentCapture;
///
/// assert_eq!(ContentCapture::default(), ContentCapture::Off);
/// assert_eq!(ContentCapture::from(true), ContentCapture::Spans);
/// ```
///
/// Source: [GenAI spans, content](https://github.com/open-telemetry/semantic-conventions-genai).
#[cfg(feature = "genai")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentCapture {
    /// Nowhere. The default: prompts can hold anything.
    #[default]
    Off,
    /// On spans, as attributes.
    Spans,
    /// For model calls, in an event `gen_ai.client.inference.operation.details` of the span; for all else, nowhere.
    Events,
    /// Both.
    SpansAndEvents,
}

#[cfg(feature = "genai")]
impl ContentCapture {
    pub(crate) fn is_on_spans(self) -> bool {
        matches!(self, Self::Spans | Self::SpansAndEvents)
    }

    pub(crate) fn is_in_events(self) -> bool {
        matches!(self, Self::Events | Self::SpansAndEvents)
    }

    /// What holds for a call with a setting of its own: it can switch content off, and on unless the instance
    /// was told to record none.
    pub(crate) fn effective(of_instance: Option<Self>, of_call: Option<Self>) -> Self {
        match (of_instance, of_call) {
            (Some(Self::Off), _) => Self::Off,
            (of_instance, of_call) => of_call.or(of_instance).unwrap_or_default(),
        }
    }
}

#[cfg(feature = "genai")]
impl From<bool> for ContentCapture {
    fn from(is_on: bool) -> Self {
        if is_on { Self::Spans } else { Self::Off }
    }
}
