//! The public names of `prela`, kept in the tree: a change of them is seen in review.

use crate::program::workspace;
use expect_test::expect_file;
use std::env;
use std::path::PathBuf;
use std::process::Command;

/// After a change that is meant: `UPDATE_EXPECT=1 cargo test -p prela-tests public_api`.
#[test]
fn the_public_api_is_the_one_that_is_listed() {
    let api = public_api::Builder::from_rustdoc_json(rustdoc_json())
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    expect_file!["../../crates/prela/public-api.txt"].assert_eq(&api.to_string());
}

/// What rustdoc knows of the crate with all its features.
fn rustdoc_json() -> PathBuf {
    let target = workspace().join("target/public-api");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["rustdoc", "--quiet", "--locked", "--package", "prela", "--lib", "--all-features"]);
    cargo.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    // The format is not stable, and the compiler that runs the tests is.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", &target);
    let documented = cargo.current_dir(workspace()).status().unwrap();
    assert!(documented.success(), "rustdoc failed");
    target.join("doc/prela.json")
}
