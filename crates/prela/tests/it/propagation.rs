//! The context across processes: `prela::propagation`.

#[expect(unreachable_pub, reason = "they are public for the fuzz targets")]
mod any_bytes;
mod carriers;
mod formats;
mod hostile;
mod process;
mod text_map;
mod vectors;
mod wire;
