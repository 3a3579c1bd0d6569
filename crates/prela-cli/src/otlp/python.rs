//! Spans as Prela's SDK for Python writes them to files: an object of JSON in each line.
//!
//! Their ids are UUIDs: that of a trace is kept, with the same digits, and that of a span is folded to
//! the eight bytes of OTLP. What OTLP has no field for becomes an attribute.

use super::envelope::{Envelope, Resource, Scope};
use crate::ids::bytes_of_hex;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message as _;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A line of such a file.
#[derive(Debug, Deserialize)]
struct Line {
    span_id: String,
    trace_id: String,
    parent_span_id: Option<String>,
    name: String,
    #[serde(default)]
    span_type: String,
    started_at: String,
    ended_at: Option<String>,
    #[serde(default)]
    status: String,
    status_message: Option<String>,
    #[serde(default)]
    attributes: Map<String, Json>,
    #[serde(default)]
    events: Vec<LineEvent>,
    replay_snapshot: Option<Json>,
}

#[derive(Debug, Deserialize)]
struct LineEvent {
    timestamp: String,
    name: String,
    #[serde(default)]
    attributes: Map<String, Json>,
}

/// Whether an object is such a line.
pub fn is_python_span(object: &Map<String, Json>) -> bool {
    ["span_id", "trace_id", "started_at"].iter().all(|key| object.contains_key(*key))
}

/// A line as a request of OTLP.
///
/// # Errors
///
/// Which field is missing, or is no time.
pub fn of_python(line: Json) -> Result<Envelope, String> {
    let line: Line = serde_json::from_value(line).map_err(|error| error.to_string())?;
    let mut attributes = pairs(&line.attributes);
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() && attributes.iter().all(|it| it.key != key) {
            attributes.push(pair(key, Value::StringValue(value.to_owned())));
        }
    };
    add("prela.span.type", &line.span_type);
    if let Some(snapshot) = &line.replay_snapshot {
        add("prela.replay_snapshot", &snapshot.to_string());
    }
    let event = |event: &LineEvent| {
        Ok::<_, String>(Event {
            time_unix_nano: time(&event.timestamp)?,
            name: event.name.clone(),
            attributes: pairs(&event.attributes),
            ..Event::default()
        })
    };
    let code = match &*line.status {
        "error" => 2,
        "success" => 1,
        _ => 0,
    };
    let message = line.status_message.clone().unwrap_or_default();
    let span = Span {
        trace_id: id(&line.trace_id, 16),
        span_id: id(&line.span_id, 8),
        parent_span_id: line.parent_span_id.as_deref().map(|it| id(it, 8)).unwrap_or_default(),
        name: line.name.clone(),
        kind: 1,
        start_time_unix_nano: time(&line.started_at)?,
        end_time_unix_nano: line.ended_at.as_deref().map(time).transpose()?.unwrap_or(0),
        events: line.events.iter().map(event).collect::<Result<_, _>>()?,
        status: Some(Status { message, code }),
        attributes,
        ..Span::default()
    };
    // It knows no resources; some programs name their service on each span.
    let service = line.attributes.get("service.name").and_then(Json::as_str);
    let resource = service.map(|service| {
        let attributes = vec![pair("service.name", Value::StringValue(service.to_owned()))];
        ResourceMessage { attributes, ..ResourceMessage::default() }.encode_to_vec().into()
    });
    let scopes = vec![Scope { records: vec![span.encode_to_vec().into()], ..Scope::default() }];
    Ok(Envelope { resources: vec![Resource { resource, scopes, ..Resource::default() }] })
}

/// The bytes of an id: a UUID's, or those of digits; of any other text a number made of it. An id that
/// is longer is folded, so that two that differ anywhere still do.
fn id(text: &str, length: usize) -> Vec<u8> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let bytes = bytes_of_hex(&digits).filter(|bytes| matches!(bytes.len(), 8 | 16));
    let bytes = bytes.unwrap_or_else(|| {
        let hash = |seed: u64| {
            text.bytes()
                .fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        };
        [hash(0xcbf2_9ce4_8422_2325).to_be_bytes(), hash(0x9e37_79b9_7f4a_7c15).to_be_bytes()]
            .concat()
    });
    match (bytes.len(), length) {
        (16, 8) => bytes[..8].iter().zip(&bytes[8..]).map(|(one, other)| one ^ other).collect(),
        (8, 16) => [[0; 8].to_vec(), bytes].concat(),
        _ => bytes,
    }
}

fn pairs(attributes: &Map<String, Json>) -> Vec<KeyValue> {
    let pair = |(key, value): (&String, &Json)| KeyValue {
        key: key.clone(),
        value: Some(value_of(value)),
        ..KeyValue::default()
    };
    attributes.iter().map(pair).collect()
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn value_of(json: &Json) -> AnyValue {
    let value = match json {
        Json::Null => None,
        Json::Bool(value) => Some(Value::BoolValue(*value)),
        Json::Number(number) => Some(match number.as_i64() {
            Some(number) => Value::IntValue(number),
            None => Value::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Json::String(text) => Some(Value::StringValue(text.clone())),
        Json::Array(list) => {
            Some(Value::ArrayValue(ArrayValue { values: list.iter().map(value_of).collect() }))
        }
        Json::Object(map) => Some(Value::KvlistValue(KeyValueList { values: pairs(map) })),
    };
    AnyValue { value }
}

/// Nanoseconds since 1970 of a time such as `2026-01-26T10:00:00.123456+00:00`. One without an offset
/// is in UTC; a `Z` behind an offset, which some versions wrote, says nothing more.
fn time(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| format!("`{text}` is no time"))
}

fn parse_time(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, clock) = text.split_once(['T', ' '])?;
    let at = clock.find(['+', '-']).unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(at);
    let offset = match offset.split_at_checked(1) {
        None => 0,
        Some((sign, offset)) => {
            let (hours, minutes) = offset.split_once(':')?;
            let minutes = number(hours, 23)? * 60 + number(minutes, 59)?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let days = days(number(year, 9999)?, number(month, 12)?, number(day, 31)?);
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let digits = fraction.get(..fraction.len().min(9))?;
    let nanos = number(digits, 999_999_999)? * 10_i64.pow(9 - u32::try_from(digits.len()).ok()?);
    let minutes = days * 1440 + number(hour, 23)? * 60 + number(minute, 59)? - offset;
    let seconds = minutes * 60 + number(second, 60)?;
    u64::try_from(seconds.checked_mul(1_000_000_000)? + nanos).ok()
}

fn number(digits: &str, most: i64) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number <= most)
}

/// Days since 1970 of a date. Years begin in March here, so that the day that is not in each of them
/// is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let days_before = (153 * ((month + 9) % 12) + 2) / 5;
    year * 365 + year / 4 - year / 100 + year / 400 + days_before + day - 1 - 719_468
}
