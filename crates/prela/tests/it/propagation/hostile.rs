//! Anything may come in; only what is well-formed goes out.

use super::any_bytes;
use super::wire::sent;
use prela::TraceContext;
use prela::baggage::{self, Baggage};
use prela::propagation::{Format, Propagator, extract_report};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

const ALL: [Format; 5] =
    [Format::TraceContext, Format::Baggage, Format::B3, Format::B3Multi, Format::LegacyIds];

/// Values to begin with: valid, and nearly.
const SEEDS: [&str; 16] = [
    "",
    ",",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00f067aa0ba902b7",
    "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-d",
    "a=1,b@c=2, d = 3 ,foo@@bar=x y",
    "a=1;p=2;q,b=%41%2C%25,c=x=y",
    "a=%0D%0Aevil:%201;p=%0D%0A",
    "a=%FF%E2%82;p=%F0",
    "=,;=;a==;",
    "a=\t1\t;\tp\t=\t2\t,\tb\t=",
    "k0=1,k1=1,k2=1,k3=1,k4=1,k5=1,k6=1,k7=1,k8=1,k9=1,ka=1,kb=1,kc=1,kd=1,ke=1,kf=1,kg=1",
];

const NAMES: [&str; 10] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-trace-id",
    "x-span-id",
];

fn any_value(rng: &mut SmallRng) -> Vec<u8> {
    let mut value = SEEDS.choose(rng).unwrap().as_bytes().to_vec();
    for _ in 0..rng.random_range(0..4) {
        let at = rng.random_range(0..=value.len());
        let byte = *[rng.random(), b',', b';', b'=', b'%', b' ', b'-', b'\r', b'\n', b'0']
            .choose(rng)
            .unwrap();
        match rng.random_range(0..4) {
            0 => value.insert(at, byte),
            1 if at < value.len() => value[at] = byte,
            2 if at < value.len() => drop(value.remove(at)),
            _ => value.extend_from_slice(SEEDS.choose(rng).unwrap().as_bytes()),
        }
    }
    value.repeat(if rng.random_ratio(1, 50) { 200 } else { 1 })
}

#[test]
fn any_bytes_in_well_formed_out() {
    let mut rng = SmallRng::seed_from_u64(24);
    let all = ALL.into_iter().fold(Propagator::default(), Propagator::with);
    for _ in 0..5_000 {
        let fields: Vec<(&str, Vec<u8>)> = (0..rng.random_range(1..6))
            .map(|_| (*NAMES.choose(&mut rng).unwrap(), any_value(&mut rng)))
            .collect();
        let extracted = extract_report(&fields);
        let out = sent(&extracted.context);
        out.check();

        // What goes out comes in as it is, and nothing of it is refused.
        let again: Vec<_> = [
            ("traceparent", &out.traceparent),
            ("tracestate", &out.tracestate),
            ("baggage", &out.baggage),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect();
        let again = extract_report(&again);
        assert_eq!(again.refused, []);
        assert_eq!(sent(&again.context), out);
        assert_eq!(again.context.baggage(), extracted.context.baggage());

        let mut headers: Vec<(String, String)> = Vec::new();
        all.inject(&all.extract(&fields), &mut headers);
        for (name, value) in headers {
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}: {value}");
        }
    }
}

#[test]
fn the_fuzz_targets_hold() {
    let mut rng = SmallRng::seed_from_u64(3);
    for _ in 0..2_000 {
        let lines = [any_value(&mut rng), any_value(&mut rng)];
        for lines in [&lines[0], &lines.join(&b'\n')] {
            any_bytes::traceparent(lines);
            any_bytes::tracestate(lines);
            any_bytes::baggage(lines);
        }
    }
}

fn any_text(rng: &mut SmallRng) -> String {
    let len = rng.random_range(0..12);
    (0..len)
        .map(|_| match rng.random_range(0..3) {
            0 => char::from(rng.random_range(0..0x80_u8)),
            1 => *[',', ';', '=', '%', '\\', '"', ' ', '\r', '\n', '\0', '+'].choose(rng).unwrap(),
            _ => rng.random(),
        })
        .collect()
}

fn any_of(rng: &mut SmallRng, letters: &[u8], len: std::ops::Range<usize>) -> String {
    (0..rng.random_range(len)).map(|_| char::from(*letters.choose(rng).unwrap())).collect()
}

#[test]
fn every_baggage_makes_the_round_trip() {
    let mut rng = SmallRng::seed_from_u64(7);
    const TOKEN: &[u8] = b"!#$%&'*+-.^_`|~09azAZ";
    for _ in 0..500 {
        let mut baggage = Baggage::default();
        for _ in 0..rng.random_range(0..80) {
            let key = any_of(&mut rng, TOKEN, 1..6);
            let value = any_text(&mut rng);
            baggage = baggage.with(&key, value).unwrap_or(baggage);
        }
        let entries = || baggage.iter().map(|entry| (entry.key(), entry.value().to_owned()));
        let out = baggage::scope(entries(), || sent(&TraceContext::current()));
        out.check();
        assert_eq!(out.baggage.as_ref().map_or(0, String::len), baggage.encoded_len());
        let fields: Vec<_> = out.baggage.into_iter().map(|value| ("baggage", value)).collect();
        assert_eq!(prela::extract(&fields).baggage(), baggage);
    }
}

#[test]
fn every_trace_makes_the_round_trip() {
    let mut rng = SmallRng::seed_from_u64(8);
    const KEY: &[u8] = b"09az_-*/@";
    const VALUE: &[u8] = b"!09AZaz~;:\"\\% ";
    for _ in 0..500 {
        let (trace_id, span_id) = (rng.random_range(1..=u128::MAX), rng.random_range(1..=u64::MAX));
        let traceparent =
            format!("00-{trace_id:032x}-{span_id:016x}-{:02x}", rng.random_range(0..4));
        let mut members: Vec<(String, String)> = Vec::new();
        for _ in 0..rng.random_range(0..33) {
            let first = any_of(&mut rng, b"09az", 1..2);
            let key = first + &any_of(&mut rng, KEY, 0..256);
            let value = any_of(&mut rng, VALUE, 0..256) + "!";
            if members.iter().all(|(other, _)| *other != key) {
                members.push((key, value));
            }
        }
        let list: Vec<_> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
        // Members of several fields are one list.
        let (left, right) = list.split_at(rng.random_range(0..=list.len()));
        let extracted = extract_report(&[
            ("traceparent", traceparent.clone()),
            ("tracestate", left.join(",")),
            ("tracestate", right.join(" , ")),
        ]);
        assert_eq!(extracted.refused, []);
        let out = sent(&extracted.context);
        out.check();
        assert_eq!(out.traceparent, Some(traceparent));
        // Outer spaces are not part of a member.
        let members: Vec<_> =
            members.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(out.members(), members);
    }
}

/// Changes of a baggage are those of a list of entries, whatever their length.
#[test]
fn a_changed_baggage_is_a_changed_list() {
    let mut rng = SmallRng::seed_from_u64(24);
    const METADATA: [&str; 4] = ["", "p", "p=1;q", "p=%2C ; q = 2"];
    for _ in 0..200 {
        let mut baggage = Baggage::default();
        let mut list: Vec<(String, String, String)> = Vec::new();
        for _ in 0..rng.random_range(0..60) {
            let key = any_of(&mut rng, b"abc", 1..3);
            if rng.random_ratio(1, 4) {
                baggage = baggage.without(&key);
                list.retain(|(known, ..)| *known != key);
                continue;
            }
            let (value, metadata) = (any_text(&mut rng), *METADATA.choose(&mut rng).unwrap());
            baggage = baggage.with_metadata(&key, value.clone(), metadata).unwrap();
            let entry = (key, value, metadata.replace(' ', ""));
            match list.iter_mut().find(|(known, ..)| *known == entry.0) {
                Some(known) => *known = entry,
                None => list.push(entry),
            }
        }
        let entries = baggage.iter().map(|entry| {
            let metadata = entry.metadata().unwrap_or_default();
            (entry.key().to_owned(), entry.value().to_owned(), metadata.to_owned())
        });
        assert_eq!(entries.collect::<Vec<_>>(), list);
        assert!(list.iter().all(|(key, value, _)| baggage.get(key) == Some(value)));
        let again = list.iter().fold(Baggage::default(), |again, (key, value, metadata)| {
            again.with_metadata(key, value.clone(), metadata).unwrap()
        });
        assert_eq!(again, baggage);
        assert_eq!(again.encoded_len(), baggage.encoded_len());
    }
}

/// Nothing that a caller puts into baggage can end a member or a field.
#[test]
fn baggage_cannot_inject_a_field_or_a_member() {
    let evil =
        ["1\r\nevil: 1", "1,admin=true", "1;p=1", "%0d%0aevil:1", "\u{0}", "1\u{2028}", "\""];
    for value in evil {
        let out = baggage::scope([("a", value)], || sent(&TraceContext::current()));
        assert_eq!(out.entries(), [("a".to_owned(), value.to_owned(), vec![])]);
    }
    for key in ["a\r\nevil", "a,b", "a;b", "a=b", "", " a", "ä"] {
        assert_eq!(baggage::scope([(key, "1")], || sent(&TraceContext::current())).baggage, None);
    }
    for metadata in ["p=1,admin=true", "p\r\nevil: 1", "p=\u{e9}", "p q", "=1", "p=\"1\""] {
        assert!(Baggage::default().with_metadata("a", "1".to_owned(), metadata).is_none());
    }
    // What came in encoded is not decoded on the way, however often.
    let mut header = "a=1;p=x%2Cadmin%3Dtrue%0D%0A".to_owned();
    for _ in 0..3 {
        header = sent(&prela::extract(&[("baggage", header)])).baggage.unwrap();
    }
    assert_eq!(header, "a=1;p=x%2Cadmin%3Dtrue%0D%0A");
}

/// The trace state of another library's span may hold what the header cannot.
#[test]
fn trace_state_cannot_inject_a_field() {
    use prela::opentelemetry::Context;
    use prela::opentelemetry::trace::TraceContextExt as _;
    use prela::{SpanContext, TraceFlags, TraceState};

    for value in ["1\r\nevil: 1", "\u{e9}", "", "x\u{0}", "x "] {
        let state = TraceState::from_key_value([("a", value), ("b", "2")]).expect(value);
        let span = SpanContext::new(1.into(), 2.into(), TraceFlags::SAMPLED, true, state);
        let out = sent(&Context::new().with_remote_span_context(span).into());
        out.check();
        assert_eq!(out.members(), [("b", "2")]);
    }
}
