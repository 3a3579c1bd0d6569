//! What holds for any bytes that come in: nothing panics, what goes out is well-formed, and it reads back
//! as the same.
//!
//! Each line of the input is one header field. These are the targets of `fuzz/`, which is out of the
//! workspace and must not fall behind: `hostile` runs them too.

use super::wire::{Sent, sent};
use prela::propagation::{Reason, extract_report};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Lines of `traceparent`: the trace that came in, and only if there is one of them.
pub fn traceparent(lines: &[u8]) {
    let fields: Vec<_> = fields("traceparent", lines).collect();
    let out = round_trip(&fields);
    let Some((trace_id, span_id, flags)) = out.ids() else { return };
    assert_eq!(fields.len(), 1);
    let came_in = String::from_utf8_lossy(lines);
    let came_in: Vec<_> = came_in.trim_matches([' ', '\t']).split('-').collect();
    assert_eq!(came_in[1..3], [trace_id, span_id]);
    let sent_flags = u8::from_str_radix(came_in[3], 16).expect("it was taken for hex");
    assert_eq!(sent_flags & 0x03, flags);
}

/// Lines of `tracestate`, with a `traceparent` that is valid: all of the members or none.
pub fn tracestate(lines: &[u8]) {
    let mut fields: Vec<_> = fields("tracestate", lines).collect();
    fields.push(("traceparent", TRACEPARENT.as_bytes()));
    let out = round_trip(&fields);
    assert_eq!(out.traceparent.as_deref(), Some(TRACEPARENT));
    let came_in = String::from_utf8_lossy(lines);
    for (key, value) in out.members() {
        assert!(came_in.contains(&format!("{key}={value}")), "{key} was made up");
    }
}

/// Lines of `baggage`: no member that did not come in, and none lost without a reason.
pub fn baggage(lines: &[u8]) {
    let fields: Vec<_> = fields("baggage", lines).collect();
    let out = round_trip(&fields);
    let came_in: Vec<_> = lines.split(|byte| matches!(byte, b',' | b'\n')).collect();
    assert!(out.entries().len() <= came_in.len());
    let refused = extract_report(&fields).refused;
    if refused.is_empty() {
        let is_blank = |member: &&&[u8]| member.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let members = came_in.iter().filter(|member| !is_blank(member)).count();
        // Of several with one key the last is left.
        assert!(out.entries().is_empty() == (members == 0));
    }
    assert!(refused.iter().all(|it| !matches!(it.reason, Reason::Repeated | Reason::Alone)));
}

fn fields<'a>(
    name: &'static str,
    lines: &'a [u8],
) -> impl Iterator<Item = (&'static str, &'a [u8])> {
    lines.split(|byte| *byte == b'\n').map(move |line| (name, line))
}

/// What the next service gets, after it was seen to be right.
fn round_trip(fields: &[(&str, &[u8])]) -> Sent {
    let extracted = extract_report(fields);
    let out = sent(&extracted.context);
    out.check();
    let fields: Vec<_> = [
        ("traceparent", &out.traceparent),
        ("tracestate", &out.tracestate),
        ("baggage", &out.baggage),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    .collect();
    let again = extract_report(&fields);
    assert_eq!(again.refused, []);
    assert_eq!(sent(&again.context), out);
    assert_eq!(again.context.baggage(), extracted.context.baggage());
    out
}
