//! Judgements of agents and models, and the evaluators that make them.

use super::TypedSpanBuilder;
use super::builder::builder_input;
use super::handle::{input_and_output, typed_span};
use crate::semconv::{genai, openinference as oi};
use crate::{Key, Span, SpanType, Tracer, Value};

/// A judgement of what an agent or a model did.
///
/// ```
/// use prela::genai::Evaluation;
///
/// let relevance = Evaluation::new("relevance").score(0.9).label("relevant");
/// # drop(relevance);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// What is judged.
    pub name: String,
    /// How good it is, on the judge's own scale.
    pub score: Option<f64>,
    /// The judgement in a word.
    pub label: Option<String>,
    /// The reason for it, recorded if [content is captured](crate::Builder::capture_content).
    pub explanation: Option<String>,
}

impl Evaluation {
    /// A judgement that says nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), score: None, label: None, explanation: None }
    }

    /// How good it is.
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// The judgement in a word.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the reason for it.
    #[must_use]
    pub fn explanation(mut self, explanation: impl Into<String>) -> Self {
        self.explanation = Some(explanation.into());
        self
    }

    /// Adds it as an event to the span that is judged.
    pub(super) fn add_to(&self, judged: &Span) {
        let response = judged.attribute(genai::RESPONSE_ID);
        let pairs = [
            (genai::EVALUATION_NAME, Value::from(self.name.as_str())),
            (genai::EVALUATION_SCORE, self.score.into()),
            (genai::EVALUATION_LABEL, self.label.clone().into()),
            (genai::EVALUATION_EXPLANATION, self.explanation_for(judged).into()),
            (genai::RESPONSE_ID, response.unwrap_or(Value::Empty)),
        ];
        judged.add_event(genai::EVALUATION_EVENT, pairs);
    }

    /// The reason, if content is captured: it may quote what is judged.
    fn explanation_for(&self, span: &Span) -> Option<String> {
        let has_content = span.content() != crate::genai::ContentCapture::Off;
        self.explanation.clone().filter(|_| has_content)
    }
}

typed_span! {
    /// A run of an evaluator. From [`Tracer::evaluator`](crate::Tracer::evaluator).
    EvaluatorSpan
}

input_and_output!(EvaluatorSpan);
builder_input!(EvaluatorSpan);

impl Tracer {
    /// A run of an evaluator: `evaluate {name}`, of type [`SpanType::Evaluator`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::Evaluation;
    ///
    /// tracer.chat("openai", "gpt-4o").in_scope(|chat| {
    ///     let judgement = tracer.evaluator("relevance").in_scope(|judge| {
    ///         let judgement = Evaluation::new("relevance").score(0.9).label("relevant");
    ///         judge.evaluation(&judgement);
    ///         judgement
    ///     });
    ///     chat.evaluation(&judgement); // while the call runs
    /// });
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let spans = memory.spans();
    /// assert_eq!(spans[0].attribute("evaluations.0.evaluation.score"), Some(&0.9.into()));
    /// assert_eq!(spans[1].events[0].name, "gen_ai.evaluation.result");
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn evaluator(&self, name: impl Into<String>) -> TypedSpanBuilder<EvaluatorSpan> {
        self.entity("evaluate", &name.into(), SpanType::Evaluator)
    }
}

impl TypedSpanBuilder<EvaluatorSpan> {
    /// Links to the span that is judged, which may have ended.
    pub fn judges(self, judged: &Span) -> Self {
        self.link(&judged.context())
    }
}

impl EvaluatorSpan {
    /// Adds a judgement, as attributes; several are numbered.
    pub fn evaluation(&self, evaluation: &Evaluation) -> &Self {
        let key = |at: usize, name: &str| format!("{}.{at}.evaluation.{name}", oi::EVALUATIONS);
        let Some(at) = (0..self.most_attributes()).find(|at| self.lacks(&key(*at, "name"))) else {
            return self;
        };
        let pairs = [
            ("name", Value::from(evaluation.name.as_str())),
            ("score", evaluation.score.into()),
            ("label", evaluation.label.clone().into()),
            ("explanation", evaluation.explanation_for(self).into()),
        ];
        for (name, value) in pairs {
            self.0.set_attribute(Key::from(key(at, name)), value);
        }
        self
    }
}
