//! What is written piece by piece is what was set.

use super::*;
use crate::span::SpanLimits;
use crate::span::{EndedSpan, SpanData};
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

fn begin(message: &mut SpanMessage, name: &str) {
    let ids = (TraceId::from(7_u128), SpanId::from(8));
    let context = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, false, TraceState::NONE);
    let start = Head {
        span_context: &context,
        parent_span_id: Some(SpanId::from(9)),
        name,
        kind: 1,
        start_time: 1_000,
        end_time: 1_000,
    };
    message.begin(&start, SpanType::Tool, false);
}

fn finish(message: &mut SpanMessage) -> SpanData {
    message.finish(2_000);
    let scope = Arc::new(InstrumentationScope::builder("test").build());
    EndedSpan { message: message.message(), scope: &scope, summary: message.summary() }.to_data()
}

/// Attributes are written, and written over by shorter and longer ones, and the name changes meanwhile.
#[test]
fn any_order_of_writes_gives_the_last_ones() {
    let mut message = SpanMessage::default();
    for seed in 0..300 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut below = |limit: u32| random.next_u32() % limit;
        let mut expected: Vec<(Key, Value)> = Vec::new();
        let mut name = "n".repeat(below(200) as usize);
        begin(&mut message, &name);
        for _ in 0..below(60) {
            let key = Key::from(format!("key-{}", "k".repeat(below(90) as usize)));
            let value = match below(6) {
                0 => Value::Bool(true),
                1 => Value::I64(i64::MIN >> below(64)),
                2 => Value::F64(0.5),
                3 => Value::from(vec![1, 2]),
                _ => Value::from("v".repeat(below(300) as usize)),
            };
            match Scalar::try_from(value.clone()) {
                Ok(scalar) => message.set_scalar(&key, scalar, 1_000),
                Err(value) => message.set(&key, &value, 1_000),
            }
            match expected.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => expected.push((key, value)),
            }
            if below(9) == 0 {
                name = "m".repeat(below(200) as usize);
                message.set_name(&name);
            }
            assert_eq!(message.name(), name, "seed {seed}");
        }
        let span = finish(&mut message);
        assert_eq!((span.name, span.attributes), (name.into(), expected), "seed {seed}");
        assert_eq!(span.end_time, UNIX_EPOCH + std::time::Duration::from_nanos(2_000));
    }
}

/// Keys beyond the limit take no memory, however many there are.
#[test]
fn what_is_refused_is_counted_only() {
    let mut message = SpanMessage::default();
    begin(&mut message, "span");
    for n in 0..100_000 {
        message.set(
            &Key::from(format!("key-{n}")),
            &Value::from("value"),
            SpanLimits::default().attributes,
        );
    }
    assert_eq!(message.keys.len(), 128);
    let span = finish(&mut message);
    assert_eq!((span.attributes.len(), span.dropped_attributes_count), (128, 99_872));
}

#[test]
fn large_memory_is_not_kept() {
    let mut message = SpanMessage::default();
    begin(&mut message, "span");
    message.set(&Key::from("prompt"), &Value::from("word ".repeat(100_000)), 128);
    finish(&mut message);
    message.trim();
    assert!(message.message().is_empty());
    begin(&mut message, "span");
    message.set(&Key::from("prompt"), &Value::from("word"), 128);
    assert_eq!(finish(&mut message).attribute("prompt"), Some(&Value::from("word")));
}
