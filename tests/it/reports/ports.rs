//! Ports that are somebody else's.

use crate::receiver::Transport;
use crate::transports::attempt::Sender;
use prela::ErrorKind;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// Says this to whoever comes, before or after it has heard something, and hangs up; gives its address.
fn port_that_says(words: &'static [u8], is_first: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 4096];
        if !is_first {
            let _ = stream.read(&mut heard);
        }
        // A client that hangs up early has read enough.
        let _ = stream.write_all(words);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        while stream.read(&mut heard).is_ok_and(|length| length > 0) {}
    });
    address
}

/// open-telemetry/opentelemetry-collector#7680 and #4173: a port of something else, told as a frame of
/// the wrong size.
#[test]
fn a_port_that_speaks_no_http_is_named_as_such() {
    for transport in Transport::BOTH {
        for (words, is_first, guess) in [
            (&b"SSH-2.0-OpenSSH_9.6p1 s3cret\r\n"[..], true, "SSH"),
            (b"220 mail.s3cret.example ESMTP\r\n", true, "SMTP"),
            (b"* OK IMAP4rev1 s3cret\r\n", true, "IMAP"),
            (b"J\0\0\0\x0a8.0.36 s3cret\0", true, "MySQL"),
            (b"E\0\0\0\x55SFATAL s3cret", false, "PostgreSQL"),
            (b"-ERR unknown command 's3cret'\r\n", false, "Redis"),
            (b"AMQP\0\0\x09\x01", false, "AMQP"),
            (b"<!DOCTYPE HTML>\n<html>s3cret</html>", false, "HTML"),
            (b"{\"error\":\"s3cret\"}\n", false, "JSON"),
            (b"s3cret, and what do you want?\r\n", false, "HTTP/2"),
            (b"HELO", false, "HTTP/2"),
            (b"\xff\xff\xff\xff", false, "HTTP/2"),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", false, "HTTP/2"),
            (b"\x0a", false, "HTTP/2"),
        ] {
            let endpoint = format!("http://{}", port_that_says(words, is_first));
            let failure = Sender::new(transport.exporter(endpoint)).send().unwrap_err();
            let said = "the port speaks neither HTTP/1 nor HTTP/2";
            assert!(failure.line.contains(said) && failure.line.contains(guess), "{failure:?}");
            assert!(!failure.line.contains("s3cret"), "{failure:?}");
            // Who is there may be replaced.
            assert!(failure.kind == ErrorKind::Io && failure.retry_after.is_some(), "{failure:?}");
        }
    }
}

#[test]
fn a_port_that_hangs_up_without_a_word_is_named_as_such() {
    for transport in Transport::BOTH {
        let endpoint = format!("http://{}", port_that_says(b"", false));
        let failure = Sender::new(transport.exporter(endpoint)).send().unwrap_err();
        assert!(
            failure.line.contains("the port closed the connection without an answer"),
            "{failure:?}"
        );
        assert!(failure.kind == ErrorKind::Io && failure.retry_after.is_some(), "{failure:?}");
    }
}

#[test]
fn a_port_that_says_nothing_is_left_at_the_timeout() {
    for transport in Transport::BOTH {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let otlp = transport.exporter(endpoint).timeout(Duration::from_millis(200));
        let failure = Sender::new(otlp).send().unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Timeout, "{failure:?}");
        assert!(failure.retry_after.is_some(), "{failure:?}");
    }
}
