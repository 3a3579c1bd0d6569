//! `prela run` at a terminal and away from one: each signal reaches the program, and once.

#![cfg(target_os = "linux")]

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGUSR1};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const ROLE: &str = "PRELA_TEST_COUNTS_SIGNALS";

/// This test is also the program that is run, when a variable says so: it counts interrupts until it gets another signal.
#[test]
fn an_interrupt_reaches_the_program_once() {
    if env::var_os(ROLE).is_some() {
        let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGUSR1]).unwrap();
        println!("ready {}", std::os::unix::process::parent_id());
        let mut count = 0;
        for origin in signals.forever() {
            if origin.signal == SIGUSR1 {
                println!("total {count}");
                std::process::exit(0);
            }
            count += 1;
            println!("got {count}");
        }
    }
    if !has_script() {
        // Past the test harness, which shows nothing of tests that pass.
        let _ = writeln!(std::io::stderr(), "SKIPPED: a test of terminals; it needs `script`");
        return;
    }
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    for is_at_terminal in [true, false] {
        for is_redirected in [true, false] {
            for is_key in [true, false] {
                if is_at_terminal || !is_key {
                    let case = format!(
                        "terminal {is_at_terminal}, redirected {is_redirected}, key {is_key}"
                    );
                    interrupt(&store, is_at_terminal, is_redirected, is_key, &case);
                }
            }
        }
    }
}

/// Interrupts it twice, and looks that it was twice.
fn interrupt(store: &Path, is_at_terminal: bool, is_redirected: bool, is_key: bool, case: &str) {
    let program = env::current_exe().unwrap();
    let quoted = |path: &Path| format!("'{}'", path.display());
    let line = format!(
        "exec {} run --store {} -- {} {} --exact --nocapture {}",
        quoted(Path::new(env!("CARGO_BIN_EXE_prela"))),
        quoted(store),
        quoted(&program),
        "terminals::an_interrupt_reaches_the_program_once",
        if is_redirected { "< /dev/null" } else { "" }
    );
    let mut shell = if is_at_terminal {
        let mut script = Command::new("script");
        script
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("SHELL", "/bin/sh");
        script
    } else {
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]);
        shell
    };
    let mut process = shell
        .env(ROLE, "1")
        .env_remove("PRELA_STORE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keys = process.stdin.take().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut wait_for = |word: &str| {
        let found = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once(word)?;
            Some(rest.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("{case}: no {word}"))
    };
    let parent = wait_for("ready ").parse().unwrap();
    let prela = Pid::from_raw(parent).unwrap();
    for number in 1..=2 {
        if is_key {
            keys.write_all(b"\x03").unwrap();
            keys.flush().unwrap();
        } else {
            kill_process(prela, Signal::INT).unwrap();
        }
        assert_eq!(wait_for("got "), number.to_string(), "{case}");
    }
    // It is passed on after whatever else was.
    kill_process(prela, Signal::USR1).unwrap();
    assert_eq!(wait_for("total "), "2", "{case}");
    drop(keys);
    process.wait().unwrap();
}

fn has_script() -> bool {
    let mut script = Command::new("script");
    let tried = script.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}
