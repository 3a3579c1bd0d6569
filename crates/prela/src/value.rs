//! Attribute values: every type that OTLP can carry.
//!
//! Keys are [`Key`](crate::Key) from `opentelemetry`; nothing here knows the wire.

mod baggage;
#[cfg(feature = "json")]
mod json;
mod text;

pub use baggage::{Baggage, BaggageEntry};
pub(crate) use baggage::{BaggageBuilder, BaggageLimit, Member};
pub(crate) use text::ShortText;
pub use text::Text;

use opentelemetry::{Key, StringValue};
use std::borrow::Cow;
use std::fmt::{self, Display as _};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

/// The value of an attribute: any type of OTLP's `AnyValue`.
///
/// Made by `From` from the usual Rust types:
///
/// | from | becomes |
/// |---|---|
/// | `bool` | [`Bool`](Self::Bool) |
/// | `i16` to `i64`, `u16`, `u32` | [`I64`](Self::I64) |
/// | `u64`, `usize`, `isize`, `u128`, `i128` | `I64`; out of its range, such as above [`i64::MAX`], the decimal text rather than a wrong number |
/// | `f32`, `f64` | [`F64`](Self::F64) |
/// | `&str`, `String`, `&String`, `char`, `Box<str>`, `Arc<str>`, `Cow<'static, str>`, [`Text`] | [`String`](Self::String) |
/// | [`Duration`] | its seconds, `F64`, as OpenTelemetry's conventions have it |
/// | `Vec<u8>`, `&[u8]`, `Arc<[u8]>` | [`Bytes`](Self::Bytes) |
/// | `Vec` and arrays of all of these | [`Array`](Self::Array) |
/// | `Option` of all of these | the value; `None` sets no attribute, and is [`Empty`](Self::Empty) in a list or a map |
/// | `serde_json::Value`, and a reference to one (feature `json`) | the same type; objects become [`Map`](Self::Map), `null` counts as `None` |
///
/// For other types use their `Display` or `Debug`: `value.to_string()`. Lists and maps are recorded to a depth of
/// 30; anything deeper becomes `…`, since receivers refuse what is nested too deeply.
///
/// ```
/// use prela::Value;
///
/// assert_eq!(Value::from(3_usize), Value::I64(3));
/// assert_eq!(Value::from(vec!["a", "b"]).to_string(), r#"["a", "b"]"#);
/// assert_eq!(Value::map([("top_k", 5)]).to_string(), "{top_k: 5}");
/// assert_eq!(Value::from(std::time::Duration::from_millis(1500)), Value::F64(1.5));
/// assert_eq!(Value::from(u64::MAX), Value::from("18446744073709551615"));
/// assert_eq!(Value::from(None::<u32>), Value::Empty);
/// ```
///
/// Source: [OTLP `common.proto`, `AnyValue`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value, from a `None` or JSON's `null`. It sets no attribute; in lists and maps it is a value that is
    /// not set.
    Empty,
    /// A truth value.
    Bool(bool),
    /// A signed integer; OTLP has no other.
    I64(i64),
    /// A double.
    F64(f64),
    /// UTF-8 text.
    String(Text),
    /// Raw bytes, shared between the exporters that read them.
    Bytes(Arc<[u8]>),
    /// A list, of mixed types if need be.
    Array(Vec<Self>),
    /// Keys with values, in the order given.
    Map(Vec<(Key, Self)>),
}

impl Value {
    /// A [`Value::Map`] of the given pairs; a key given twice keeps its last value.
    pub fn map<K: Into<Key>, V: Into<Self>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut map: Vec<(Key, Self)> = Vec::new();
        for (key, value) in entries {
            let (key, value) = (key.into(), value.into());
            match map.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) => entry.1 = value,
                None => map.push((key, value)),
            }
        }
        Self::Map(map)
    }

    /// Drops the value, faster than the compiler does for one that owns nothing, as most do. It is not moved for
    /// that, and nothing drops it while a panic unwinds: so where it is made and used, the compiler sees through it.
    #[inline(always)]
    pub(crate) fn discard(value: ManuallyDrop<Self>) {
        match &*value {
            Self::Empty | Self::Bool(_) | Self::I64(_) | Self::F64(_) => {}
            Self::String(text) if text.owns_nothing() => {}
            _ => ManuallyDrop::into_inner(value).discard_owned(),
        }
    }

    #[inline(never)]
    fn discard_owned(self) {
        if let Self::String(text) = self {
            text.discard();
        }
    }

    /// Replaces by text the lists and maps that are nested too deeply for receivers and for threads' stacks.
    pub(crate) fn limit_depth(&mut self) {
        self.limit_depth_to(DEEPEST);
    }

    fn limit_depth_to(&mut self, levels: usize) {
        match self {
            Self::Array(_) | Self::Map(_) if levels == 0 => *self = Self::from("…"),
            Self::Array(values) => {
                values.iter_mut().for_each(|value| value.limit_depth_to(levels - 1));
            }
            Self::Map(entries) => {
                entries.iter_mut().for_each(|(_, value)| value.limit_depth_to(levels - 1));
            }
            _ => {}
        }
    }

    /// Cuts text to `limit` characters and bytes to `limit` bytes, in lists and maps too.
    pub(crate) fn truncate(&mut self, limit: usize) {
        match self {
            Self::String(text) => {
                if let Some((end, _)) = text.as_str().char_indices().nth(limit) {
                    *text = text.as_str()[..end].into();
                }
            }
            Self::Bytes(bytes) if bytes.len() > limit => *bytes = bytes[..limit].into(),
            Self::Array(values) => values.iter_mut().for_each(|value| value.truncate(limit)),
            Self::Map(entries) => entries.iter_mut().for_each(|(_, value)| value.truncate(limit)),
            Self::Empty | Self::Bool(_) | Self::I64(_) | Self::F64(_) | Self::Bytes(_) => {}
        }
    }
}

/// The most levels of lists and maps. Each makes three nested messages, and receivers read at most a hundred.
const DEEPEST: usize = 30;

/// Writes text as it is, but quoted inside lists and maps; bytes as `0x` and lower-case hex; no value as `null`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::F64(value) => value.fmt(f),
            Self::String(value) => f.write_str(value.as_str()),
            Self::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Array(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    value.fmt_nested(f)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: ", if i == 0 { "" } else { ", " })?;
                    value.fmt_nested(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

impl Value {
    fn fmt_nested(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => fmt::Debug::fmt(text.as_str(), f),
            other => other.fmt(f),
        }
    }
}

#[cfg(feature = "genai")]
impl Value {
    /// As JSON, in which content is written: bytes as the text that they are shown as, numbers that are not finite as
    /// `null`.
    pub(crate) fn into_json(self) -> serde_json::Value {
        use serde_json::{Number, Value as Json};
        match self {
            Self::Empty => Json::Null,
            Self::Bool(value) => value.into(),
            Self::I64(value) => value.into(),
            Self::F64(value) => Number::from_f64(value).map_or(Json::Null, Json::Number),
            Self::String(text) => text.as_str().into(),
            Self::Array(values) => values.into_iter().map(Self::into_json).collect(),
            Self::Map(entries) => {
                let entries = entries.into_iter();
                Json::Object(entries.map(|(key, it)| (key.to_string(), it.into_json())).collect())
            }
            bytes @ Self::Bytes(_) => bytes.to_string().into(),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

// Without `u8` and `i8`, so that `Vec<u8>` can mean bytes.
from! {
    bool => Bool,
    i16 => I64, i32 => I64, i64 => I64, u16 => I64, u32 => I64,
    f32 => F64, f64 => F64,
    String => String, Text => String, Arc<str> => String, StringValue => String,
    Cow<'static, str> => String,
    Vec<u8> => Bytes, Arc<[u8]> => Bytes, &[u8] => Bytes,
}

macro_rules! from_wide_integer {
    ($($from:ty),*) => {$(
        impl From<$from> for Value {
            #[inline]
            fn from(value: $from) -> Self {
                match i64::try_from(value) {
                    Ok(value) => Self::I64(value),
                    Err(_) => Self::String(Text::owned(digits(value))),
                }
            }
        }
    )*};
}

from_wide_integer!(u64, usize, isize, u128, i128);

/// A number that is too large for 64 bits with a sign.
#[cold]
#[inline(never)]
fn digits<T: fmt::Display>(number: T) -> Box<str> {
    number.to_string().into_boxed_str()
}

impl From<ShortText> for Value {
    fn from(text: ShortText) -> Self {
        Self::String(text.into())
    }
}

/// Copies the text, so that borrowed text of any lifetime can be an attribute.
impl From<&str> for Value {
    #[inline]
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

/// Copies the text.
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<Box<str>> for Value {
    fn from(value: Box<str>) -> Self {
        Self::from(String::from(value))
    }
}

/// Copies the text.
impl From<char> for Value {
    fn from(value: char) -> Self {
        Self::from(&*value.encode_utf8(&mut [0; 4]))
    }
}

/// Converts to seconds.
impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        Self::F64(value.as_secs_f64())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    #[inline]
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

/// Converts values that are set through OpenTelemetry's API.
impl From<opentelemetry::Value> for Value {
    fn from(value: opentelemetry::Value) -> Self {
        use opentelemetry::{Array, Value as Otel};
        match value {
            Otel::Bool(value) => Self::Bool(value),
            Otel::I64(value) => Self::I64(value),
            Otel::F64(value) => Self::F64(value),
            Otel::String(value) => Self::String(value.into()),
            Otel::Array(Array::Bool(values)) => values.into(),
            Otel::Array(Array::I64(values)) => values.into(),
            Otel::Array(Array::F64(values)) => values.into(),
            Otel::Array(Array::String(values)) => values.into(),
            // A later minor version may bring more; their text is better than nothing.
            other => Self::from(other.to_string()),
        }
    }
}

/// Converts for OpenTelemetry's API, which has no bytes, maps and mixed lists: these become text.
impl From<Value> for opentelemetry::Value {
    fn from(value: Value) -> Self {
        use opentelemetry::Array;
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::I64(value) => Self::I64(value),
            Value::F64(value) => Self::F64(value),
            Value::String(value) => Self::String(value.into()),
            Value::Array(values) => {
                macro_rules! all {
                    ($variant:ident) => {
                        values
                            .iter()
                            .map(|value| match value {
                                Value::$variant(value) => Some(value.clone().into()),
                                _ => None,
                            })
                            .collect::<Option<Vec<_>>>()
                    };
                }
                if let Some(values) = all!(String) {
                    Self::Array(Array::String(values))
                } else if let Some(values) = all!(I64) {
                    Self::Array(Array::I64(values))
                } else if let Some(values) = all!(F64) {
                    Self::Array(Array::F64(values))
                } else if let Some(values) = all!(Bool) {
                    Self::Array(Array::Bool(values))
                } else {
                    Self::String(Value::Array(values).to_string().into())
                }
            }
            other => Self::String(other.to_string().into()),
        }
    }
}

/// Attributes with values of any types, for whatever takes a list of attributes.
///
/// An array has values of one type; this makes a [`Value`](crate::Value) of each.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::{SpanType, attributes};
///
/// let span = tracer.span("search", SpanType::Retrieval);
/// span.attrs(attributes![("top_k", 5), ("index", "docs"), ("cutoff", 0.7)]).in_scope(|span| {
///     span.add_event("cache_miss", attributes![("shard", 3), ("cold", true)]);
///     prela::enrich(attributes![("found", 2), ("user", Some("u1")), ("page", None::<i64>)]);
/// });
/// # Ok::<(), prela::Error>(())
/// ```
#[macro_export]
macro_rules! attributes {
    () => {
        <[($crate::Key, $crate::Value); 0]>::default()
    };
    ($(($key:expr, $value:expr $(,)?)),+ $(,)?) => {
        [$(($crate::Key::from($key), $crate::Value::from($value))),+]
    };
}
