//! What can become of spans.

use crate::Error;
use crate::export::Exported;

/// Where spans wait while their fate is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue,
    Flight,
    Spool,
    /// In the spool, from an earlier run of the program.
    EarlierRun,
}

#[derive(Debug)]
pub(super) enum Fate {
    /// The receiver took them, all or in part.
    Taken(Exported),
    /// The spool has them.
    Spooled,
    Lost(Loss, Option<Error>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    QueueFull,
    ExportFailed,
    TooLarge,
    ShutDown,
    Spool,
}

impl Fate {
    /// The receiver's message about spans that it took.
    pub(super) fn into_remark(self) -> Option<String> {
        match self {
            Self::Taken(exported) => exported.message,
            Self::Spooled | Self::Lost(..) => None,
        }
    }
}
