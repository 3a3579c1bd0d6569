//! A search for documents, and what it found.

use super::TypedSpanBuilder;
use super::content::{self, Content, write_list};
use super::handle::typed_span;
use crate::semconv::{self, Conventions, Side, genai, openinference as oi};
use crate::{Span, SpanType, Tracer, Value};
use serde_json::{Map, Value as Json};

typed_span! {
    /// A search for documents. From [`Tracer::retrieval`](crate::Tracer::retrieval).
    RetrievalSpan
}

impl Tracer {
    /// A search in a collection, index or database: `retrieval {source}`, of type [`SpanType::Retrieval`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::Document;
    ///
    /// tracer.retrieval("facts").query("dozen").top_k(3).in_scope(|search| {
    ///     search.documents(&[Document::new("doc-7").score(0.83).content("A dozen is twelve.")]);
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let span = &memory.spans()[0];
    /// assert_eq!(span.attribute("gen_ai.retrieval.query.text"), Some(&"dozen".into()));
    /// assert_eq!(span.attribute("retrieval.documents.0.document.score"), Some(&0.83.into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn retrieval(&self, source: impl Into<String>) -> TypedSpanBuilder<RetrievalSpan> {
        let mut span = self.span("", SpanType::Retrieval);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let source = source.into();
        span.set_name(format!("retrieval {source}").trim_end().to_owned().into());
        let with = TypedSpanBuilder::new(span);
        let traceloop = with.follows(Conventions::TRACELOOP).then(|| source.clone());
        with.map(|span| {
            span.attr(semconv::GEN_AI_OPERATION_NAME, SpanType::Retrieval.operation_name())
                .attr(genai::DATA_SOURCE_ID, source)
                .attr(semconv::TRACELOOP_ENTITY_NAME, traceloop)
        })
    }
}

impl TypedSpanBuilder<RetrievalSpan> {
    /// The provider of the search, such as `aws.bedrock`, if there is one.
    pub fn provider(self, provider: impl Into<String>) -> Self {
        self.map(|span| span.attr(genai::PROVIDER_NAME, provider.into()))
    }

    /// The most documents that it may find.
    pub fn top_k(self, most: u64) -> Self {
        self.map(|span| {
            let version = span.wording().map(|wording| wording.version).unwrap_or_default();
            span.attr(version.retrieval_top_k(), most)
        })
    }

    /// What is looked for, if [content is captured](crate::Builder::capture_content).
    pub fn query(self, query: impl Into<String>) -> Self {
        let query = query.into();
        self.at_start(move |search| {
            search.query(query);
        })
    }
}

impl RetrievalSpan {
    /// What is looked for, if [content is captured](crate::Builder::capture_content).
    pub fn query(&self, query: impl Into<String>) -> &Self {
        if self.content().is_on_spans() {
            let query = query.into();
            self.0.set_attribute(genai::RETRIEVAL_QUERY, query.as_str());
            content::write(self, Side::Input, &(query, oi::TEXT));
        }
        self
    }

    /// What was found: how many documents, and if [content is captured](crate::Builder::capture_content), each of
    /// them with its score.
    pub fn documents(&self, documents: &[Document]) -> &Self {
        self.0.set_attribute(semconv::RESULTS_COUNT, documents.len());
        if self.content().is_on_spans() {
            let all = Content::from(as_json(documents)).written();
            self.0.set_attribute(genai::RETRIEVAL_DOCUMENTS, all.0.as_str());
            content::write(self, Side::Output, &all);
            write_documents(self, oi::RETRIEVAL_DOCUMENTS, documents);
        }
        self
    }
}

/// OpenInference's attributes of documents.
pub(super) fn write_documents(span: &Span, prefix: &str, documents: &[Document]) {
    let pairs = documents.iter().enumerate().flat_map(|(at, document)| {
        let Document { id, score, content, metadata } = document;
        let metadata = metadata.as_ref().map(Json::to_string);
        let pairs: [(&str, Value); 4] = [
            ("id", id.clone().into()),
            ("score", (*score).into()),
            ("content", content.clone().into()),
            ("metadata", metadata.into()),
        ];
        let pairs = pairs.into_iter().filter(|(_, value)| !matches!(value, Value::Empty));
        pairs.map(move |(name, value)| (format!("{prefix}.{at}.document.{name}"), value))
    });
    write_list(span, pairs.collect());
}

pub(super) fn as_json(documents: &[Document]) -> Json {
    let object = |document: &Document| {
        let Document { id, score, content, metadata } = document;
        let members = [
            ("id", id.clone().map(Json::from)),
            ("score", score.map(Json::from)),
            ("content", content.clone().map(Json::from)),
            ("metadata", metadata.clone()),
        ];
        let members = members.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?)));
        Json::Object(members.collect::<Map<_, _>>())
    };
    documents.iter().map(object).collect()
}

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
