//! How spans are written.

use super::Builder;
#[cfg(feature = "genai")]
use crate::genai::{ContentCapture, Prices, SemconvVersion};
use crate::span::Conventions;

impl Builder {
    /// Whose attributes spans have, beside those that are always there; see [`Conventions`].
    ///
    /// Environment: `PRELA_CONVENTIONS`. Default: [`Conventions::GENAI`].
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.wording.conventions = Some(conventions);
        self
    }
}

#[cfg(feature = "genai")]
impl Builder {
    /// Which names of OpenTelemetry's GenAI conventions are written.
    ///
    /// Environment: `OTEL_SEMCONV_STABILITY_OPT_IN`, [`Latest`](SemconvVersion::Latest) if
    /// `gen_ai_latest_experimental` is in it. Default: [`V1_41`](SemconvVersion::V1_41).
    pub fn semconv_version(mut self, version: SemconvVersion) -> Self {
        self.wording.version = Some(version);
        self
    }

    /// Whether [typed spans](crate::genai) have what was said: messages, arguments and results of tools, queries and
    /// documents. `true` puts it on spans; see [`ContentCapture`].
    ///
    /// [`redact`](Self::redact) and [`payload_limit`](Self::payload_limit) hold for it. One call can ask for something
    /// else by [`capture_content`](crate::genai::TypedSpanBuilder::capture_content), but where this, or the
    /// environment, says no, no call captures any.
    ///
    /// Environment: `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`. Default: no content.
    ///
    /// ```
    /// let memory = prela::export::MemoryExporter::new();
    /// let builder = prela::builder().service_name("doc").exporter(memory.clone());
    /// let prela = builder.capture_content(true).build()?;
    /// prela.tracer().chat("openai", "gpt-4o").input("Hi").in_scope(|chat| {
    ///     chat.output("Hello");
    /// });
    /// prela.flush(std::time::Duration::from_secs(5))?;
    /// assert!(memory.spans()[0].attribute("gen_ai.input.messages").is_some());
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn capture_content(mut self, capture: impl Into<ContentCapture>) -> Self {
        self.wording.content = Some(capture.into());
        self
    }

    /// What models cost: spans of calls have `llm.cost.total`, if their model and tokens are known. Default: no
    /// prices.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.wording.prices = prices;
        self
    }
}
