//! The checked-in code of the gRPC API is what its contract makes.

use std::path::Path;
use std::{env, fs};

/// `UPDATE_EXPECT=1 cargo test -p prela-cli contract` writes it anew.
#[test]
fn generated_code_is_that_of_the_contract() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto = package.join("../../proto");
    let contract = protox::compile(["prela/query/v1/query.proto"], [proto]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    tonic_prost_build::configure().out_dir(dir.path()).compile_fds(contract).unwrap();
    let made = fs::read_to_string(dir.path().join("prela.query.v1.rs")).unwrap();
    let path = package.join("generated/prela.query.v1.rs");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "run it with UPDATE_EXPECT=1");
}
