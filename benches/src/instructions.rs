//! Instructions, counted by callgrind where it is installed.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

/// The argument that makes this program one variant, for callgrind.
pub(crate) const ARGUMENT: &str = "--callgrind";

/// Whether there is a valgrind to count with.
pub(crate) fn can_be_counted() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Instructions of one variant's region; none if callgrind fails.
pub(crate) fn of_variant(group: &str, name: &str) -> Option<f64> {
    let counts = env::temp_dir().join(format!("prela-bench-{}.callgrind", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*callgrind_region*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(env::current_exe().ok()?)
        .args([ARGUMENT, group, name])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let text = fs::read_to_string(&counts).ok();
    let _ = fs::remove_file(&counts);
    if !status.ok()?.success() {
        return None;
    }
    let totals = text?;
    let line = totals.lines().find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok()
}
