//! What went in and what came out: the attributes for each.

use super::{INPUT, OUTPUT, TRACELOOP_ENTITY_INPUT, TRACELOOP_ENTITY_OUTPUT, openinference as oi};

/// What went in, or what came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

/// The attributes of one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// What programs call it, for which no convention has a name.
    pub(crate) plain: &'static str,
    pub(crate) value: &'static str,
    pub(crate) mime_type: &'static str,
    pub(crate) traceloop: &'static str,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Input, Self::Output];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Input => Self::Output,
            Self::Output => Self::Input,
        }
    }

    pub(crate) fn names(self) -> Names {
        match self {
            Self::Input => Names {
                plain: INPUT,
                value: oi::INPUT_VALUE,
                mime_type: oi::INPUT_MIME_TYPE,
                traceloop: TRACELOOP_ENTITY_INPUT,
            },
            Self::Output => Names {
                plain: OUTPUT,
                value: oi::OUTPUT_VALUE,
                mime_type: oi::OUTPUT_MIME_TYPE,
                traceloop: TRACELOOP_ENTITY_OUTPUT,
            },
        }
    }
}
