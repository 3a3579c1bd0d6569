//! Writes the parameters of a request.

use crate::genai::span::content::follows;
use crate::genai::{ChatSpan, Content, RequestParameters, TypedSpanBuilder};
use crate::semconv::{self, Conventions, genai, openinference as oi};
use crate::{Span, SpanType, Value};
use serde_json::{Map, Value as Json};

/// The parameters, under the conventions' names.
pub(in crate::genai::span) fn written(it: &RequestParameters) -> Vec<(&'static str, Value)> {
    let RequestParameters {
        max_tokens,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        stop_sequences,
        seed,
        choice_count,
        stream,
        output_type,
        encoding_formats,
        dimension_count,
    } = it;
    let list = |values: &Vec<String>| Some(values.clone()).filter(|values| !values.is_empty());
    let pairs = [
        (genai::REQUEST_MAX_TOKENS, Value::from(*max_tokens)),
        (genai::REQUEST_TEMPERATURE, (*temperature).into()),
        (genai::REQUEST_TOP_P, (*top_p).into()),
        (genai::REQUEST_TOP_K, (*top_k).into()),
        (genai::REQUEST_FREQUENCY_PENALTY, (*frequency_penalty).into()),
        (genai::REQUEST_PRESENCE_PENALTY, (*presence_penalty).into()),
        (genai::REQUEST_STOP_SEQUENCES, list(stop_sequences).into()),
        (genai::REQUEST_SEED, (*seed).into()),
        (genai::REQUEST_CHOICE_COUNT, choice_count.filter(|count| *count != 1).into()),
        (genai::REQUEST_STREAM, (*stream).into()),
        (genai::OUTPUT_TYPE, output_type.clone().into()),
        (genai::REQUEST_ENCODING_FORMATS, list(encoding_formats).into()),
        (genai::EMBEDDINGS_DIMENSION_COUNT, (*dimension_count).into()),
    ];
    pairs.into_iter().filter(|(_, value)| !matches!(value, Value::Empty)).collect()
}

/// All keys that [`written`] may give.
const NAMES: [&str; 13] = [
    genai::REQUEST_MAX_TOKENS,
    genai::REQUEST_TEMPERATURE,
    genai::REQUEST_TOP_P,
    genai::REQUEST_TOP_K,
    genai::REQUEST_FREQUENCY_PENALTY,
    genai::REQUEST_PRESENCE_PENALTY,
    genai::REQUEST_STOP_SEQUENCES,
    genai::REQUEST_SEED,
    genai::REQUEST_CHOICE_COUNT,
    genai::REQUEST_STREAM,
    genai::OUTPUT_TYPE,
    genai::REQUEST_ENCODING_FORMATS,
    genai::EMBEDDINGS_DIMENSION_COUNT,
];

pub(in crate::genai::span) fn write(span: &Span, parameters: &RequestParameters) {
    for (key, value) in written(parameters) {
        span.set_attribute(key, value);
    }
    write_together(span);
}

/// Writes all of them as one text, which some backends read.
fn write_together(span: &Span) {
    let (full, langfuse) =
        (follows(span, Conventions::OPENINFERENCE), follows(span, Conventions::LANGFUSE));
    if !full && !langfuse {
        return;
    }
    let all = NAMES.iter().filter_map(|name| Some((*name, span.attribute(name)?)));
    let entry = |(name, value): (&str, Value)| {
        (genai::parameter(name).to_owned(), Content::from(value).as_json().clone())
    };
    let all: Map<_, _> = all.map(entry).collect();
    if all.is_empty() {
        return;
    }
    let text = Json::Object(all).to_string();
    if full {
        let key = match span.span_type() {
            Some(SpanType::Embedding) => oi::EMBEDDING_PARAMETERS,
            _ => oi::INVOCATION_PARAMETERS,
        };
        span.set_attribute(key, text.clone());
    }
    if langfuse {
        span.set_attribute(semconv::LANGFUSE_PARAMETERS, text);
    }
}

impl TypedSpanBuilder<ChatSpan> {
    /// Sets all parameters of the request at once.
    pub fn parameters(self, parameters: &RequestParameters) -> Self {
        self.attributes(written(parameters))
    }

    /// The most tokens of the answer.
    pub fn max_tokens(self, tokens: u64) -> Self {
        self.attributes([(genai::REQUEST_MAX_TOKENS, tokens.into())])
    }

    /// The sampling temperature: how much is left to chance.
    pub fn temperature(self, temperature: impl Into<f64>) -> Self {
        self.attributes([(genai::REQUEST_TEMPERATURE, temperature.into().into())])
    }

    /// The share of the probability, from the likeliest token on, that is considered.
    pub fn top_p(self, top_p: impl Into<f64>) -> Self {
        self.attributes([(genai::REQUEST_TOP_P, top_p.into().into())])
    }

    /// How many of the likeliest tokens are considered.
    pub fn top_k(self, top_k: impl Into<f64>) -> Self {
        self.attributes([(genai::REQUEST_TOP_K, top_k.into().into())])
    }

    /// The seed of the random numbers.
    pub fn seed(self, seed: i64) -> Self {
        self.attributes([(genai::REQUEST_SEED, seed.into())])
    }

    /// Whether the answer comes in pieces.
    pub fn stream(self, is_stream: bool) -> Self {
        self.attributes([(genai::REQUEST_STREAM, is_stream.into())])
    }

    /// The form of the answer: `text`, `json`, `image` or `speech`.
    pub fn output_type(self, output_type: impl Into<String>) -> Self {
        self.attributes([(genai::OUTPUT_TYPE, output_type.into().into())])
    }

    fn attributes(self, pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let is_together =
            self.follows(Conventions::OPENINFERENCE) || self.follows(Conventions::LANGFUSE);
        let with = self.map(|span| span.attrs(pairs));
        if is_together { with.at_start(|chat| write_together(chat)) } else { with }
    }
}
