//! The attributes of each span type, written once and copied into every span.

use super::attribute::attribute;
use super::codes;
use super::keys::{Hash, Keys};
use crate::SpanType;
use crate::protobuf::Writer;
use crate::protobuf::fields::span::ATTRIBUTES;
use std::sync::LazyLock;

/// The attributes of one span type.
#[derive(Debug)]
pub(in crate::span) struct TypeAttributes {
    pub(super) fields: Box<[u8]>,
    pub(super) count: usize,
    pub(super) keys: Keys,
    /// The number of the type's span kind.
    pub(in crate::span) kind: u8,
}

impl TypeAttributes {
    /// The most attributes that a type has.
    pub(in crate::span) const MOST: usize = 3;

    #[inline]
    pub(in crate::span) fn of(span_type: SpanType) -> &'static Self {
        &OF_ALL[span_type as usize]
    }

    fn new(span_type: SpanType) -> Self {
        let (mut fields, mut keys, mut count) = (Writer::default(), Keys::default(), 0);
        span_type.write_attributes(|key, value| {
            keys.insert(Hash::of(key.as_str().as_bytes()));
            attribute(&mut fields, ATTRIBUTES, &key, &value);
            count += 1;
        });
        let kind = codes::kind(&span_type.span_kind());
        Self { fields: fields.written().into(), count, keys, kind }
    }
}

/// The attributes of all types, in the order of their numbers.
static OF_ALL: LazyLock<[TypeAttributes; SpanType::ALL.len()]> =
    LazyLock::new(|| SpanType::ALL.map(TypeAttributes::new));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own() {
        for span_type in SpanType::ALL {
            let attributes = TypeAttributes::of(span_type);
            let name = span_type.as_str().as_bytes();
            assert!(attributes.fields.windows(name.len()).any(|part| part == name));
            assert!((1..=TypeAttributes::MOST).contains(&attributes.count));
        }
    }
}
