//! A warning for programs that send to Langfuse, which takes some attributes for its own, whoever set them.

use crate::SpanType;
use crate::protobuf::{Reader, fields};
use crate::semconv::{Conventions, LANGFUSE_TAKES};
use crate::span::{EndedSpan, SpanIntake};
use std::sync::atomic::{AtomicU8, Ordering};

/// An intake that looks at spans without a type until it has warned of every key.
struct Watched {
    intake: Box<dyn SpanIntake>,
    /// A bit for each key that it has warned of.
    told: AtomicU8,
}

/// Wraps the intake, if spans are written for Langfuse. Of a span without a type that has an attribute which Langfuse
/// takes for its own, a line warns, once for each key.
pub(super) fn watched(
    intake: Box<dyn SpanIntake>,
    conventions: Conventions,
) -> Box<dyn SpanIntake> {
    match conventions.contains(Conventions::LANGFUSE) {
        true => Box::new(Watched { intake, told: AtomicU8::new(0) }),
        false => intake,
    }
}

const ALL: u8 = (1 << LANGFUSE_TAKES.len()) - 1;

impl Watched {
    fn look_at(&self, message: &[u8]) {
        let attributes =
            Reader::of(message).filter(|(field, _)| *field == fields::span::ATTRIBUTES);
        for (_, pair) in attributes {
            let Some((_, key)) = Reader::of(pair.bytes()).next() else { continue };
            let Some(at) = LANGFUSE_TAKES.iter().position(|(it, _)| it.as_bytes() == key.bytes())
            else {
                continue;
            };
            if self.told.fetch_or(1 << at, Ordering::Relaxed) & (1 << at) == 0 {
                let (key, what) = LANGFUSE_TAKES[at];
                self.intake.remark(&format!(
                    "prela: a span without a type has the attribute `{key}`, which Langfuse takes for {what}: \
                     give it another name, or make a typed span (said once)"
                ));
            }
        }
    }
}

impl SpanIntake for Watched {
    fn on_end(&self, span: &EndedSpan<'_>) {
        if span.summary.span_type == SpanType::Custom && self.told.load(Ordering::Relaxed) != ALL {
            self.look_at(span.message);
        }
        self.intake.on_end(span);
    }

    fn on_unsampled(&self) {
        self.intake.on_unsampled();
    }

    fn on_late(&self, was_used: bool) {
        self.intake.on_late(was_used);
    }

    fn remark(&self, line: &str) {
        self.intake.remark(line);
    }
}
