//! Peers that refuse, hang, reset, come late, speak another language, die and come back.

use super::attempt::{Failure, SPANS, Sender};
use super::taken;
use crate::receiver::{Answer, Peer, Reaction, Receiver, Refusal, Transport};
use prela::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Far from any timeout, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(8);

#[track_caller]
fn assert_may_be_retried(failure: &Failure, kind: ErrorKind) {
    assert_eq!((failure.kind, failure.retry_after), (kind, Some(Duration::ZERO)), "{failure:?}");
}

#[test]
fn a_refused_connection_fails_at_once_and_may_succeed_later() {
    for transport in Transport::BOTH {
        let refusal = Refusal::new();
        let mut sender = Sender::new(transport.exporter(refusal.endpoint()));
        let start = Instant::now();
        for _ in 0..3 {
            let failure = sender.send().unwrap_err();
            assert_may_be_retried(&failure, ErrorKind::Io);
            assert!(failure.line.to_lowercase().contains("refused"), "{failure:?}");
        }
        assert!(start.elapsed() < SOON);
        let address = refusal.address();
        drop(refusal);
        let receiver = Receiver::start_at(transport, address);
        sender.send().unwrap();
        assert_eq!(receiver.spans().len(), SPANS);
    }
}

#[test]
fn a_host_that_nobody_knows_may_be_known_later() {
    for transport in Transport::BOTH {
        let failure = Sender::new(transport.exporter("http://collector.invalid:4317")).send();
        assert_may_be_retried(&failure.unwrap_err(), ErrorKind::Io);
    }
}

#[test]
fn a_peer_that_hangs_is_left_at_the_timeout() {
    for transport in Transport::BOTH {
        let requests = AtomicUsize::new(0);
        let peer = Peer::start(transport, move |_| match requests.fetch_add(1, Ordering::SeqCst) {
            0 => Reaction::Silence,
            _ => taken(transport),
        });
        let exporter = transport.exporter(peer.endpoint()).timeout(Duration::from_millis(200));
        let mut sender = Sender::new(exporter);
        let start = Instant::now();
        let failure = sender.send().unwrap_err();
        assert_may_be_retried(&failure, ErrorKind::Timeout);
        assert!(start.elapsed() < SOON);
        assert!(failure.line.ends_with("no answer in 200ms"), "{failure:?}");
        // Not over the connection that did not answer.
        sender.send().unwrap();
        assert_eq!(peer.connections(), 2);
    }
}

#[test]
fn a_late_answer_is_an_answer() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        receiver.answer([Answer::Held]);
        thread::scope(|threads| {
            let exporter = receiver.exporter();
            let sent = threads.spawn(move || Sender::new(exporter).send());
            receiver.wait_for_requests(1);
            receiver.release();
            sent.join().unwrap().unwrap();
        });
        assert_eq!(receiver.spans().len(), SPANS);
    }
}

#[test]
fn a_reset_connection_is_made_anew() {
    for transport in Transport::BOTH {
        let requests = AtomicUsize::new(0);
        let peer = Peer::start(transport, move |_| match requests.fetch_add(1, Ordering::SeqCst) {
            1 => Reaction::Reset,
            _ => taken(transport),
        });
        let mut sender = Sender::new(transport.exporter(peer.endpoint()));
        sender.send().unwrap();
        assert_may_be_retried(&sender.send().unwrap_err(), ErrorKind::Io);
        sender.send().unwrap();
        assert_eq!(peer.connections(), 2);
    }
}

#[test]
fn a_peer_that_speaks_no_http_may_be_mended() {
    for transport in Transport::BOTH {
        let peer = Peer::babbling();
        let exporter = transport.exporter(peer.endpoint()).timeout(SOON);
        assert_may_be_retried(&Sender::new(exporter).send().unwrap_err(), ErrorKind::Io);
    }
}

#[test]
fn an_answer_that_breaks_off_says_nothing() {
    // No status at all, in a stream that ends well: a proxy gave up.
    let peer = Peer::start(Transport::Grpc, |_| Reaction::grpc(vec![0; 5], &[]));
    let failure = Sender::new(Transport::Grpc.exporter(peer.endpoint())).send().unwrap_err();
    assert_may_be_retried(&failure, ErrorKind::Io);
    assert!(failure.line.contains("broke off"), "{failure:?}");
}

#[test]
fn a_collector_that_dies_in_the_middle_and_comes_back_gets_it_again() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let address = receiver.address();
        receiver.answer([Answer::Held]);
        let mut sender = Sender::new(receiver.exporter());
        let sent = thread::spawn(move || (sender.send(), sender));
        receiver.wait_for_requests(1);
        drop(receiver);
        let (result, mut sender) = sent.join().unwrap();
        assert_may_be_retried(&result.unwrap_err(), ErrorKind::Io);
        // While nobody is there.
        assert_may_be_retried(&sender.send().unwrap_err(), ErrorKind::Io);
        let receiver = Receiver::start_at(transport, address);
        sender.send().unwrap();
        assert_eq!(receiver.spans().len(), SPANS);
    }
}
