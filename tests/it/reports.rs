//! What people reported of other tracing SDKs, tried here: each test names the report it stands for.

mod outage;
mod shutdown;
mod too_large;
