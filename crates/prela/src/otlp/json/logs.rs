//! Log records in JSON.

use super::{Hex, Text, any_value, attributes, content, count, last, text};
use crate::protobuf::Content;
use crate::protobuf::fields::log_record;
use std::fmt::{self, Formatter};

pub(super) fn log_record(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    let time = |field| content(message, field).map_or(0, Content::fixed64);
    let (time, observed) = (time(log_record::TIME), time(log_record::OBSERVED_TIME));
    write!(f, r#"{{"timeUnixNano":"{time}","observedTimeUnixNano":"{observed}""#)?;
    count(f, "severityNumber", message, log_record::SEVERITY_NUMBER)?;
    text(f, "severityText", last(message, log_record::SEVERITY_TEXT))?;
    if let Some(body) = content(message, log_record::BODY) {
        f.write_str(r#","body":"#)?;
        any_value(f, body.bytes())?;
    }
    attributes(f, message, log_record::ATTRIBUTES)?;
    count(f, "droppedAttributesCount", message, log_record::DROPPED_ATTRIBUTES)?;
    let trace_id = last(message, log_record::TRACE_ID);
    if !trace_id.is_empty() {
        let span_id = last(message, log_record::SPAN_ID);
        write!(f, r#","traceId":"{}","spanId":"{}""#, Hex(trace_id), Hex(span_id))?;
        write!(
            f,
            r#","flags":{}"#,
            content(message, log_record::FLAGS).map_or(0, Content::fixed32)
        )?;
    }
    let name = last(message, log_record::EVENT_NAME);
    if !name.is_empty() {
        write!(f, r#","eventName":{}"#, Text(&String::from_utf8_lossy(name)))?;
    }
    f.write_str("}")
}
