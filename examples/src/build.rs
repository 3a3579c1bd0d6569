//! Compiles the gRPC contract in `proto/`, in pure Rust: no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "scoring")]
    {
        let proto = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
        println!("cargo::rerun-if-changed={proto}");
        let contract = protox::compile(["prela/example/v1/scorer.proto"], [proto])?;
        tonic_prost_build::compile_fds(contract)?;
    }
    Ok(())
}
