//! A disk that takes no more.

use crate::clients::post_spans;
use crate::program::{Prela, command, run, text, wait_until};
use crate::requests::{span, text as attribute};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A file system of a few megabytes; unmounted when this is dropped.
struct Small(TempDir);

impl Small {
    /// Mounts a file system; none where this process may not.
    fn new() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(dir.path())
            .output();
        if mount.is_ok_and(|it| it.status.success()) {
            return Some(Self(dir));
        }
        // Past the test harness, which shows nothing of tests that pass.
        let line = "SKIPPED: a full disk; this process may not mount one";
        let _ = writeln!(std::io::stderr(), "{line}");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn large(number: u64) -> Span {
    Span { attributes: vec![attribute("long", &"x".repeat(50_000))], ..span(number, 1, 0) }
}

#[test]
fn a_full_disk_is_said_and_nothing_acknowledged_is_lost() {
    let Some(disk) = Small::new() else { return };
    let prela = Prela::start_at(&disk.path().join("prela.db"), &[]);
    let mut acknowledged = 0;
    let answer = loop {
        let answer = post_spans(prela.hello.http, vec![large(acknowledged + 1)]);
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 200, "it never fills up");
    };
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("10")));
    let said = String::from_utf8_lossy(&answer.body);
    assert!(said.contains("cannot grow") && said.contains("make room"), "{said}");
    assert!(acknowledged > 5);
    let has_all = || prela.reader().totals().unwrap().spans == acknowledged;
    assert!(has_all());
    // Questions are answered all the same.
    assert!(run(&prela.store(), &["list"]).status.success());
}

#[test]
fn a_disk_with_room_again_is_written_again() {
    let Some(disk) = Small::new() else { return };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 2 << 20]).unwrap();
    let prela = Prela::start_at(&disk.path().join("prela.db"), &[]);
    let mut number = 0;
    let mut send = || {
        number += 1;
        post_spans(prela.hello.http, vec![large(number)]).status
    };
    while send() == 200 {}
    std::fs::remove_file(&ballast).unwrap();
    let begin = std::time::Instant::now();
    while send() != 200 {
        assert!(begin.elapsed().as_secs() < 30);
    }
    wait_until("the span is there", || prela.reader().find("last").is_ok());
}

#[test]
fn a_place_that_cannot_be_written_is_said_at_once() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("file"), "x").unwrap();
    let store = dir.path().join("file/prela.db");
    let output =
        command(["serve", "--grpc-port", "0", "--http-port", "0", "--page-port", "0", "--store"])
            .arg(&store)
            .output()
            .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("cannot be made") && said.contains("file"), "{said}");
}

/// A trace that goes on and on has no older one that could make room.
#[test]
fn a_store_does_not_grow_beyond_what_it_may() {
    let prela = Prela::start_with(&["--max-size", "2MB"]);
    let mut refused = 0;
    for number in 1..200 {
        let one = Span { span_id: number_bytes(number), trace_id: vec![7; 16], ..large(number) };
        refused += u64::from(post_spans(prela.hello.http, vec![one]).status != 200);
    }
    let size = std::fs::metadata(prela.store()).unwrap().len();
    assert!(size < 4 << 20, "{size}");
    assert!(refused < 100, "{refused}");
    assert_eq!(post_spans(prela.hello.http, vec![span(3, 1, 0)]).status, 200);
}

fn number_bytes(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}
