//! The pipeline of log records: that of spans, with a queue and a thread of its own.

use super::{Diagnostics, Pipeline, PipelineSettings};
use crate::export::AnyExporter;
use crate::redact::Redactor;
use crate::span::SpanIntake as _;
use crate::span::{EndedSpan, LogIntake, LogRecord};
use crate::{Error, Resource, payload};
use opentelemetry::Key;
use std::sync::Arc;

/// Takes in log records, which are cleaned as spans are.
#[derive(Clone, Debug)]
pub(crate) struct LogPipeline {
    pipeline: Pipeline,
    redactor: Option<Redactor>,
    payload_limit: Option<usize>,
}

impl LogPipeline {
    /// Starts the pipeline, with the settings of that for spans.
    ///
    /// # Errors
    ///
    /// Those of [`Pipeline::start`].
    pub(crate) fn start(
        exporter: AnyExporter,
        resource: Arc<Resource>,
        settings: &PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let own = settings.for_signal("log record", "logs");
        let pipeline = Pipeline::start(vec![exporter], resource, own, diagnostics)?;
        let PipelineSettings { redactor, payload_limit, .. } = settings.clone();
        Ok(Self { pipeline, redactor, payload_limit })
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    fn clean(&self, record: &mut LogRecord) {
        if self.redactor.is_none() && self.payload_limit.is_none() {
            return;
        }
        // Rules see the body as an attribute.
        let body = (
            Key::from_static_str("body"),
            std::mem::replace(&mut record.body, crate::Value::Empty),
        );
        let mut pairs = vec![body];
        pairs.append(&mut record.attributes);
        if let Some(redactor) = &self.redactor {
            redactor.pairs(&mut pairs, true);
        }
        if let Some(limit) = self.payload_limit {
            payload::pairs(&mut pairs, limit);
        }
        record.body = pairs.remove(0).1;
        record.attributes = pairs;
    }
}

impl LogIntake for LogPipeline {
    fn take(&self, mut record: LogRecord) {
        self.clean(&mut record);
        let (message, summary) = (record.message(), record.summary());
        let item = EndedSpan { message: &message, scope: &record.scope, summary: &summary };
        self.pipeline.on_end(&item);
    }
}
