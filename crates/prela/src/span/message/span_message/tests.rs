//! What is written piece by piece is what was set.

use super::*;
use crate::span::{EndedSpan, SpanData};
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

fn begin(message: &mut SpanMessage, name: &str, most: usize) {
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
    message.begin(&start, SpanType::Tool, false, most, usize::MAX);
}

/// Writes an attribute in one of the ways to write a value like it.
fn set(message: &mut SpanMessage, key: &Key, value: &Value, shortcut: bool) {
    let name = key.as_str().as_bytes();
    let hash = KeyHash::of(name);
    match value {
        Value::Bool(value) if shortcut => message.set_scalar(name, hash, Scalar::bool(*value)),
        Value::I64(value) if shortcut => message.set_scalar(name, hash, Scalar::i64(*value)),
        Value::F64(value) if shortcut => message.set_scalar(name, hash, Scalar::f64(*value)),
        Value::String(text) if shortcut => {
            assert!(message.set_text(name, hash, text.as_bytes()));
        }
        _ => message.set(key.as_str(), value),
    }
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
        begin(&mut message, &name, 1_000);
        for _ in 0..below(60) {
            let key = Key::from(format!("key-{}", "k".repeat(below(90) as usize)));
            let value = match below(7) {
                0 => Value::Bool(true),
                1 => Value::I64(i64::MIN >> below(64)),
                2 => Value::F64(0.5),
                3 => Value::from(vec![1, 2]),
                4 => Value::from(vec![7_u8; below(300) as usize]),
                _ => Value::from("v".repeat(below(3_000) as usize)),
            };
            set(&mut message, &key, &value, below(2) == 0);
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
    begin(&mut message, "span", 128);
    for n in 0..100_000 {
        message.set(&format!("key-{n}"), &Value::from("value"));
    }
    assert_eq!(message.keys.len(), 128);
    let span = finish(&mut message);
    assert_eq!((span.attributes.len(), span.dropped_attributes_count), (128, 99_872));
}

#[test]
fn large_memory_is_not_kept() {
    let mut message = SpanMessage::default();
    begin(&mut message, "span", 128);
    message.set("prompt", &Value::from("word ".repeat(100_000)));
    finish(&mut message);
    message.trim();
    assert!(message.message().is_empty());
    begin(&mut message, "span", 128);
    message.set("prompt", &Value::from("word"));
    assert_eq!(finish(&mut message).attribute("prompt"), Some(&Value::from("word")));
}
