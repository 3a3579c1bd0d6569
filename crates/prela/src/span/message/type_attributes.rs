//! The attributes of each span type, written once and copied into every span.

use super::attribute::attribute;
use super::codes;
use super::keys::{KeyHash, Keys};
use crate::SpanType;
use crate::protobuf::Writer;
use crate::protobuf::fields::span::ATTRIBUTES;
use crate::semconv::Conventions;
use opentelemetry::trace::SpanKind;

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
    none: TypeAttributes,
    /// The most attributes that a type has.
    pub(in crate::span) most: usize,
    pub(in crate::span) conventions: Conventions,
}

impl AllTypes {
    pub(in crate::span) fn new(conventions: Conventions) -> Self {
        let types = SpanType::ALL.map(|span_type| TypeAttributes::new(span_type, conventions));
        let most = types.iter().map(|of_type| of_type.count).max().unwrap_or_default();
        let kind = codes::kind(&SpanKind::Internal);
        let none = TypeAttributes { fields: Box::default(), count: 0, keys: Keys::default(), kind };
        Self { types, none, most, conventions }
    }

    /// No attributes, with the kind `Internal`.
    pub(in crate::span) fn none(&self) -> &TypeAttributes {
        &self.none
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
            attribute(&mut fields, ATTRIBUTES, key.as_str(), &value);
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
