//! What users of other tracing SDKs reported, tried here: each test names the report it stands for.

mod console;
mod endings;
mod environment;
mod json;
mod left_early;
mod outage;
mod ports;
mod proxies;
mod redirects;
mod shutdown;
mod statuses;
mod suppression;
mod too_large;
mod trust;
