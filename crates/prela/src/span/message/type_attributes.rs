//! The attributes of each span type, written once and copied into every span.

use super::attribute::attribute;
use super::codes;
use super::keys::{KeyHash, Keys};
use crate::SpanType;
use crate::protobuf::Writer;
use crate::protobuf::fields::span::ATTRIBUTES;
use crate::semconv::Conventions;

/// The attributes of one span type.
#[derive(Debug)]
pub(in crate::span) struct TypeAttributes {
    pub(super) fields: Box<[u8]>,
    pub(in crate::span) count: usize,
    pub(super) keys: Keys,
    /// The number of the type's span kind.
    pub(in crate::span) kind: u8,
}

/// The attributes of all types, in an instance's conventions.
#[derive(Debug)]
pub(in crate::span) struct AllTypes {
    /// By number.
    types: [TypeAttributes; SpanType::ALL.len()],
    pub(in crate::span) conventions: Conventions,
}

impl AllTypes {
    pub(in crate::span) fn new(conventions: Conventions) -> Self {
        let types = SpanType::ALL.map(|span_type| TypeAttributes::new(span_type, conventions));
        Self { types, conventions }
    }

    #[inline]
    pub(in crate::span) fn of(&self, span_type: SpanType) -> &TypeAttributes {
        &self.types[span_type as usize]
    }
}

impl TypeAttributes {
    fn new(span_type: SpanType, conventions: Conventions) -> Self {
        let (mut fields, mut keys, mut count) = (Writer::default(), Keys::default(), 0);
        span_type.write_attributes(conventions, |key, value| {
            keys.insert(KeyHash::of(key.as_str().as_bytes()));
            attribute(&mut fields, ATTRIBUTES, &key, &value);
            count += 1;
        });
        let kind = codes::kind(&span_type.span_kind());
        Self { fields: fields.written().into(), count, keys, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own() {
        let all = AllTypes::new(Conventions::GENAI);
        for span_type in SpanType::ALL {
            let attributes = all.of(span_type);
            let name = span_type.as_str().as_bytes();
            assert!(attributes.fields.windows(name.len()).any(|part| part == name));
            assert!((1..=3).contains(&attributes.count));
        }
    }
}
