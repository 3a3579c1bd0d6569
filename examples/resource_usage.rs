//! What an operation used: time, CPU time, memory.
//!
//! You will see `memory_intensive_operation` with `resources.memory_delta_mb` of about 76, which is ten
//! million numbers of eight bytes, and how much of the time a CPU was busy with it.

use std::error::Error;

#[prela::trace(resources, fields(data_size = data_size))]
fn memory_intensive_operation(data_size: usize) -> Vec<u64> {
    (0..data_size as u64 * 1_000_000).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("resource-usage")?;
    // Kept until after the span's end: else the memory would be given back before it is measured.
    let data = memory_intensive_operation(10);
    println!("{} numbers", data.len());
    Ok(())
}
