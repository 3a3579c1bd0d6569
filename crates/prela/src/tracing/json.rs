//! Adds fields in front of those of a JSON object.

/// The line with these fields added; none if it is no object. A field that it has already is not added. The
/// values must need no escapes.
pub(super) fn with_fields(
    line: &str,
    fields: impl Iterator<Item = (&'static str, String)>,
) -> Option<String> {
    let begin = line.len() - line.trim_start().len();
    let object = line.trim();
    let inner = object.strip_prefix('{')?.strip_suffix('}')?;
    let known = keys(inner);
    let mut added = String::with_capacity(line.len() + 128);
    added.push_str(&line[..=begin]);
    let mut is_first = true;
    for (key, value) in fields.filter(|(key, _)| !known.contains(key)) {
        added.push_str(if is_first { "" } else { "," });
        added.push_str(&format!(r#""{key}":"{value}""#));
        is_first = false;
    }
    if !is_first && !inner.trim().is_empty() {
        added.push(',');
    }
    added.push_str(&line[begin + 1..]);
    Some(added)
}

/// The keys of an object, without those of the objects in it, as they are written.
fn keys(inner: &str) -> Vec<&str> {
    let (mut keys, mut depth, mut text) = (Vec::new(), 0_usize, "");
    let mut rest = inner;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']', ':']) {
        let found = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match found {
            b'"' => (text, rest) = split_text(rest),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => keys.push(text),
            _ => {}
        }
    }
    keys
}

/// A text up to its quotation mark, and what follows that.
fn split_text(rest: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return (&rest[..at], &rest[at + 1..]),
            _ => {}
        }
    }
    (rest, "")
}
