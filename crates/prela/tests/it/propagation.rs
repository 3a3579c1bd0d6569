//! The context across processes: `prela::propagation`.

mod carriers;
mod formats;
mod hostile;
mod process;
mod text_map;
mod vectors;
mod wire;
