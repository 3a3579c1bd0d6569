//! A call of an embedding model.

use super::TypedSpanBuilder;
use super::chat::{self, non_empty, write_parameters};
use super::content::{self, Content, follows, write_list};
use super::handle::typed_span;
use crate::genai::{RequestParameters, Response, Usage};
use crate::semconv::{self, Conventions, Side, genai, openinference as oi};
use crate::{Span, SpanType, Tracer};
use serde_json::Value as Json;

typed_span! {
    /// A call of an embedding model. From [`Tracer::embedding`](crate::Tracer::embedding).
    EmbeddingSpan
}

impl Tracer {
    /// A call of an embedding model: `embeddings {model}`, of type [`SpanType::Embedding`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// tracer.embedding("openai", "text-embedding-3-small").in_scope(|embedding| {
    ///     embedding.dimensions(1536).input_tokens(8);
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let span = &memory.spans()[0];
    /// assert_eq!(span.name, "embeddings text-embedding-3-small");
    /// assert_eq!(span.attribute("gen_ai.embeddings.dimension.count"), Some(&1536.into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn embedding(
        &self,
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> TypedSpanBuilder<EmbeddingSpan> {
        let mut span = self.span("", SpanType::Embedding);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let (provider, model) = (provider.into(), model.into());
        span.set_name(format!("embeddings {model}").trim_end().to_owned().into());
        let with = TypedSpanBuilder::new(span);
        let full = with.follows(Conventions::OPENINFERENCE).then(|| model.clone());
        with.map(|span| {
            span.attr(semconv::GEN_AI_OPERATION_NAME, SpanType::Embedding.operation_name())
                .attr(genai::PROVIDER_NAME, provider)
                .attr(genai::REQUEST_MODEL, non_empty(&model))
                .attr(oi::EMBEDDING_MODEL, full)
        })
    }
}

impl TypedSpanBuilder<EmbeddingSpan> {
    /// The request as the provider's client sends it.
    pub fn request(self, request: &Json) -> Self {
        let request = request.clone();
        self.at_start(move |embedding| {
            embedding.request(&request);
        })
    }

    /// What is embedded, if [content is captured](crate::Builder::capture_content): a text, or a list of them.
    pub fn input(self, input: impl Into<Content>) -> Self {
        let input = input.into();
        self.at_start(move |embedding| {
            embedding.input(input);
        })
    }
}

impl EmbeddingSpan {
    /// The request as the provider's client sends it: parameters, and texts if [content is
    /// captured](crate::Builder::capture_content).
    pub fn request(&self, request: &Json) -> &Self {
        self.parameters(&RequestParameters::read(request));
        match ["input", "prompt"].into_iter().find_map(|name| request.get(name)) {
            Some(input) => self.input(input),
            None => self,
        }
    }

    /// Records the parameters of the request.
    pub fn parameters(&self, parameters: &RequestParameters) -> &Self {
        write_parameters(self, parameters);
        self
    }

    /// How many numbers each embedding has.
    pub fn dimensions(&self, count: u64) -> &Self {
        self.set_attribute(genai::EMBEDDINGS_DIMENSION_COUNT, count)
    }

    /// What is embedded, if [content is captured](crate::Builder::capture_content): a text, or a list of them.
    pub fn input(&self, input: impl Into<Content>) -> &Self {
        if self.content().is_on_spans() {
            let input = input.into();
            content::write(self, Side::Input, &input.written());
            write_texts(self, &input);
        }
        self
    }

    /// The response as the provider's client gets it: its model and usage.
    pub fn response(&self, response: &Json) -> &Self {
        self.response_info(&Response::read(response));
        match Usage::read(response) {
            Some(usage) => self.usage(usage),
            None => self,
        }
    }

    /// Records what the provider says about its answer.
    pub fn response_info(&self, response: &Response) -> &Self {
        chat::response(self, response);
        self
    }

    /// Tokens, and what they cost if the instance [knows the price](crate::Builder::prices).
    pub fn usage(&self, usage: Usage) -> &Self {
        chat::usage(self, usage);
        self
    }

    /// Tokens of the input; there are no others.
    pub fn input_tokens(&self, tokens: u64) -> &Self {
        self.usage(Usage { input_tokens: Some(tokens), ..Usage::default() })
    }
}

/// Writes each text, but no vectors: those are too long for anyone to look at.
fn write_texts(span: &Span, input: &Content) {
    if !follows(span, Conventions::OPENINFERENCE) {
        return;
    }
    let texts = match input.as_json() {
        Json::Array(texts) => texts.iter().filter_map(Json::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    let key = |at: usize| format!("{}.{at}.embedding.text", oi::EMBEDDINGS);
    let pairs = texts.into_iter().enumerate().map(|(at, text)| (key(at), text.into()));
    write_list(span, pairs.collect());
}
