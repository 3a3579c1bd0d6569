//! The settings of how spans are written, in code and in the environment.

use super::Builder;
use crate::Error;
use crate::env::{self, Environment};
#[cfg(feature = "genai")]
use crate::genai::{ContentCapture, Prices, SemconvVersion};
use crate::span::Conventions;
use crate::span::wording::Wording;

/// The settings made in code; none where not set.
#[derive(Default)]
pub(in crate::init) struct WordingOptions {
    conventions: Option<Conventions>,
    #[cfg(feature = "genai")]
    version: Option<SemconvVersion>,
    #[cfg(feature = "genai")]
    content: Option<ContentCapture>,
    #[cfg(feature = "genai")]
    prices: Prices,
}

impl Builder {
    /// The conventions whose attribute names spans get beside those that are always there; see [`Conventions`].
    ///
    /// Environment: `PRELA_CONVENTIONS`. Default: [`Conventions::GENAI`].
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.wording.conventions = Some(conventions);
        self
    }
}

#[cfg(feature = "genai")]
impl Builder {
    /// Which version of OpenTelemetry's GenAI attribute names is written.
    ///
    /// Environment: `OTEL_SEMCONV_STABILITY_OPT_IN`, [`Latest`](SemconvVersion::Latest) if
    /// `gen_ai_latest_experimental` is in it. Default: [`V1_41`](SemconvVersion::V1_41).
    pub fn semconv_version(mut self, version: SemconvVersion) -> Self {
        self.wording.version = Some(version);
        self
    }

    /// Whether [typed spans](crate::genai) record content: messages, arguments and results of tools, queries
    /// and documents. `true` puts it on spans; see [`ContentCapture`].
    ///
    /// [`redact`](Self::redact) and [`payload_limit`](Self::payload_limit) apply to content. One span can be told
    /// otherwise by [`capture_content`](crate::genai::TypedSpanBuilder::capture_content); but if this setting or the
    /// environment forbids content, no span records any.
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

    /// The prices of models, with which spans of model calls get `llm.cost.total`, if their model and tokens are known.
    /// Default: none.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.wording.prices = prices;
        self
    }
}

pub(super) fn wording_of(env: &Environment, given: &WordingOptions) -> Result<Wording, Error> {
    Ok(Wording {
        conventions: given.conventions.map_or_else(|| conventions(env), Ok)?,
        #[cfg(feature = "genai")]
        version: given.version.map_or_else(|| version(env), Ok)?,
        #[cfg(feature = "genai")]
        content: given.content.map_or_else(|| content(env), |content| Ok(Some(content)))?,
        #[cfg(feature = "genai")]
        prices: given.prices.clone(),
    })
}

fn conventions(env: &Environment) -> Result<Conventions, Error> {
    let Some(setting) = env.get(env::PRELA_CONVENTIONS)? else { return Ok(Conventions::GENAI) };
    let choices = Conventions::ALL.map(|(name, it)| (name, Ok(it)));
    let chosen = setting.choices(&choices)?;
    Ok(chosen.into_iter().fold(Conventions::GENAI, |all, it| all | it))
}

/// The version of the names; other entries of the list are for other libraries.
#[cfg(feature = "genai")]
fn version(env: &Environment) -> Result<SemconvVersion, Error> {
    let setting = env.get(env::OTEL_SEMCONV_STABILITY_OPT_IN)?;
    let is_latest = setting.is_some_and(|setting| {
        let mut words = setting.value.split(',').map(str::trim);
        words.any(|word| word.eq_ignore_ascii_case("gen_ai_latest_experimental"))
    });
    Ok(if is_latest { SemconvVersion::Latest } else { SemconvVersion::V1_41 })
}

#[cfg(feature = "genai")]
fn content(env: &Environment) -> Result<Option<ContentCapture>, Error> {
    use ContentCapture::{Events, Off, Spans, SpansAndEvents};
    let variable = env::OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT;
    let Some(setting) = env.get(variable)? else {
        // It is set to a value that cannot be used. What was meant is unknown, so nothing is captured.
        return Ok(env.has_left_out(&[variable]).then_some(Off));
    };
    let choices = [
        ("NO_CONTENT", Off),
        ("SPAN_ONLY", Spans),
        ("EVENT_ONLY", Events),
        ("SPAN_AND_EVENT", SpansAndEvents),
        ("true", Spans),
        ("false", Off),
        ("1", Spans),
        ("0", Off),
    ];
    setting.choice(&choices).map(Some)
}
