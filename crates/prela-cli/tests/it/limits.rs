//! Those who send too much, too slowly, or nothing that makes sense.

use crate::clients::{self, JSON, PROTOBUF, get, post, post_spans};
use crate::program::{Prela, wait_until};
use crate::requests::{span, text, traces};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// Asserts that the server still takes spans.
#[track_caller]
fn assert_well(prela: &Prela, number: u64) {
    let begin = Instant::now();
    assert_eq!(post_spans(prela.hello.http, vec![span(number, 1, 0)]).status, 200);
    assert_eq!(post_spans(prela.hello.grpc, vec![span(number, 2, 1)]).status, 200);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let found = prela.reader().find(
        &crate::requests::trace_id(number).iter().map(|it| format!("{it:02x}")).collect::<String>(),
    );
    assert!(found.is_ok(), "{found:?}");
}

/// The status, its message, and whether it says when to come again.
fn over_grpc(address: SocketAddr, encoding: &str, message: &[u8]) -> (u16, String, bool) {
    let frame = [
        &[u8::from(!encoding.is_empty())][..],
        &u32::try_from(message.len()).unwrap().to_be_bytes(),
        message,
    ]
    .concat();
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let mut headers = vec![("content-type", "application/grpc")];
    if !encoding.is_empty() {
        headers.push(("grpc-encoding", encoding));
    }
    // Over HTTP/1.1, which suffices to see what becomes of the body.
    let answer = clients::send(address, "POST", path, &headers, &frame);
    let status = answer.header("grpc-status").unwrap_or("0").parse().unwrap();
    let details = answer.header("grpc-status-details-bin").unwrap_or_default();
    let details = STANDARD_NO_PAD.decode(details.trim_end_matches('=')).unwrap();
    let is_retryable = details.windows(9).any(|bytes| bytes == b"RetryInfo");
    (status, answer.header("grpc-message").unwrap_or_default().to_owned(), is_retryable)
}

#[test]
fn bombs_stop_at_the_limit() {
    let prela = Prela::start();
    // Members and frames follow each other, and are one text: a gigabyte. That of zlib is shorter.
    let zeros = vec![0_u8; 16 * MIB];
    let bombs = [
        ("gzip", clients::gzip(&zeros).repeat(64)),
        ("deflate", clients::zlib(&vec![0; 32 * MIB])),
        ("zstd", clients::zstd(&zeros).repeat(64)),
    ];
    for (encoding, bomb) in &bombs {
        assert!(bomb.len() < 2 * MIB);
        thread::scope(|threads| {
            for _ in 0..6 {
                threads.spawn(|| {
                    let kind = if bomb.len() % 2 == 0 { PROTOBUF } else { JSON };
                    let answer = post(prela.hello.http, "/v1/traces", kind, encoding, bomb);
                    // Many at once may also be too many.
                    assert!(matches!(answer.status, 413 | 429), "{encoding} {answer:?}");
                    let (status, message, _) = over_grpc(prela.hello.grpc, encoding, bomb);
                    assert_eq!(status, 8, "{encoding} {message}");
                });
            }
        });
        let answer = post(prela.hello.http, "/v1/traces", PROTOBUF, encoding, bomb);
        assert_eq!((answer.status, answer.header("retry-after")), (413, None), "{encoding}");
        assert!(String::from_utf8_lossy(&answer.body).contains("too large"));
    }
    assert_well(&prela, 1);
    let memory = prela.memory() >> 20;
    assert!(memory < 200, "{memory} MiB");
}

#[test]
fn requests_over_the_limit_are_too_large() {
    let prela = Prela::start();
    let of_size = |bytes: usize| {
        let span = Span { attributes: vec![text("long", &"x".repeat(bytes))], ..span(1, 1, 0) };
        traces(vec![span]).encode_to_vec()
    };
    assert_eq!(post(prela.hello.http, "/v1/traces", PROTOBUF, "", &of_size(15 * MIB)).status, 200);
    let large = of_size(16 * MIB);
    assert_eq!(post(prela.hello.http, "/v1/traces", PROTOBUF, "", &large).status, 413);
    assert_eq!(
        post(prela.hello.http, "/v1/traces", PROTOBUF, "gzip", &clients::gzip(&large)).status,
        413
    );
    let (status, message, is_retryable) = over_grpc(prela.hello.grpc, "", &large);
    assert_eq!((status, is_retryable), (8, false));
    assert!(
        message.contains("larger%20than%20max") || message.contains("larger than max"),
        "{message}"
    );
    assert_well(&prela, 2);
}

/// Parts of two bytes each, which in memory would be a hundred.
#[test]
fn many_small_parts_are_no_way_around_the_limit() {
    let prela = Prela::start();
    let inside = |number: u8, inner: &[u8]| {
        let mut bytes = vec![number << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
        [bytes, inner.to_vec()].concat()
    };
    let resources = [10, 0].repeat(6 * MIB);
    let scopes = inside(1, &[18, 0].repeat(6 * MIB));
    let spans = inside(1, &inside(2, &[18, 0].repeat(6 * MIB)));
    for request in [&resources, &scopes, &spans] {
        let answer =
            post(prela.hello.http, "/v1/traces", PROTOBUF, "zstd", &clients::zstd(request));
        assert_eq!(answer.status, 413, "{answer:?}");
    }
    assert_well(&prela, 1);
    assert!(prela.memory() >> 20 < 150, "{}", prela.memory() >> 20);
}

#[cfg(unix)]
#[test]
fn ten_thousand_connections_that_say_nothing_keep_nobody_out() {
    let prela = Prela::start();
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit {
            current: rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum,
            ..rustix::process::getrlimit(rustix::process::Resource::Nofile)
        },
    );
    let mut open = Vec::new();
    let mut refused = 0;
    for number in 0..10_000_u64 {
        let address = if number % 2 == 0 { prela.hello.http } else { prela.hello.grpc };
        match TcpStream::connect_timeout(&address, Duration::from_secs(5)) {
            Ok(connection) => open.push(connection),
            // Of this process's own files there may be too few.
            Err(_) => refused += 1,
        }
        if number % 2_500 == 0 {
            assert_well(&prela, number + 1);
        }
        if open.len() > 3_000 {
            // They are closed by the other side, or are about to be.
            open.drain(..1_000);
        }
    }
    assert!(refused < 5_000, "{refused}");
    assert_well(&prela, 20_001);
    let memory = prela.memory() >> 20;
    assert!(memory < 200, "{memory} MiB");
}

#[test]
fn connections_that_are_at_work_keep_their_places() {
    let prela = Prela::start();
    let mut follower = TcpStream::connect(prela.hello.http).unwrap();
    follower.write_all(b"GET /api/live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut head = [0; 12];
    follower.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let idle: Vec<_> =
        (0..1_500).filter_map(|_| TcpStream::connect(prela.hello.http).ok()).collect();
    assert_well(&prela, 1);
    follower.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("\"trace_id\"") {
        let count = follower.read(&mut part).unwrap();
        assert!(count > 0, "the follower was cut off");
        seen.extend_from_slice(&part[..count]);
    }
    drop(idle);
}

#[test]
fn garbage_on_every_port_is_nobodys_end() {
    let prela = Prela::start();
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let noise: Vec<u8> =
        (0..50_000_u32).flat_map(|it| it.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let long = [b"GET /".to_vec(), vec![b'a'; 300_000], b" HTTP/1.1\r\n\r\n".to_vec()].concat();
    let headers =
        [b"GET / HTTP/1.1\r\n".to_vec(), b"a: b\r\n".repeat(20_000), b"\r\n".to_vec()].concat();
    let settings = [preface.clone(), vec![0, 0, 0, 4, 0, 0, 0, 0, 0], noise.clone()].concat();
    let pings = [
        preface.clone(),
        vec![0, 0, 0, 4, 0, 0, 0, 0, 0],
        [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8].repeat(20_000),
    ]
    .concat();
    let garbage = [
        b"".to_vec(),
        b"\0".to_vec(),
        b"\r\n\r\n\r\n".to_vec(),
        b"hello?\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"POST /v1/traces HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST /v1/traces HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /v1/traces HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n".to_vec(),
        b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{".to_vec(),
        tls,
        preface,
        settings,
        pings,
        noise,
        long,
        headers,
    ];
    for address in [prela.hello.http, prela.hello.grpc] {
        for bytes in &garbage {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            connection.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
            let _ = connection.write_all(bytes);
            let _ = connection.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            let _ = connection.read_to_end(&mut answer);
        }
    }
    for path in [
        "/nothing",
        "/api",
        "/api/traces/zz",
        "/api/traces/%ff",
        "/api/search",
        "/api/traces?limit=x",
        "/../../etc/passwd",
    ] {
        let status = get(prela.hello.http, path).status;
        assert!((400..500).contains(&status), "{path} {status}");
    }
    assert_well(&prela, 1);
    assert_eq!(prela.reader().totals().unwrap().spans, 2);
}

#[test]
fn who_is_too_slow_gives_its_place_back() {
    let prela = Prela::start();
    let begin = Instant::now();
    let mut silent = TcpStream::connect(prela.hello.grpc).unwrap();
    let mut slow = TcpStream::connect(prela.hello.http).unwrap();
    slow.write_all(b"POST /v1/tra").unwrap();
    let mut waiting = TcpStream::connect(prela.hello.http).unwrap();
    let head = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    waiting.write_all(head).unwrap();
    for (connection, expected) in
        [(&mut silent, ""), (&mut slow, ""), (&mut waiting, "HTTP/1.1 408")]
    {
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut answer = Vec::new();
        // An end, not a timeout of ours.
        if let Err(error) = connection.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{expected}");
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(expected), "{answer}");
    }
    assert!(begin.elapsed() < Duration::from_secs(25));
    assert_well(&prela, 1);
}

#[test]
fn more_than_may_wait_is_to_come_again() {
    let prela = Prela::start();
    let of_size = |bytes: usize| {
        let attributes = vec![text("long", &"x".repeat(bytes))];
        traces(vec![Span { attributes, ..span(1, 1, 0) }]).encode_to_vec()
    };
    // Bodies that are there but for a byte hold the memory that there is for requests.
    let (body, probe) = (of_size(15 * MIB), of_size(5 * MIB));
    let hold = || {
        let mut connection = TcpStream::connect(prela.hello.http).unwrap();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&body[..body.len() - 1]).unwrap();
        connection
    };
    let mut holders: Vec<_> = (0..4).map(|_| hold()).collect();
    // A body that still comes in may be refused because of a probe.
    let is_refused = |holder: &TcpStream| {
        holder.set_nonblocking(true).unwrap();
        let has_answer = holder.peek(&mut [0]).is_ok();
        holder.set_nonblocking(false).unwrap();
        has_answer
    };
    // What is left of 64 MB does not suffice for one more, once they have arrived.
    let answer = || post(prela.hello.http, "/v1/traces", PROTOBUF, "", &probe);
    wait_until("it is full", || {
        for holder in holders.iter_mut().filter(|it| is_refused(it)) {
            *holder = hold();
        }
        let refused = answer();
        if refused.status != 429 {
            return false;
        }
        assert_eq!(refused.header("retry-after"), Some("1"));
        let (status, message, is_retryable) = over_grpc(prela.hello.grpc, "", &probe);
        assert!(status == 0 || (status == 8 && is_retryable), "{status} {message}");
        status == 8 && !holders.iter().any(is_refused)
    });
    for holder in &mut holders {
        holder.write_all(&body[body.len() - 1..]).unwrap();
        let mut answer = String::new();
        holder.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    wait_until("there is room again", || answer().status == 200);
    assert_eq!(prela.reader().totals().unwrap().spans, 1);
}
