//! Calls of models, understood from what passes.

mod answers;
mod hostile;
mod requests;
