//! A reordering of documents.

use super::TypedSpanBuilder;
use super::content::{self, Content};
use super::handle::typed_span;
use super::retrieval::Document;
use super::retrieval::{as_json, write_documents};
use crate::semconv::{self, Side, openinference as oi};
use crate::{SpanType, Tracer};

typed_span! {
    /// A reordering of documents. From [`Tracer::reranker`](crate::Tracer::reranker).
    RerankerSpan
}

impl Tracer {
    /// A call of a model that sorts documents: `rerank {model}`, of type [`SpanType::Reranker`]. It has
    /// OpenInference's attributes: OpenTelemetry has none, and by its attribute of a model it would be taken
    /// for a language model.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).capture_content(true).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::Document;
    ///
    /// let found = [Document::new("a").score(0.4), Document::new("b").score(0.3)];
    /// tracer.reranker("rerank-v3").query("dozen").top_k(1).in_scope(|rerank| {
    ///     rerank.input_documents(&found).output_documents(&[Document::new("b").score(0.9)]);
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let span = &memory.spans()[0];
    /// assert_eq!(span.attribute("reranker.output_documents.0.document.id"), Some(&"b".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn reranker(&self, model: impl Into<String>) -> TypedSpanBuilder<RerankerSpan> {
        let mut span = self.span("", SpanType::Reranker);
        if span.is_noop() {
            return TypedSpanBuilder::new(span);
        }
        let model = model.into();
        span.set_name(format!("rerank {model}").trim_end().to_owned().into());
        TypedSpanBuilder::new(span.attr(oi::RERANKER_MODEL, model))
    }
}

impl TypedSpanBuilder<RerankerSpan> {
    /// The most documents that it may leave.
    pub fn top_k(self, most: u64) -> Self {
        self.map(|span| span.attr(oi::RERANKER_TOP_K, most))
    }

    /// What the documents are ranked for, if [content is captured](crate::Builder::capture_content).
    pub fn query(self, query: impl Into<String>) -> Self {
        let query = query.into();
        self.at_start(move |rerank| {
            rerank.query(query);
        })
    }
}

impl RerankerSpan {
    /// What the documents are ranked for, if [content is captured](crate::Builder::capture_content).
    pub fn query(&self, query: impl Into<String>) -> &Self {
        if self.content().is_on_spans() {
            let query = query.into();
            self.0.set_attribute(oi::RERANKER_QUERY, query.as_str());
            content::write(self, Side::Input, &(query, oi::TEXT));
        }
        self
    }

    /// The documents before, if [content is captured](crate::Builder::capture_content).
    pub fn input_documents(&self, documents: &[Document]) -> &Self {
        if self.content().is_on_spans() {
            write_documents(self, oi::RERANKER_INPUT_DOCUMENTS, documents);
        }
        self
    }

    /// The documents as they are sorted: how many, and if [content is captured](crate::Builder::capture_content), each
    /// of them with its score.
    pub fn output_documents(&self, documents: &[Document]) -> &Self {
        self.0.set_attribute(semconv::RESULTS_COUNT, documents.len());
        if self.content().is_on_spans() {
            content::write(self, Side::Output, &Content::from(as_json(documents)).written());
            write_documents(self, oi::RERANKER_OUTPUT_DOCUMENTS, documents);
        }
        self
    }
}
