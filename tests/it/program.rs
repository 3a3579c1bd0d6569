//! Programs that tests run.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program without the settings that the tests themselves may have been started with.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut program = Command::new(path);
    for (name, _) in env::vars_os() {
        let prefixes = ["OTEL_", "PRELA_", "TRACEPARENT", "TRACESTATE", "BAGGAGE"];
        if prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            program.env_remove(name);
        }
    }
    program
}

/// One test of this binary, as a program of its own; its output is not captured.
pub fn this_test(name: &str) -> Command {
    let mut program = program(env::current_exe().unwrap());
    program.args(["--exact", name, "--nocapture"]);
    program
}

/// `cargo build` as it built this binary, of the same workspace and in the same profile, and where it
/// puts what it builds.
pub fn cargo_build() -> (Command, PathBuf) {
    // `<target>/<profile>/deps/it-<hash>`
    let binary = env::current_exe().unwrap();
    let built = binary.ancestors().nth(2).unwrap().to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()).env("CARGO_TARGET_DIR", built.parent().unwrap());
    let profile = match built.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    cargo.args(["build", "--quiet", "--profile", profile]);
    (cargo, built)
}

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
