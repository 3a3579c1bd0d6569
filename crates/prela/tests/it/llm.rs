//! Calls of models, understood from what passes.

mod answers;
mod bodies;
mod failures;
mod hostile;
mod layer;
mod requests;
mod streams;
