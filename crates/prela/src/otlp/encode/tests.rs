//! What is written, read by prost, is what `message` makes.

use super::*;
use crate::otlp::message;
use crate::span::Batch;
use crate::span::{Event, Link, SpanData};
use crate::{SpanType, Value};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Key, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn body(batch: &Batch) -> Bytes {
    request(batch.resource(), batch.encoded())
}

#[test]
fn random_batches_are_the_same_message() {
    for seed in 0..400 {
        let batch = Random::new(seed).batch();
        let decoded = ExportTraceServiceRequest::decode(&*body(&batch));
        assert_eq!(decoded.as_ref(), Ok(&message::request(&batch)), "seed {seed}");
    }
}

/// Whatever is in a buffer that is used again must not come through.
#[test]
fn a_buffer_is_used_again() {
    let batches: Vec<_> = (0..3).map(|seed| Random::new(seed).batch()).collect();
    for batch in batches.iter().chain(&batches).rev() {
        let (once, again) = (body(batch), body(batch));
        assert_eq!(once, again);
    }
}

/// Byte for byte, where there are no empty keys and no times of 0: these prost leaves out.
#[test]
fn random_batches_are_the_same_bytes() {
    let has_times = |span: &&Arc<SpanData>| {
        let of_events = span.events.iter().map(|event| event.time);
        of_events.chain([span.start_time, span.end_time]).all(|time| time > UNIX_EPOCH)
    };
    let mut compared = 0;
    for seed in 0..400 {
        let batch = Random { empty_keys: false, ..Random::new(seed) }.batch();
        let spans: Vec<_> = batch.spans().iter().filter(has_times).cloned().collect();
        compared += spans.len();
        let batch = Batch::new(batch.resource().clone(), spans);
        assert_eq!(*body(&batch), message::request(&batch).encode_to_vec(), "seed {seed}");
    }
    assert!(compared > 1_000, "{compared} spans");
}

/// What exporters and processors are shown is what was recorded.
#[test]
fn a_message_is_read_as_it_was_written() {
    for seed in 0..400 {
        for span in Random::new(seed).batch().spans() {
            let read = EncodedSpan::rewritten(span).ended().to_data();
            let expected = as_on_the_wire((**span).clone());
            assert_eq!(format!("{read:?}"), format!("{expected:?}"), "seed {seed}");
        }
    }
}

/// A span as OTLP can express it: times within its range, no parent of zeros.
fn as_on_the_wire(mut span: SpanData) -> SpanData {
    let last = UNIX_EPOCH + Duration::from_nanos(u64::MAX);
    let time = |time: &mut SystemTime| *time = (*time).clamp(UNIX_EPOCH, last);
    time(&mut span.start_time);
    time(&mut span.end_time);
    span.events.iter_mut().for_each(|event| time(&mut event.time));
    span.parent_span_id = span.parent_span_id.filter(|id| *id != SpanId::INVALID);
    let context = &span.span_context;
    let (trace_id, span_id, flags) = (context.trace_id(), context.span_id(), context.trace_flags());
    let state = context.trace_state().clone();
    span.span_context = SpanContext::new(trace_id, span_id, flags, false, state);
    span
}

#[test]
fn a_batch_without_spans() {
    let batch = Batch::new(Arc::default(), []);
    let decoded = ExportTraceServiceRequest::decode(&*body(&batch));
    assert_eq!(decoded, Ok(message::request(&batch)));
}

struct Random {
    rng: SmallRng,
    empty_keys: bool,
}

impl Random {
    fn new(seed: u64) -> Self {
        Self { rng: SmallRng::seed_from_u64(seed), empty_keys: true }
    }

    fn key(&mut self) -> Key {
        let key = self.text();
        if key.is_empty() && !self.empty_keys { Key::new("key") } else { Key::from(key) }
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.rng.next_u32() % limit
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.rng.next_u32() as usize % from.len()].clone()
    }

    fn count(&mut self) -> u32 {
        match self.below(3) {
            0 => self.rng.next_u32() >> self.below(32),
            _ => 0,
        }
    }

    fn batch(&mut self) -> Batch {
        let scopes: Vec<_> = (0..=self.below(3)).map(|_| Arc::new(self.scope())).collect();
        let mut resource = Resource::default();
        self.attributes(2).into_iter().for_each(|(key, value)| resource.set(key, value));
        let spans = (0..self.below(20)).map(|_| {
            let scope = self.pick(&scopes);
            Arc::new(self.span(scope))
        });
        Batch::new(Arc::new(resource), spans.collect::<Vec<_>>())
    }

    fn scope(&mut self) -> InstrumentationScope {
        let mut scope = InstrumentationScope::builder(self.text());
        if self.below(2) == 0 {
            scope = scope.with_version(self.text()).with_schema_url(self.text());
        }
        let attributes = self.attributes(2).into_iter();
        scope.with_attributes(attributes.map(|(key, value)| KeyValue::new(key, value))).build()
    }

    fn span(&mut self, scope: Arc<InstrumentationScope>) -> SpanData {
        let kinds = [
            SpanKind::Internal,
            SpanKind::Server,
            SpanKind::Client,
            SpanKind::Producer,
            SpanKind::Consumer,
        ];
        let statuses = [Status::Unset, Status::Ok, Status::error(""), Status::error(self.text())];
        let start_time = self.time();
        SpanData {
            span_context: self.span_context(),
            parent_span_id: self.pick(&[None, Some(SpanId::from(7)), Some(SpanId::INVALID)]),
            parent_is_remote: self.below(2) == 0,
            name: self.text().into(),
            span_type: self.pick(&SpanType::ALL),
            kind: self.pick(&kinds),
            start_time,
            end_time: self.time().max(start_time),
            attributes: self.attributes(3),
            dropped_attributes_count: self.count(),
            events: (0..self.below(4)).map(|_| self.event()).collect(),
            dropped_events_count: self.count(),
            links: (0..self.below(4)).map(|_| self.link()).collect(),
            dropped_links_count: self.count(),
            status: self.pick(&statuses),
            scope,
        }
    }

    fn event(&mut self) -> Event {
        Event {
            name: self.text().into(),
            time: self.time(),
            attributes: self.attributes(2),
            dropped_attributes_count: self.count(),
        }
    }

    fn link(&mut self) -> Link {
        Link {
            span_context: self.span_context(),
            attributes: self.attributes(2),
            dropped_attributes_count: self.count(),
        }
    }

    fn span_context(&mut self) -> SpanContext {
        let state = match self.below(3) {
            0 => TraceState::from_key_value([("vendor", "a"), ("other", "b")]).expect("valid"),
            _ => TraceState::NONE,
        };
        let trace_id = TraceId::from(u128::from(self.rng.next_u64()) << 64 | 7);
        let flags = TraceFlags::new(self.pick(&[0, 1, 2, 3]));
        let is_remote = self.below(2) == 0;
        SpanContext::new(trace_id, SpanId::from(self.rng.next_u64()), flags, is_remote, state)
    }

    fn time(&mut self) -> SystemTime {
        match self.below(10) {
            0 => UNIX_EPOCH,
            1 => UNIX_EPOCH - Duration::from_secs(1),
            2 => UNIX_EPOCH + Duration::from_secs(1 << 40),
            _ => UNIX_EPOCH + Duration::from_nanos(self.rng.next_u64() >> 1),
        }
    }

    fn text(&mut self) -> String {
        let pieces = ["", "a", "é", "→", "gen_ai.", "\u{1f980}", "\0", "some longer words "];
        let longest = if self.below(40) == 0 { 5_000 } else { 12 };
        let count = self.below(longest);
        (0..count).map(|_| self.pick(&pieces)).collect()
    }

    fn attributes(&mut self, depth: u32) -> Vec<(Key, Value)> {
        (0..self.below(9)).map(|_| (self.key(), self.value(depth))).collect()
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Bool(self.below(2) == 0),
            1 => {
                let number = i64::from_le_bytes(self.rng.next_u64().to_le_bytes());
                Value::I64(number >> self.below(64))
            }
            2 => Value::F64(self.pick(&[0.0, -0.0, 0.5, f64::MIN, f64::INFINITY, 1e-310])),
            3 => Value::from(self.text()),
            4 => Value::from(self.text().into_bytes()),
            5 => Value::Array((0..self.below(5)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::Map(self.attributes(depth - 1)),
        }
    }
}
