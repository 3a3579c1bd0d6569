//! A server that is killed while it takes spans.

use crate::clients::post_spans;
use crate::program::{Prela, run};
use crate::requests::span;
use prela_cli::query::{Filter, Reader};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const KILLS: u64 = 50;
const SENDERS: u64 = 3;

/// Sends batches of one trace on one connection until the server is gone; gives the number of spans
/// that were acknowledged.
fn send_until_it_is_gone(address: std::net::SocketAddr, trace: u64) -> u64 {
    use prost::Message as _;
    let Ok(mut connection) = TcpStream::connect(address) else { return 0 };
    let mut acknowledged = 0;
    loop {
        let spans =
            (1..=7).map(|at| span(trace, acknowledged + at, acknowledged + at - 1)).collect();
        let body = crate::requests::traces(spans).encode_to_vec();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let sent = connection.write_all(&[head.as_bytes(), &body].concat());
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        // The head of an answer without a body is all of it.
        while sent.is_ok() && !answer.ends_with(b"\r\n\r\n") {
            match connection.read(&mut part) {
                Ok(count) if count > 0 => answer.extend_from_slice(&part[..count]),
                _ => return acknowledged,
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return acknowledged;
        }
        acknowledged += 7;
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    let random = RandomState::new();
    let promised = Mutex::new(BTreeMap::new());
    for kill in 0..KILLS {
        let mut prela = Prela::start_at(&store, &[]);
        let address = prela.hello.http;
        thread::scope(|threads| {
            for sender in 0..SENDERS {
                let promised = &promised;
                threads.spawn(move || {
                    let trace = 1 + kill * SENDERS + sender;
                    let count = send_until_it_is_gone(address, trace);
                    promised.lock().unwrap().insert(trace, count);
                });
            }
            thread::sleep(Duration::from_micros(random.hash_one(kill) % 60_000));
            prela.kill();
        });
        // With nobody there, and with what is in its log.
        if kill % 10 == 0 {
            let output = run(&store, &["list", "--json"]);
            assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
        }
    }
    let prela = Prela::start_at(&store, &[]);
    assert_eq!(post_spans(prela.hello.http, vec![span(9_999, 1, 0)]).status, 200);
    let reader = Reader::open(&store).unwrap();
    let listed = reader.list(&Filter { limit: 10_000, ..Filter::default() }).unwrap();
    let mut whole = 0;
    for (number, promised) in promised.into_inner().unwrap() {
        let id = crate::requests::trace_id(number);
        let summary = listed.iter().find(|it| it.trace_id.0[..] == id[..]);
        let count = summary.map_or(0, |it| it.spans);
        assert!(count >= promised, "{number}: {count} of {promised}");
        // Whole requests, and sums that say how many spans there are.
        assert_eq!(count % 7, 0);
        if let Some(summary) = summary {
            assert_eq!(reader.trace(summary.trace_id).unwrap().spans.len() as u64, count);
        }
        whole += promised;
    }
    assert!(whole > 7 * KILLS, "hardly anything was sent: {whole}");
    let connection = rusqlite::Connection::open(&store).unwrap();
    let check: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
