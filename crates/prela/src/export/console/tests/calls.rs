//! Calls of a process to itself: both sides are one tree.

use super::super::pending::{LONGEST_WAIT, Why};
use super::*;
use SpanType::{Agent, Custom, Tool};
use tokio::time::Instant;

/// The first span of a request, whose caller is elsewhere as far as its headers tell.
fn handler(id: u64, caller: u64, name: &'static str) -> SpanData {
    SpanData { parent_is_remote: true, ..span(id, caller, name, Agent) }
}

#[test]
fn what_this_process_called_is_below_its_caller() {
    let mut console = Console::new();
    // All in one batch, the called ones first, as they end.
    console.export([
        span(4, 3, "of the second", Tool),
        handler(3, 2, "second"),
        span(2, 1, "of the first", Tool),
        handler(1, 99, "first"),
    ]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 4 spans · 103ms
        ✓ first                   agent       100ms
        └─ ✓ of the first         tool        100ms
           └─ ✓ second            agent       100ms
              └─ ✓ of the second  tool        100ms

    "#]]);
}

#[test]
fn what_was_called_waits_for_its_caller() {
    let mut console = Console::new();
    console.export([span(2, 1, "GET", Custom), span(5, 1, "GET", Custom)]);
    console.export([handler(3, 2, "GET /a")]);
    console.export([span(7, 6, "lookup", Tool), handler(6, 5, "GET /b")]);
    console.check(expect![""]);
    console.export([span(1, 0, "agent", Agent)]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 6 spans · 106ms
        ✓ agent            agent       100ms
        ├─ ✓ GET           custom      100ms
        │  └─ ✓ GET /a     agent       100ms
        └─ ✓ GET           custom      100ms
           └─ ✓ GET /b     agent       100ms
              └─ ✓ lookup  tool        100ms

    "#]]);
    console.shutdown();
    console.check(expect![""]);
}

#[test]
fn calls_of_others_do_not_wait() {
    let mut console = Console::new();
    // One has itself as its caller.
    for (id, caller) in [(1, 99), (2, 2)] {
        console.export([handler(id, caller, "GET /")]);
        assert!(console.printed().contains("GET /"), "{id}");
    }
    // The caller's id is that of another trace's span.
    console.export([span_of(2, 7, 6, "GET", Custom)]);
    console.export([handler(8, 7, "GET /")]);
    assert!(console.printed().contains("GET /"));
}

#[test]
fn what_outlives_its_caller_is_late() {
    let mut console = Console::new();
    console.export([span(2, 1, "GET", Custom), span(1, 0, "agent", Agent)]);
    console.printed();
    console.export([span(4, 3, "clean up", Tool), handler(3, 2, "POST /jobs")]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 2 late spans · 101ms · ended after the trace was printed
        ✓ POST /jobs   agent       100ms
        └─ ✓ clean up  tool        100ms

    "#]]);
}

#[test]
fn shutdown_prints_calls_too() {
    let mut console = Console::new();
    console.export([span(2, 1, "GET", Custom), handler(3, 2, "GET /a")]);
    console.shutdown();
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 2 spans · 101ms · incomplete: not ended at shutdown
        ✓ GET        custom      100ms  (parent missing)
        └─ ✓ GET /a  agent       100ms

    "#]]);
}

#[test]
fn nothing_waits_for_ever() {
    let start = Instant::now();
    let pending = &mut pending::Pending::default();
    let spans = |spans: Vec<SpanData>| spans.into_iter().map(Arc::new).collect::<Vec<_>>();
    let waiting = spans(vec![
        span(2, 1, "GET", Custom),
        handler(3, 2, "GET /a"),
        span(4, 3, "GET", Custom),
        handler(5, 4, "GET /b"),
    ]);
    assert!(pending.add(&waiting, start).is_empty());
    assert_eq!(pending.next_due(), Some(start + LONGEST_WAIT));
    assert!(pending.overdue(start + LONGEST_WAIT - Duration::from_nanos(1)).is_empty());
    let trees = pending.overdue(start + LONGEST_WAIT);
    assert_eq!(
        trees.iter().map(|tree| (tree.why, tree.spans.len())).collect::<Vec<_>>(),
        [(Why::CallerRuns, 3)]
    );
    assert_eq!(pending.next_due(), None);
    // A batch that comes that late is as good.
    assert!(pending.add(&spans(vec![handler(6, 2, "GET /c")]), start).is_empty());
    let other = spans(vec![span_of(2, 1, 0, "another trace", Agent)]);
    let trees = pending.add(&other, start + LONGEST_WAIT);
    let whys: Vec<_> = trees.iter().map(|tree| tree.why).collect();
    assert_eq!(whys, [Why::RootEnded, Why::CallerRuns]);
    // The caller is printed when its own root ends.
    let trees = pending.add(&spans(vec![span(1, 0, "agent", Agent)]), start);
    assert_eq!(trees.iter().map(|tree| tree.spans.len()).collect::<Vec<_>>(), [2]);
    assert_eq!(pending.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_printed_in_time_though_nothing_else_ends() {
    let mut console = Console::new();
    console.export([span(2, 1, "GET", Custom), handler(3, 2, "GET /a")]);
    tokio::time::sleep(LONGEST_WAIT - Duration::from_millis(10)).await;
    console.check(expect![""]);
    // Another one, ten milliseconds before the first is due.
    console.export([handler(4, 2, "GET /b")]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms · its caller still runs
        ✓ GET /a  agent       100ms

    "#]]);
    tokio::time::sleep(LONGEST_WAIT).await;
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms · its caller still runs
        ✓ GET /b  agent       100ms

    "#]]);
    console.export([span(1, 0, "agent", Agent)]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 2 spans · 101ms
        ✓ agent   agent       100ms
        └─ ✓ GET  custom      100ms

    "#]]);
    // The second time it has to be begun anew.
    console.export([span_of(2, 2, 1, "GET", Custom)]);
    console.export([SpanData { parent_is_remote: true, ..span_of(2, 3, 2, "GET /c", Agent) }]);
    tokio::time::sleep(LONGEST_WAIT * 2).await;
    assert!(console.printed().contains("GET /c"));
    assert_eq!(console.exporter.printer().pending(), 1);
}

#[test]
fn calls_are_bounded_in_number() {
    let mut console = Console::new();
    console.export([span(2, 1, "GET", Custom)]);
    console.export((10..10_009).map(|id| handler(id, 2, "GET /a")));
    assert_eq!(console.printed(), "");
    console.export([handler(9, 2, "GET /a")]);
    let printed = console.printed();
    assert!(printed.contains("10001 spans"), "{}", printed.lines().next().unwrap());
    assert!(printed.contains("incomplete: more than 10000 spans were waiting"));
    assert_eq!(console.exporter.printer().pending(), 0);
}
