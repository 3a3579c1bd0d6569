//! What users of other tracing SDKs reported, tried here: each test names the report it stands for.

mod console;
mod environment;
mod left_early;
mod outage;
mod shutdown;
mod too_large;
