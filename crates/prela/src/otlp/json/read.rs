//! Reads a collector's answers in JSON. Only two or three values are wanted, so nothing is built from the
//! rest, however long it is.

use std::borrow::Cow;

/// A value in a text that is JSON from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::otlp) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Checks a whole text; none if it is not JSON.
    ///
    /// Source: [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).
    pub(in crate::otlp) fn of(text: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let mut reader = Reader(text.trim_start_matches(SPACE));
        let value = reader.value(DEEPEST)?;
        reader.0.trim_start_matches(SPACE).is_empty().then_some(Self(value))
    }

    pub(in crate::otlp) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    pub(in crate::otlp) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The names and values of an object; nothing for any other value.
    pub(in crate::otlp) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        let mut reader = Reader(self.0.strip_prefix('{').unwrap_or_default());
        std::iter::from_fn(move || {
            reader.skip(',');
            let name = reader.quoted()?;
            reader.skip(':');
            Some((unescaped(name), Self(reader.value(DEEPEST)?)))
        })
    }

    /// The last member with one of these names: protobuf's JSON knows two for each field.
    pub(in crate::otlp) fn member<const N: usize>(self, names: [&str; N]) -> Option<Self> {
        let named = self.members().filter(|(name, _)| names.contains(&name.as_ref()));
        named.last().map(|(_, value)| value)
    }

    pub(in crate::otlp) fn text(self) -> Option<Cow<'a, str>> {
        Some(unescaped(Reader(self.0).quoted()?))
    }

    /// A whole number, which protobuf's JSON writes as a text where it has 64 bits.
    pub(in crate::otlp) fn integer(self) -> Option<i64> {
        let digits = self.text().unwrap_or(Cow::Borrowed(self.0));
        if let Ok(number) = digits.parse() {
            return Some(number);
        }
        // `3.0` and `3e2` are whole numbers too. Beyond 9e15 it is no count of spans.
        let number: f64 = digits.parse().ok()?;
        let is_exact = number.fract() == 0.0 && number.abs() < 9e15;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and in the range")]
        is_exact.then_some(number as i64)
    }
}

/// What is left of a text.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// Passes over white space and then, if it is there, this character.
    fn skip(&mut self, c: char) -> bool {
        let rest = self.0.trim_start_matches(SPACE);
        let without = rest.strip_prefix(c);
        self.0 = without.unwrap_or(rest);
        without.is_some()
    }

    /// Takes one value as it stands, if it is nested no deeper than this.
    fn value(&mut self, deepest: usize) -> Option<&'a str> {
        self.0 = self.0.trim_start_matches(SPACE);
        let from = self.0;
        match from.chars().next()? {
            '"' => drop(self.quoted()?),
            '{' => self.list('}', deepest, |reader, deepest| {
                reader.0 = reader.0.trim_start_matches(SPACE);
                reader.quoted()?;
                reader.skip(':').then_some(())?;
                reader.value(deepest).map(drop)
            })?,
            '[' => self.list(']', deepest, |reader, deepest| reader.value(deepest).map(drop))?,
            _ => {
                let is_end = |c: char| SPACE.contains(&c) || ",]}".contains(c);
                let word = from.split(is_end).next()?;
                // Rust reads `inf`, `NaN` and `+1` as numbers too.
                let is_number = |word: &str| {
                    word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                        && word.ends_with(|c: char| c.is_ascii_digit())
                        && word.parse::<f64>().is_ok()
                };
                if !matches!(word, "true" | "false" | "null") && !is_number(word) {
                    return None;
                }
                self.0 = &from[word.len()..];
            }
        }
        Some(&from[..from.len() - self.0.len()])
    }

    fn list(
        &mut self,
        end: char,
        deepest: usize,
        item: impl Fn(&mut Self, usize) -> Option<()>,
    ) -> Option<()> {
        let deepest = deepest.checked_sub(1)?;
        self.0 = &self.0[1..];
        if self.skip(end) {
            return Some(());
        }
        loop {
            item(self, deepest)?;
            if self.skip(end) {
                return Some(());
            }
            self.skip(',').then_some(())?;
        }
    }

    /// Takes a text without its quotes, but with its escapes.
    fn quoted(&mut self) -> Option<&'a str> {
        let inner = self.0.trim_start_matches(SPACE).strip_prefix('"')?;
        let (mut escaped, mut end) = (false, None);
        for (at, byte) in inner.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    end = Some(at);
                    break;
                }
                0..0x20 => return None,
                _ => {}
            }
        }
        let (text, rest) = inner.split_at(end?);
        self.0 = &rest[1..];
        Some(text)
    }
}

/// A text with its escapes resolved; an invalid one becomes a replacement character.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let escape = after.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        rest = after.get(escape.len_utf8()..).unwrap_or_default();
        plain.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\\' | '/' => escape,
            'u' => {
                let first = unit(&mut rest);
                let second = first.filter(|unit| (0xd800..0xdc00).contains(unit)).and_then(|_| {
                    let mut after = rest.strip_prefix("\\u")?;
                    let second = unit(&mut after).filter(|unit| (0xdc00..0xe000).contains(unit))?;
                    rest = after;
                    Some(second)
                });
                let units = first.into_iter().chain(second);
                let decoded = char::decode_utf16(units).next().and_then(Result::ok);
                decoded.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::REPLACEMENT_CHARACTER,
        });
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Takes the next four hexadecimal digits.
fn unit(rest: &mut &str) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    *rest = after;
    Some(unit)
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
/// Answers of OTLP have five or six levels.
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_is_read() {
        let text = r#" {"a" : {"b":[1,2,{"c":null}],"d":"x\"}"}, "n":"12", "a_b":-3.0,"e":1e2, "t":true,
            "s":"\u00e9\ud83e\udd80\n\/\ud83e" } "#;
        let json = Json::of(text.as_bytes()).unwrap();
        let number = |name| json.member([name, ""]).and_then(Json::integer);
        assert_eq!((number("n"), number("a_b"), number("e")), (Some(12), Some(-3), Some(100)));
        assert_eq!((number("s"), number("t"), number("a"), number("z")), (None, None, None, None));
        let inner = json.member(["a", ""]).unwrap();
        assert_eq!(inner.member(["d", ""]).and_then(Json::text).as_deref(), Some("x\"}"));
        let text = json.member(["s", ""]).and_then(Json::text).unwrap();
        assert_eq!(text, "é🦀\n/\u{fffd}");
        assert_eq!(json.members().count(), 6);
        assert!(json.is_object() && !json.is_null());
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let (deep, too_deep, endless) = (deep(60), deep(65), "[".repeat(1 << 20));
        for text in [
            "",
            " ",
            "{",
            "}",
            "{}",
            "[]",
            "[1,]",
            "[,1]",
            "{\"a\":}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":1,}",
            "nul",
            "null",
            "true1",
            "inf",
            "NaN",
            "-1.5e3",
            "1 2",
            "\"",
            "\"a\nb\"",
            "\"\\",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "{} x",
            "+1",
            "infinity",
            &deep,
        ] {
            let valid = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(Json::of(text.as_bytes()).is_some(), valid, "{text}");
        }
        for text in [&too_deep[..], &endless, "\u{fffd}"] {
            assert_eq!(Json::of(text.as_bytes()), None);
        }
        assert_eq!(Json::of(b"\"\xff\""), None);
    }
}
