//! The metrics of agents, tools and workflows: their durations.

use super::{SECONDS, attributes, seconds, with_error};
use crate::SpanType;
use crate::semconv;
use crate::span::SpanData;
use opentelemetry::metrics::{Histogram, Meter};

/// The instruments of runs, with bounds to fit: an agent takes longer than a tool, and a workflow longer still.
///
/// Source: [GenAI metrics](https://github.com/open-telemetry/semantic-conventions-genai).
#[derive(Debug)]
pub(super) struct RunMetrics {
    agent: Histogram<f64>,
    tool: Histogram<f64>,
    workflow: Histogram<f64>,
}

impl RunMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let agent = semconv::GEN_AI_AGENT_DURATION_METRIC;
        let tool = semconv::GEN_AI_TOOL_DURATION_METRIC;
        let workflow = semconv::GEN_AI_WORKFLOW_DURATION_METRIC;
        Self {
            agent: seconds(meter, agent, "Duration of agents", &AGENT_SECONDS),
            tool: seconds(meter, tool, "Duration of calls of tools", &SECONDS),
            workflow: seconds(meter, workflow, "Duration of workflows", &WORKFLOW_SECONDS),
        }
    }

    /// Measures a span that says which agent, tool or workflow it is of.
    pub(super) fn record(&self, span: &SpanData) {
        let (histogram, keys) = match span.span_type {
            SpanType::Agent => (&self.agent, AGENT),
            SpanType::Tool => (&self.tool, TOOL),
            SpanType::Workflow => (&self.workflow, WORKFLOW),
            _ => return,
        };
        // The first key is the name's.
        if span.attribute(keys[0]).is_some() {
            let attributes = with_error(attributes(span, keys), span);
            histogram.record(span.duration().as_secs_f64(), &attributes);
        }
    }
}

const AGENT: &[&str] = &[semconv::GEN_AI_AGENT_NAME, semconv::GEN_AI_PROVIDER_NAME];
const TOOL: &[&str] = &[semconv::GEN_AI_TOOL_NAME, semconv::GEN_AI_TOOL_TYPE];
const WORKFLOW: &[&str] = &[semconv::GEN_AI_WORKFLOW_NAME];

const AGENT_SECONDS: [f64; 13] =
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
const WORKFLOW_SECONDS: [f64; 11] =
    [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0];
