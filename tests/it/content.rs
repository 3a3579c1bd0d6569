//! What was said is in no byte that goes over the wire, unless it is asked for; then it is there.

mod recognised;
mod typed;

use crate::receiver::{Peer, Reaction, Transport};
use prela::span::Conventions;
use prela::testing::Capture;
use prela::{Builder, Exporter, Tracer};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A word in everything that is said; what follows it says where.
const WORD: &str = "sesame-";

const PROFILES: [Conventions; 5] = [
    Conventions::GENAI,
    Conventions::OPENINFERENCE,
    Conventions::TRACELOOP,
    Conventions::LANGFUSE,
    Conventions::HONEYHIVE,
];

/// The bodies of all requests, one after the other, as they come out of the socket.
fn wire(configure: impl FnOnce(Builder) -> Builder, say: impl FnOnce(&Tracer)) -> Vec<u8> {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let seen = bytes.clone();
    let peer = Peer::start(Transport::Http, move |request| {
        seen.lock().unwrap().extend_from_slice(&request.body);
        Reaction::http(200, &[("content-type", "application/x-protobuf")], "")
    });
    let collector = Exporter::otlp_http(peer.endpoint());
    let capture = Capture::with(|builder| configure(builder.exporter(collector)));
    capture.run(|| say(&capture.tracer()));
    capture.prela().flush(Duration::from_secs(30)).unwrap();
    let stats = capture.prela().stats();
    assert!(stats.exported > 0 && stats.exported == stats.ended, "{stats:?}");
    drop((capture, peer));
    Arc::into_inner(bytes).unwrap().into_inner().unwrap()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// `say` says each of `said` after [`WORD`]. Something that is not said is looked for as well: that spans went out.
#[track_caller]
fn check(case: &str, said: &[&str], is_there: &str, say: impl Fn(&Tracer)) {
    let all = PROFILES.into_iter().reduce(|all, it| all | it);
    for conventions in PROFILES.into_iter().chain(all) {
        let case = format!("{case}, {conventions:?}");
        for is_forbidden in [false, true] {
            let quiet = wire(
                |builder| match is_forbidden {
                    true => builder.conventions(conventions).capture_content(false),
                    false => builder.conventions(conventions),
                },
                &say,
            );
            assert!(has(&quiet, is_there), "{case}");
            assert!(!has(&quiet, WORD), "{case}: {}", String::from_utf8_lossy(&quiet));
        }
        let loud = wire(|it| it.conventions(conventions).capture_content(true), &say);
        for word in said {
            let word = format!("{WORD}{word}");
            assert!(has(&loud, &word), "{case}: no {word} in {}", String::from_utf8_lossy(&loud));
        }
    }
}
