//! A stored trace as OTLP, as it came in.

use super::model::{Log, Named, Trace};
use crate::otlp::{Envelope, Resource, Scope, json};
use bytes::Bytes;
use prost::Message as _;
use serde_json::{Map, Value};
use std::sync::Arc;

impl Trace {
    /// The spans as OTLP's message `TracesData`: grouped by resource and scope, each as it came in.
    pub fn traces_data(&self) -> Envelope {
        let records = self.spans.iter().map(|it| (&it.resource, &it.scope, it.bytes.clone()));
        envelope(records)
    }

    /// The log records as OTLP's message `LogsData`, likewise grouped.
    pub fn logs_data(&self) -> Envelope {
        let bytes = |log: &Log| Arc::from(log.message.encode_to_vec());
        envelope(self.logs.iter().map(|it| (&it.resource, &it.scope, bytes(it))))
    }

    /// The trace as an object of OTLP's JSON, as the Collector writes it in a line of a file.
    pub fn otlp_json(&self) -> Value {
        let mut object = Map::new();
        let spans = layers(&self.traces_data(), "scopeSpans", "spans", json::SPAN);
        object.insert("resourceSpans".to_owned(), spans);
        if !self.logs.is_empty() {
            let logs = layers(&self.logs_data(), "scopeLogs", "logRecords", json::LOG_RECORD);
            object.insert("resourceLogs".to_owned(), logs);
        }
        Value::Object(object)
    }
}

type Record<'a, R, S> = (&'a Arc<Named<R>>, &'a Arc<Named<S>>, Arc<[u8]>);

/// Groups records by resource and scope, in the order in which these first come.
fn envelope<'a, R: 'a, S: 'a>(records: impl Iterator<Item = Record<'a, R, S>>) -> Envelope {
    let mut envelope = Envelope::default();
    // A trace has few resources and scopes, so they are searched one by one.
    let mut resources: Vec<&Arc<Named<R>>> = Vec::new();
    let mut scopes: Vec<Vec<&Arc<Named<S>>>> = Vec::new();
    for (resource, scope, bytes) in records {
        let at = resources.iter().position(|it| Arc::ptr_eq(it, resource)).unwrap_or_else(|| {
            resources.push(resource);
            scopes.push(Vec::new());
            envelope.resources.push(Resource {
                resource: resource.bytes.clone().map(Bytes::from_owner),
                scopes: Vec::new(),
                schema_url: resource.schema_url.clone(),
            });
            resources.len() - 1
        });
        let (scopes, layer) = (&mut scopes[at], &mut envelope.resources[at].scopes);
        let at = scopes.iter().position(|it| Arc::ptr_eq(it, scope)).unwrap_or_else(|| {
            scopes.push(scope);
            layer.push(Scope {
                scope: scope.bytes.clone().map(Bytes::from_owner),
                records: Vec::new(),
                schema_url: scope.schema_url.clone(),
            });
            scopes.len() - 1
        });
        layer[at].records.push(Bytes::from_owner(bytes));
    }
    envelope
}

fn layers(envelope: &Envelope, scopes: &str, records: &str, record: json::Schema) -> Value {
    let with_schema = |mut object: Map<String, Value>, schema_url: &str| {
        if !schema_url.is_empty() {
            object.insert("schemaUrl".to_owned(), schema_url.into());
        }
        Value::Object(object)
    };
    let part = |object: &mut Map<String, Value>, name: &str, schema, bytes: &Option<Bytes>| {
        if let Some(json) = bytes.as_deref().and_then(|bytes| json::to_json(schema, bytes)) {
            object.insert(name.to_owned(), json);
        }
    };
    let scope = |scope: &Scope| {
        let mut object = Map::new();
        part(&mut object, "scope", json::SCOPE, &scope.scope);
        let all = scope.records.iter().filter_map(|bytes| json::to_json(record, bytes));
        object.insert(records.to_owned(), all.collect());
        with_schema(object, &scope.schema_url)
    };
    let resource = |resource: &Resource| {
        let mut object = Map::new();
        part(&mut object, "resource", json::RESOURCE, &resource.resource);
        object.insert(scopes.to_owned(), resource.scopes.iter().map(scope).collect());
        with_schema(object, &resource.schema_url)
    };
    envelope.resources.iter().map(resource).collect()
}
