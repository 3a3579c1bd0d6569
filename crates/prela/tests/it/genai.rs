//! The types of model calls, read from the JSON of each provider.

mod answers;
mod messages;
mod requests;
mod usage;
