//! A process that forks while it is traced.

#![cfg(unix)]

use crate::program::role;
use crate::receiver::{Receiver, Transport, tree};
use expect_test::expect;
use std::collections::HashSet;

#[test]
fn a_forked_process_has_spans_of_its_own() {
    let receiver = Receiver::start(Transport::Grpc);
    let output = role("forks").arg(receiver.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let spans = receiver.spans();
    let ids: HashSet<_> = spans.iter().map(|span| span.span_id()).collect();
    assert_eq!((spans.len(), ids.len()), (23, 23), "each once, under an id of its own");
    let mut lines: Vec<String> = tree(&spans).lines().map(str::to_owned).collect();
    lines.dedup();
    expect![[r#"
        root agent
          before custom
          in the child custom
          in the parent custom
        root of the child agent"#]]
    .assert_eq(&lines.join("\n"));
}
