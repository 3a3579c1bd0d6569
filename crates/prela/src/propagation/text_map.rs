//! The propagator for OpenTelemetry's API.

use super::refused::Refusals;
use super::{Format, Propagator};
use crate::context::{baggage_of, with_baggage};
use crate::value::Baggage;
use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use std::sync::LazyLock;

/// OpenTelemetry's carriers can neither give bytes nor remove a field, so stale fields stay in a carrier that
/// is used again. As that API asks, what a carrier does not hold is taken from the given
/// context, and `extract` begins with the current one.
impl TextMapPropagator for Propagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        self.write(cx, || baggage_of(cx), &mut |name, value| {
            if let Some(value) = value {
                injector.set(name, value);
            }
        });
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let values = |name: &str, each: &mut dyn FnMut(&[u8])| {
            for value in extractor.get_all(name).unwrap_or_default() {
                each(value.as_bytes());
            }
        };
        let (cx, baggage) = self.read(cx, &values, &mut Refusals::default());
        match baggage {
            Some(baggage) => with_baggage(&cx, baggage),
            None => cx,
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&FIELDS[usize::from(self.formats)])
    }
}

/// The fields of every combination of formats, kept because `fields` returns a borrow.
static FIELDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let fields = |formats| {
        let mut names = Vec::new();
        let propagator = Propagator { formats };
        propagator
            .write(&Context::new(), Baggage::default, &mut |name, _| names.push(name.to_owned()));
        names
    };
    (0..1 << Format::ALL.len()).map(fields).collect()
});
