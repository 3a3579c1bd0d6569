//! The store: written once, kept within its limits.

use crate::requests::{START, everything, failed, log, logs, pair, resource, span, traces};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::otlp::Envelope;
use prela_cli::query::{Filter, Reader};
use prela_cli::store::{Accepted, Batch, Options, Store, StoreErrorKind};
use prost::Message;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) fn batch(spans: Vec<Span>) -> Batch {
    let (batch, refused) = Batch::of_spans(envelope(&traces(spans)));
    assert_eq!(refused.count(), 0);
    batch
}

fn envelope(message: &impl Message) -> Envelope {
    Envelope::decode(&message.encode_to_vec()[..]).unwrap()
}

pub(crate) fn fresh() -> (TempDir, PathBuf, Store) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("folder/prela.db");
    let store = Store::open(&path, Options::default()).unwrap();
    (dir, path, store)
}

fn totals(path: &Path) -> (u64, u64) {
    let totals = Reader::open(path).unwrap().totals().unwrap();
    (totals.traces, totals.spans)
}

#[test]
fn what_is_sent_again_changes_nothing() {
    let (_dir, path, store) = fresh();
    let tokens = |span: Span| Span {
        attributes: vec![pair("gen_ai.usage.input_tokens", Value::IntValue(7))],
        ..span
    };
    let spans = vec![span(1, 1, 0), tokens(failed(span(1, 2, 1), "no")), span(2, 1, 0)];
    assert_eq!(store.insert_blocking(batch(spans.clone())).unwrap().new_spans, 3);
    let reader = Reader::open(&path).unwrap();
    let before = reader.list(&Filter::default()).unwrap();
    // The same request, a part of it, one span twice, and after a restart.
    for again in [spans.clone(), spans[1..].to_vec(), vec![spans[0].clone(); 2]] {
        assert_eq!(store.insert_blocking(batch(again)).unwrap(), Accepted::default());
    }
    drop(store);
    let store = Store::open(&path, Options::default()).unwrap();
    assert_eq!(store.insert_blocking(batch(spans)).unwrap().new_spans, 0);
    assert_eq!(reader.list(&Filter::default()).unwrap(), before);
    assert_eq!((before[1].spans, before[1].errors, before[1].input_tokens), (2, 1, 7));
}

#[test]
fn a_running_span_is_completed_in_place() {
    let (_dir, path, store) = fresh();
    let running = Span { end_time_unix_nano: 0, ..failed(span(1, 2, 1), "so far") };
    store.insert_blocking(batch(vec![span(1, 1, 0), running.clone()])).unwrap();
    let reader = Reader::open(&path).unwrap();
    let summary = || reader.list(&Filter::default()).unwrap().remove(0);
    assert_eq!((summary().spans, summary().open, summary().errors), (2, 1, 1));
    let cursor = reader.now().unwrap();
    store.insert_blocking(batch(vec![running.clone()])).unwrap();
    assert!(reader.changes(cursor).unwrap().traces.is_empty());
    let end = span(1, 2, 1);
    store.insert_blocking(batch(vec![end.clone()])).unwrap();
    assert_eq!((summary().spans, summary().open, summary().errors), (2, 0, 0));
    assert_eq!(reader.changes(cursor).unwrap().traces.len(), 1);
    // What began comes late, or again: the end stays.
    store.insert_blocking(batch(vec![running])).unwrap();
    let trace = reader.trace(reader.find("last").unwrap()).unwrap();
    assert_eq!((trace.spans[1].message.clone(), trace.summary.open), (end, 0));
}

#[test]
fn a_trace_is_summed_up_in_whatever_order_it_comes() {
    let spans = [span(1, 1, 0), span(1, 2, 1), failed(span(1, 3, 2), "no"), span(1, 4, 1)];
    let mut summaries = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        for size in [1, 4] {
            let (_dir, path, store) = fresh();
            for part in order.chunks(size) {
                let part = part.iter().map(|at| spans[*at].clone()).collect();
                store.insert_blocking(batch(part)).unwrap();
            }
            summaries.push(Reader::open(&path).unwrap().list(&Filter::default()).unwrap());
        }
    }
    assert!(summaries.iter().all(|it| *it == summaries[0]), "{summaries:#?}");
    let summary = &summaries[0][0];
    assert_eq!((summary.name.as_str(), summary.service.as_str()), ("span 1", "shop"));
    assert_eq!((summary.spans, summary.errors, summary.duration_ns), (4, 1, 1_003_000));
}

#[test]
fn a_trace_of_several_roots_has_name_and_service_of_the_first() {
    let (mut together, mut second) = (traces(vec![span(1, 1, 0)]), traces(vec![span(1, 2, 0)]));
    second.resource_spans[0].resource = resource("desk");
    let apart = [together.clone(), second.clone()];
    together.resource_spans.extend(second.resource_spans);
    for requests in [&[together][..], &apart] {
        let (_dir, path, store) = fresh();
        for request in requests {
            store.insert_blocking(Batch::of_spans(envelope(request)).0).unwrap();
        }
        let summary = &Reader::open(&path).unwrap().list(&Filter::default()).unwrap()[0];
        assert_eq!((summary.name.as_str(), summary.service.as_str()), ("span 1", "shop"));
    }
}

#[test]
fn logs_that_are_sent_again_are_there_once() {
    let (_dir, path, store) = fresh();
    let (batch, _) = Batch::of_logs(envelope(&logs(vec![log(1, "a"), log(1, "b"), log(2, "a")])));
    assert_eq!(store.insert_blocking(batch.clone()).unwrap().new_logs, 3);
    assert_eq!(store.insert_blocking(batch).unwrap().new_logs, 0);
    assert_eq!(Reader::open(&path).unwrap().totals().unwrap().logs, 3);
}

#[test]
fn the_oldest_go_when_it_is_too_large() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("prela.db");
    let max_bytes = 2 << 20;
    let store = Store::open(&path, Options { max_bytes, ..Options::default() }).unwrap();
    for number in 1..=600_u64 {
        let spans = (1..=50).map(|at| span(number, at, if at == 1 { 0 } else { 1 })).collect();
        store.insert_blocking(batch(spans)).unwrap();
    }
    drop(store);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size <= max_bytes + max_bytes / 4 + (256 << 10), "{size}");
    let reader = Reader::open(&path).unwrap();
    let kept = reader.list(&Filter { limit: 1_000, ..Filter::default() }).unwrap();
    assert!(kept.len() > 20 && kept.len() < 600, "{}", kept.len());
    // The newest, each of them whole.
    let newest = (1..=600).rev().take(kept.len()).map(crate::requests::trace_id);
    let ids: Vec<_> = kept.iter().map(|it| it.trace_id.0.to_vec()).collect();
    assert_eq!(ids, newest.collect::<Vec<_>>());
    assert!(kept.iter().all(|it| reader.trace(it.trace_id).unwrap().spans.len() == 50));
}

#[test]
fn what_is_too_old_goes() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let hour = Duration::from_secs(3600);
    // It came just now, though it began long ago.
    assert_eq!(store.sweep(u64::MAX, hour).unwrap().traces, 0);
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE trace SET seen = seen - 7200", []).unwrap();
    drop(connection);
    let options = Options { max_age: hour, ..Options::default() };
    let store = Store::open(&path, options).unwrap();
    store.insert_blocking(batch(vec![span(2, 1, 0)])).unwrap();
    let swept = store.sweep(u64::MAX, hour).unwrap();
    assert!(swept.traces <= 1);
    assert_eq!(totals(&path), (1, 1));
    // It comes back, whole: nothing remembers a row of it.
    assert_eq!(store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap().new_spans, 1);
    assert_eq!(totals(&path), (2, 2));
}

#[test]
fn a_sweep_leaves_nothing_behind() {
    let (_dir, path, store) = fresh();
    let (logs, _) = Batch::of_logs(envelope(&logs(vec![log(1, "a")])));
    store.insert_blocking(logs).unwrap();
    for number in 1..300 {
        let large = Span {
            attributes: vec![crate::requests::text("long", &"x".repeat(10_000))],
            ..span(number, 1, 0)
        };
        store.insert_blocking(batch(vec![large, everything()])).unwrap();
    }
    let before = std::fs::metadata(&path).unwrap().len();
    store.sweep(0, Duration::MAX).unwrap();
    let after = std::fs::metadata(&path).unwrap().len();
    assert!(after < before / 10, "{before} {after}");
    let connection = rusqlite::Connection::open(&path).unwrap();
    for table in ["trace", "span", "span_data", "log", "str", "resource", "scope", "run"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
    // What it cached is gone with it.
    store.insert_blocking(batch(vec![everything(), span(1, 9, 0)])).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.list(&Filter::default()).unwrap()[0].name, "span 9");
}

#[test]
fn one_process_writes_it_and_the_other_is_told() {
    let (_dir, path, store) = fresh();
    let error = Store::open(&path, Options::default()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    assert!(error.to_string().contains("another prela writes to"), "{error}");
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    assert_eq!(totals(&path), (1, 1));
    drop(store);
    Store::open(&path, Options::default()).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for extension in ["db", "db-wal", "db-shm"] {
        assert_eq!(mode(&path.with_extension(extension)), 0o600, "{extension}");
    }
}

#[test]
fn what_is_no_store_stays_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("prela.db");
    let garbage: Vec<u8> =
        (0..3_000_u32).flat_map(|it| it.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let sqlite = |statements: &str| {
        let path = dir.path().join("made.db");
        let _ = std::fs::remove_file(&path);
        rusqlite::Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        std::fs::read(path).unwrap()
    };
    let newer = sqlite(&format!(
        "CREATE TABLE trace(id); PRAGMA application_id = {}; PRAGMA user_version = 99;",
        0x7072_656c
    ));
    for (content, kind, expected) in [
        (
            b"not a database, but a text of some length".repeat(9),
            StoreErrorKind::Damaged,
            "is damaged",
        ),
        (garbage, StoreErrorKind::Damaged, "is damaged"),
        (
            sqlite("CREATE TABLE t(x); INSERT INTO t VALUES (1)"),
            StoreErrorKind::Damaged,
            "is not a store of prela",
        ),
        (newer, StoreErrorKind::Newer, "a newer version of prela wrote"),
    ] {
        std::fs::write(&path, &content).unwrap();
        for error in
            [Store::open(&path, Options::default()).unwrap_err(), Reader::open(&path).unwrap_err()]
        {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert!(error.to_string().contains("prela.db"), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), content, "{expected}");
    }
    let error = Reader::open(&dir.path().join("absent.db")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Absent);
    assert!(error.to_string().contains("prela serve"), "{error}");
    // An empty file is what a process leaves that is killed while it makes one.
    std::fs::write(&path, b"").unwrap();
    Store::open(&path, Options::default()).unwrap();
    // A folder is none.
    assert!(Store::open(dir.path(), Options::default()).is_err());
}

#[test]
fn damage_in_the_middle_is_an_error_and_no_panic() {
    for page in [1, 3, 7, 12, 20, 40] {
        let (_dir, path, store) = fresh();
        let spans =
            |range: std::ops::Range<u64>| range.map(|at| span(at, 1, 0)).collect::<Vec<_>>();
        store.insert_blocking(batch(spans(1..2_000))).unwrap();
        drop(store);
        let mut content = std::fs::read(&path).unwrap();
        content[page * 4096 + 8..][..2_000].fill(0xa5);
        std::fs::write(&path, content).unwrap();
        let Ok(store) = Store::open(&path, Options::default()) else { continue };
        for number in 0..20 {
            let from = 1 + number * 200;
            if let Err(error) = store.insert_blocking(batch(spans(from..from + 200))) {
                assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
                assert!(error.to_string().contains("mv '"), "{error}");
            }
        }
        if let Ok(reader) = Reader::open(&path) {
            let _ = reader.list(&Filter { limit: 10_000, ..Filter::default() });
            let _ = reader.search("nothing", &Filter::default());
        }
    }
}

#[test]
fn times_are_those_that_were_sent() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let listed = Reader::open(&path).unwrap().list(&Filter::default()).unwrap();
    assert_eq!(listed[0].start_ns.unsigned_abs(), START + 1_000_001_000);
}
