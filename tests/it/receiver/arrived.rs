//! A span as it arrived.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prela::{SpanId, TraceId};
use std::fmt::{self, Display, Formatter};

/// A span with what it came under.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrived {
    pub resource: Vec<KeyValue>,
    pub scope: InstrumentationScope,
    pub span: Span,
}

impl Arrived {
    pub fn all_of(message: &ExportTraceServiceRequest) -> Vec<Self> {
        let mut all = Vec::new();
        for resource_spans in &message.resource_spans {
            let resource = &resource_spans.resource.as_ref().expect("a resource").attributes;
            for scope_spans in &resource_spans.scope_spans {
                let scope = scope_spans.scope.as_ref().expect("a scope");
                all.extend(scope_spans.spans.iter().map(|span| Self {
                    resource: resource.clone(),
                    scope: scope.clone(),
                    span: span.clone(),
                }));
            }
        }
        all
    }

    pub fn name(&self) -> &str {
        &self.span.name
    }

    pub fn trace_id(&self) -> TraceId {
        TraceId::from_bytes(self.span.trace_id.as_slice().try_into().expect("16 bytes"))
    }

    pub fn span_id(&self) -> SpanId {
        SpanId::from_bytes(self.span.span_id.as_slice().try_into().expect("8 bytes"))
    }

    pub fn parent_span_id(&self) -> Option<SpanId> {
        let bytes = self.span.parent_span_id.as_slice();
        (!bytes.is_empty()).then(|| SpanId::from_bytes(bytes.try_into().expect("8 bytes")))
    }

    /// The text of an attribute; none if it is not there.
    pub fn attribute(&self, key: &str) -> Option<String> {
        text_of(&self.span.attributes, key)
    }

    /// The text of an attribute of the resource; none if it is not there.
    pub fn resource(&self, key: &str) -> Option<String> {
        text_of(&self.resource, key)
    }

    /// `prela.span.type`; `-` for a span of another library.
    pub fn span_type(&self) -> String {
        self.attribute("prela.span.type").unwrap_or_else(|| "-".to_owned())
    }

    pub fn is_error(&self) -> bool {
        self.span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
    }
}

fn text_of(attributes: &[KeyValue], key: &str) -> Option<String> {
    let pair = attributes.iter().find(|pair| pair.key == key)?;
    Some(match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        other => AnyText(other).to_string(),
    })
}

/// Shows all that OTLP carries of a span except its resource, each fact in a line.
impl Display for Arrived {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { span, scope, .. } = self;
        let status = span.status.as_ref().expect("a status");
        writeln!(f, "{} {}", span.name, span.kind().as_str_name())?;
        writeln!(f, "  trace {} span {}", self.trace_id(), self.span_id())?;
        if let Some(parent) = self.parent_span_id() {
            writeln!(f, "  parent {parent}")?;
        }
        writeln!(f, "  flags {:#x} state {:?}", span.flags, span.trace_state)?;
        writeln!(f, "  time {} to {}", span.start_time_unix_nano, span.end_time_unix_nano)?;
        writeln!(f, "  status {} {:?}", status.code().as_str_name(), status.message)?;
        writeln!(f, "  scope {}", scope.name)?;
        attributes(f, "  ", &span.attributes, span.dropped_attributes_count)?;
        for event in &span.events {
            writeln!(f, "  event {} at {}", event.name, event.time_unix_nano)?;
            attributes(f, "    ", &event.attributes, event.dropped_attributes_count)?;
        }
        dropped(f, "  ", "events", span.dropped_events_count)?;
        for link in &span.links {
            let trace = TraceId::from_bytes(link.trace_id.as_slice().try_into().expect("16 bytes"));
            let span = SpanId::from_bytes(link.span_id.as_slice().try_into().expect("8 bytes"));
            writeln!(f, "  link {trace} {span} flags {:#x} {:?}", link.flags, link.trace_state)?;
            attributes(f, "    ", &link.attributes, link.dropped_attributes_count)?;
        }
        dropped(f, "  ", "links", span.dropped_links_count)
    }
}

fn attributes(f: &mut Formatter<'_>, indent: &str, all: &[KeyValue], lost: u32) -> fmt::Result {
    for pair in all {
        let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
        writeln!(f, "{indent}{} = {}", pair.key, AnyText(value))?;
    }
    dropped(f, indent, "attributes", lost)
}

fn dropped(f: &mut Formatter<'_>, indent: &str, what: &str, count: u32) -> fmt::Result {
    if count == 0 { Ok(()) } else { writeln!(f, "{indent}dropped {count} {what}") }
}

/// A value with its type: text is quoted, bytes are hex, a double has a point.
struct AnyText<'a>(Option<&'a Any>);

impl Display for AnyText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nested = |value: &'_ AnyValue| AnyText(value.value.as_ref()).to_string();
        match self.0 {
            None => f.write_str("nothing"),
            Some(Any::StringValue(text)) => write!(f, "{text:?}"),
            Some(Any::BoolValue(value)) => write!(f, "{value}"),
            Some(Any::IntValue(value)) => write!(f, "{value}"),
            Some(Any::DoubleValue(value)) => write!(f, "{value:?}"),
            Some(Any::BytesValue(bytes)) => write!(f, "bytes {bytes:02x?}"),
            Some(Any::ArrayValue(array)) => {
                write!(f, "[{}]", array.values.iter().map(nested).collect::<Vec<_>>().join(", "))
            }
            Some(Any::KvlistValue(list)) => {
                let entry = |pair: &KeyValue| {
                    let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
                    format!("{}: {}", pair.key, AnyText(value))
                };
                write!(f, "{{{}}}", list.values.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            Some(other) => write!(f, "{other:?}"),
        }
    }
}
