//! A receiver that forgives nothing: reads what was sent and panics if it breaks the grammar.
//! Written from the specifications alone, so that it can judge the code under test.

use prela::TraceContext;

/// The fields as which a context is sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) traceparent: Option<String>,
    pub(super) tracestate: Option<String>,
    pub(super) baggage: Option<String>,
}

pub(super) fn sent(cx: &TraceContext) -> Sent {
    let mut sent = Sent::default();
    cx.inject(&mut |name: &str, value: &str| {
        let field = match name {
            "traceparent" => &mut sent.traceparent,
            "tracestate" => &mut sent.tracestate,
            "baggage" => &mut sent.baggage,
            _ => panic!("an unknown field: {name}"),
        };
        assert_eq!(field.replace(value.to_owned()), None, "one {name} only");
    });
    sent
}

impl Sent {
    /// Panics if a field breaks the rules.
    pub(super) fn check(&self) {
        self.ids();
        self.members();
        self.entries();
        assert!(self.tracestate.is_none() || self.traceparent.is_some(), "a tracestate alone");
    }

    /// Trace id, span id and flags.
    pub(super) fn ids(&self) -> Option<(&str, &str, u8)> {
        let value = self.traceparent.as_deref()?;
        let [version, trace_id, span_id, flags] = value.split('-').collect::<Vec<_>>()[..] else {
            panic!("not four parts: {value}");
        };
        for (part, len) in [(version, 2), (trace_id, 32), (span_id, 16), (flags, 2)] {
            assert_eq!(part.len(), len, "{value}");
            assert!(part.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{value}");
        }
        assert_eq!(version, "00");
        assert!(trace_id.contains(|digit| digit != '0'), "{value}");
        assert!(span_id.contains(|digit| digit != '0'), "{value}");
        let flags = u8::from_str_radix(flags, 16).unwrap();
        assert_eq!(flags & !0x03, 0, "unknown flags: {value}");
        Some((trace_id, span_id, flags))
    }

    /// The members of `tracestate`.
    pub(super) fn members(&self) -> Vec<(&str, &str)> {
        let Some(value) = self.tracestate.as_deref() else { return Vec::new() };
        let members: Vec<_> = value.split(',').map(|it| it.split_once('=').unwrap()).collect();
        assert!((1..=32).contains(&members.len()), "{} members", members.len());
        for (i, (key, value)) in members.iter().enumerate() {
            let alphanumeric = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
            assert!((1..=256).contains(&key.len()) && alphanumeric(key.as_bytes()[0]), "{key}");
            assert!(
                key.bytes().all(|byte| alphanumeric(byte) || b"_-*/@".contains(&byte)),
                "{key}"
            );
            assert!((1..=256).contains(&value.len()) && !value.ends_with(' '), "{value}");
            assert!(
                value.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'='),
                "{value}"
            );
            assert!(members[..i].iter().all(|(other, _)| other != key), "{key} twice");
        }
        members
    }

    /// The entries of `baggage`, values decoded.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let Some(value) = self.baggage.as_deref() else { return Vec::new() };
        assert!(value.len() <= 8192, "{} bytes", value.len());
        let entries: Vec<Entry> = value.split(',').map(entry).collect();
        assert!((1..=64).contains(&entries.len()), "{} entries", entries.len());
        entries
    }
}

/// Key, value and properties.
pub(super) type Entry = (String, String, Vec<(String, Option<String>)>);

fn entry(member: &str) -> Entry {
    let mut parts = member.split(';');
    let (key, value) = parts.next().unwrap().split_once('=').unwrap();
    let properties = parts.map(|property| match property.split_once('=') {
        Some((key, value)) => (token(key), Some(decoded(value))),
        None => (token(property), None),
    });
    let properties = properties.collect();
    (token(key), decoded(value), properties)
}

fn token(text: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
    assert!(!text.is_empty() && text.bytes().all(is_token), "not a token: {text:?}");
    text.to_owned()
}

fn decoded(text: &str) -> String {
    let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    assert!(text.bytes().all(is_octet), "not a value: {text:?}");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
