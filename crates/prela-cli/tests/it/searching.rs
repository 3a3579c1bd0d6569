//! Searches that read only what may have the text: they must find what reading everything finds.

use crate::requests::{pair, span, text};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use prela_cli::ids::{SpanId, TraceId};
use prela_cli::query::{Filter, Reader};
use prela_cli::store::{Options, Store};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// A span with an id in hexadecimal digits, a number and a sentence.
fn said(number: u64) -> Span {
    let mut span = span(number / 7 + 1, number + 1, 0);
    span.attributes = vec![
        text("request.id", &request_id(number)),
        pair("number", Value::IntValue(i64::try_from(numbered(number)).unwrap())),
        text("sentence", &format!("The {number}th Request was slow, and some others were not")),
    ];
    span
}

fn request_id(number: u64) -> String {
    format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A number that is no part of another one.
fn numbered(number: u64) -> u64 {
    (number + 1_000_000) * 1_000
}

/// Asserts that each of these numbers is found by each form of it, and others are not.
#[track_caller]
fn assert_found(store: &Path, numbers: impl IntoIterator<Item = u64>, others: &[u64]) {
    let reader = Reader::open(store).unwrap();
    let found = |query: &str| -> Vec<u64> {
        let hits = reader.search(query, &Filter { limit: 10, ..Filter::default() }).unwrap();
        hits.iter().map(|hit| u64::from_be_bytes(hit.span_id.0) - 1).collect()
    };
    for number in numbers {
        let queries = [
            request_id(number),
            format!("the {number}th request was"),
            format!("The {number}th Request was"),
            numbered(number).to_string(),
            SpanId((number + 1).to_be_bytes()).to_string(),
        ];
        for query in queries {
            assert!(found(&query).contains(&number), "{number}: {query}");
        }
    }
    for number in others {
        assert!(found(&request_id(*number)).is_empty(), "{number}");
    }
}

#[test]
fn whatever_the_size_of_a_request_everything_in_it_is_found() {
    let (_dir, path, store) = fresh();
    let mut next = 0;
    for size in [1, 1, 2, 63, 64, 65, 1, 500, 1, 127, 2_000] {
        store.insert_blocking(batch((next..next + size).map(said).collect())).unwrap();
        next += size;
    }
    assert_found(&path, (0..next).step_by(41).chain([next - 1]), &[next, 50_000]);
    // The one that opens it next begins another block.
    drop(store);
    let store = Store::open(&path, Options::default()).unwrap();
    for _ in 0..100 {
        store.insert_blocking(batch(vec![said(next)])).unwrap();
        next += 1;
    }
    assert_found(&path, (0..next).step_by(97).chain(next - 100..next), &[next]);
    let blocks: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM block", [], |row| row.get(0))
        .unwrap();
    assert!(blocks < i64::try_from(next).unwrap() / 40, "{blocks} blocks of {next} spans");
}

#[test]
fn rows_without_a_block_are_read() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch((0..1_000).map(said).collect())).unwrap();
    drop(store);
    // As an earlier version leaves them: here and there, then everywhere.
    let connection = Connection::open(&path).unwrap();
    for sql in ["DELETE FROM block WHERE (first / 64) % 3 = 1", "DELETE FROM block"] {
        connection.execute(sql, []).unwrap();
        assert_found(&path, (0..1_000).step_by(13), &[1_000]);
    }
}

#[test]
fn rows_that_are_given_out_again_are_found() {
    let (_dir, path, store) = fresh();
    let mut next = 0;
    for round in 0..4 {
        store.insert_blocking(batch((next..next + 300).map(said).collect())).unwrap();
        assert_found(&path, (next..next + 300).step_by(29), &[next + 300]);
        next += 300;
        if round % 2 == 0 {
            store.sweep(0, Duration::MAX).unwrap();
            let gone: Vec<_> = (0..next).step_by(50).collect();
            assert_found(&path, [], &gone);
        }
    }
    // The last rows go, and the first stay.
    drop(store);
    let connection = Connection::open(&path).unwrap();
    let sql =
        "UPDATE trace SET seen = 0 WHERE id IN (SELECT id FROM trace ORDER BY id DESC LIMIT 5)";
    connection.execute(sql, []).unwrap();
    drop(connection);
    let store = Store::open(&path, Options::default()).unwrap();
    let swept = store.sweep(u64::MAX, Duration::from_secs(24 * 3600)).unwrap();
    assert!(swept.spans > 20, "{swept:?}");
    store.insert_blocking(batch((next..next + 70).map(said).collect())).unwrap();
    assert_found(&path, (next..next + 70).step_by(3), &[next + 71]);
}

#[test]
fn spans_of_any_size_are_found() {
    let (_dir, path, store) = fresh();
    let mut seed = 1_u64;
    let mut noise = |length: usize| -> String {
        let byte = |_| {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            char::from(b' ' + u8::try_from((seed >> 33) % 95).unwrap())
        };
        (0..length).map(byte).collect()
    };
    let spans = (0..24_u64).map(|number| {
        let mut span = said(number);
        let length = [10, 2_000, 30_000][usize::try_from(number % 3).unwrap()];
        span.attributes.push(text("noise", &noise(length)));
        span.attributes.push(text("ünïcode", &format!("Zürich {number} 日本")));
        span
    });
    store.insert_blocking(batch(spans.collect())).unwrap();
    assert_found(&path, 0..24, &[60]);
    let reader = Reader::open(&path).unwrap();
    for (query, count) in
        [("zürich 7 日本", 1), ("Zürich", 24), ("ZÜRICH", 0), ("ün", 24), ("7", 24), ("本", 24)]
    {
        let filter = Filter { limit: 100, ..Filter::default() };
        let hits = reader.search(query, &filter).unwrap();
        assert!(
            hits.len() >= count.min(6) && (count > 0 || hits.is_empty()),
            "{query}: {}",
            hits.len()
        );
    }
}

/// A span that has ended takes a new row; the block that had the running one still has its runs of bytes.
#[test]
fn a_span_that_ran_is_found_once_by_what_it_says_at_its_end() {
    let (_dir, path, store) = fresh();
    let running = |number: u64| {
        let mut span = said(number);
        span.end_time_unix_nano = 0;
        span.attributes = vec![text("before", &format!("running {number}"))];
        span
    };
    let first = (0..100).map(|number| if number % 9 == 0 { running(number) } else { said(number) });
    store.insert_blocking(batch(first.collect())).unwrap();
    let ended = (0..100).filter(|number| number % 9 == 0).map(said);
    store.insert_blocking(batch(ended.collect())).unwrap();
    assert_found(&path, 0..100, &[100]);

    let reader = Reader::open(&path).unwrap();
    let found = |query: &str| {
        let hits = reader.search(query, &Filter { limit: 1_000, ..Filter::default() }).unwrap();
        let mut ids: Vec<_> = hits.iter().map(|hit| hit.span_id).collect();
        let count = ids.len();
        ids.sort_by_key(|id| id.0);
        ids.dedup();
        (ids.len(), count)
    };
    assert_eq!(found("Request was slow"), (100, 100));
    assert_eq!(found("running"), (0, 0));
}

/// Links to a span are searched for as texts are; its children have its id, too, and are none.
#[test]
fn links_to_a_span_are_found_whichever_blocks_there_are() {
    let (_dir, path, store) = fresh();
    let target = span(1, 1, 0);
    let linked = |number: u64| Span {
        links: vec![Link {
            trace_id: target.trace_id.clone(),
            span_id: target.span_id.clone(),
            ..Link::default()
        }],
        ..span(500 + number, 7, 0)
    };
    let child = span(1, 2, 1);
    // The same id in another trace is another span.
    let other = Span {
        links: vec![Link { trace_id: vec![9; 16], ..linked(0).links[0].clone() }],
        ..span(400, 9, 0)
    };
    let spans = [target.clone(), child, linked(1), other];
    let many = (0..4_000).map(said);
    let all: Vec<_> = spans.into_iter().chain(many).chain([linked(2)]).collect();
    for part in all.chunks(700) {
        store.insert_blocking(batch(part.to_vec())).unwrap();
    }
    let found = || -> Vec<u64> {
        let ids =
            (TraceId(target.trace_id.clone().try_into().unwrap()), SpanId(1_u64.to_be_bytes()));
        let hits = Reader::open(&path).unwrap().linked_to(ids.0, ids.1).unwrap();
        let number = |id: TraceId| u64::from_be_bytes(id.0[8..].try_into().unwrap());
        hits.iter().map(|hit| number(hit.trace_id)).collect()
    };
    assert_eq!(found(), [502, 501], "the newest first");
    drop(store);
    // As in a store of an earlier version: without some of the blocks, and without any.
    for without in ["DELETE FROM block WHERE first % 2 = 1", "DELETE FROM block"] {
        Connection::open(&path).unwrap().execute(without, []).unwrap();
        assert_eq!(found(), [502, 501], "{without}");
    }
}
