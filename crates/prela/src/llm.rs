//! Calls of models.

mod answer;
mod api;
mod call;
mod framing;
mod outline;
mod record;

pub use self::call::Call;
pub use self::record::{CallError, CallRecord};
