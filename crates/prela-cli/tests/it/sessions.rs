//! Sessions at a terminal, as `tests/cmd` writes them down. `TRYCMD=overwrite` writes what is printed.

use std::path::Path;
use tempfile::TempDir;

#[test]
fn what_commands_print() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    for name in ["help", "python"] {
        // Each session has a store of its own.
        let dir = TempDir::new().unwrap();
        trycmd::TestCases::new()
            .register_bin("prela", Path::new(env!("CARGO_BIN_EXE_prela")))
            .env("PRELA_STORE", dir.path().join("prela.db").to_str().unwrap())
            .env("COLUMNS", "90")
            .case(cases.join(format!("{name}.trycmd")))
            .run();
    }
}
