//! Metrics in JSON.

use super::{Text, attributes, content, last, list, text};
use crate::protobuf::fields::{histogram, histogram_point, metric, number_point};
use crate::protobuf::{Content, Field, Reader};
use std::fmt::{self, Formatter};

pub(super) fn of_metric(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    write!(f, r#"{{"name":{}"#, Text(&String::from_utf8_lossy(last(message, metric::NAME))))?;
    text(f, "description", last(message, metric::DESCRIPTION))?;
    text(f, "unit", last(message, metric::UNIT))?;
    for (field, name, point) in [
        (metric::GAUGE, "gauge", number as Write),
        (metric::SUM, "sum", number as Write),
        (metric::HISTOGRAM, "histogram", distribution as Write),
    ] {
        let Some(data) = content(message, field).map(Content::bytes) else { continue };
        write!(f, r#","{name}":{{"dataPoints":"#)?;
        list(f, Reader::all(data, histogram::POINTS).map(Content::bytes), point)?;
        if let Some(temporality) = content(data, histogram::TEMPORALITY) {
            write!(f, r#","aggregationTemporality":{}"#, temporality.int())?;
        }
        if content(data, histogram::IS_MONOTONIC).is_some() {
            f.write_str(r#","isMonotonic":true"#)?;
        }
        f.write_str("}")?;
    }
    f.write_str("}")
}

type Write = fn(&mut Formatter<'_>, &[u8]) -> fmt::Result;

fn number(f: &mut Formatter<'_>, point: &[u8]) -> fmt::Result {
    let fixed = |field| content(point, field).map_or(0, Content::fixed64);
    let (start, time) = (fixed(number_point::START_TIME), fixed(number_point::TIME));
    write!(f, r#"{{"startTimeUnixNano":"{start}","timeUnixNano":"{time}""#)?;
    if content(point, number_point::AS_DOUBLE).is_some() {
        double(f, "asDouble", point, number_point::AS_DOUBLE)?;
    } else {
        let value = fixed(number_point::AS_INT).cast_signed();
        write!(f, r#","asInt":"{value}""#)?;
    }
    attributes(f, point, number_point::ATTRIBUTES)?;
    f.write_str("}")
}

fn distribution(f: &mut Formatter<'_>, point: &[u8]) -> fmt::Result {
    use histogram_point::{
        ATTRIBUTES, BOUNDS, BUCKET_COUNTS, COUNT, MAX, MIN, START_TIME, SUM, TIME,
    };
    let fixed = |field| content(point, field).map_or(0, Content::fixed64);
    let (start, time) = (fixed(START_TIME), fixed(TIME));
    write!(f, r#"{{"startTimeUnixNano":"{start}","timeUnixNano":"{time}""#)?;
    write!(f, r#","count":"{}""#, fixed(COUNT))?;
    double(f, "sum", point, SUM)?;
    f.write_str(r#","bucketCounts":"#)?;
    list(f, eights(last(point, BUCKET_COUNTS)), |f, bits| write!(f, r#""{bits}""#))?;
    f.write_str(r#","explicitBounds":"#)?;
    list(f, eights(last(point, BOUNDS)), |f, bits| write!(f, "{:?}", f64::from_bits(bits)))?;
    double(f, "min", point, MIN)?;
    double(f, "max", point, MAX)?;
    attributes(f, point, ATTRIBUTES)?;
    f.write_str("}")
}

/// A field of a double, if it is there.
fn double(f: &mut Formatter<'_>, name: &str, point: &[u8], field: Field) -> fmt::Result {
    let Some(value) = content(point, field) else { return Ok(()) };
    match f64::from_bits(value.fixed64()) {
        value if value.is_nan() => write!(f, r#","{name}":"NaN""#),
        f64::INFINITY => write!(f, r#","{name}":"Infinity""#),
        f64::NEG_INFINITY => write!(f, r#","{name}":"-Infinity""#),
        value => write!(f, r#","{name}":{value:?}"#),
    }
}

/// A packed field of numbers of eight bytes.
fn eights(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).filter_map(|it| it.try_into().ok()).map(u64::from_le_bytes)
}
