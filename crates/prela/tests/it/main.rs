//! What users see, through the public API alone. Tests are named after the rows of the feature list:
//! `p` parallel execution, `c` context propagation, `m` multi-threading.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod exporters;
mod http;
mod limits;
mod noop;
mod pipeline;
mod propagation;
mod sampling;
mod spans;
mod start;
mod values;
