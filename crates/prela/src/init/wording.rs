//! What the code and the environment say about how spans are written.

use crate::Error;
use crate::env::{self, Environment};
#[cfg(feature = "genai")]
use crate::genai::{ContentCapture, Prices, SemconvVersion};
use crate::span::Conventions;
use crate::span::wording::Wording;

/// What the code says; none where it says nothing.
#[derive(Default)]
pub(super) struct WordingOptions {
    pub(super) conventions: Option<Conventions>,
    #[cfg(feature = "genai")]
    pub(super) version: Option<SemconvVersion>,
    #[cfg(feature = "genai")]
    pub(super) content: Option<ContentCapture>,
    #[cfg(feature = "genai")]
    pub(super) prices: Prices,
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

/// What else is in the list is for other libraries.
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
        // Something was said, and nobody can say what: rather too little leaves than too much.
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
