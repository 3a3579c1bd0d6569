use super::*;
use std::io::Cursor;
use tokio::io::AsyncReadExt as _;

#[test]
fn the_first_bytes_tell_the_protocol() {
    for (bytes, language) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], Some(PeerProtocol::Http1)),
        (b"H", Some(PeerProtocol::Http1)),
        (b"\0\0\x12\x04\0\0\0\0\0", Some(PeerProtocol::Http2)),
        (b"\0", Some(PeerProtocol::Http2)),
        (b"\x15\x03\x01\0\x02\x02\x46", Some(PeerProtocol::Tls)),
        (b"\x16\x03\x03", Some(PeerProtocol::Tls)),
        (b"\x16", Some(PeerProtocol::Tls)),
        (b"", None),
        (b"Hello", None),
        (b"220 smtp.example.com", None),
        (b"\0\0\0\x06", None),
        (b"\x15hm", None),
    ] {
        assert_eq!(PeerProtocol::of(bytes), language, "{bytes:?}");
    }
}

/// What comes of these words, which arrive in parts of this many bytes.
fn heard(expected: PeerProtocol, words: &[u8], part: usize) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut stream = CheckedStream::new(Cursor::new(words.to_vec()), expected);
        let (mut buffer, mut total) = (vec![0; part], 0);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(total),
                length => total += length,
            }
        }
    })
}

#[test]
fn words_may_come_one_by_one() {
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    for part in [1, 2, 3, 7, 100] {
        for (language, words) in [
            (PeerProtocol::Http1, &b"HTTP/1.1 200 OK\r\n\r\n"[..]),
            (PeerProtocol::Http2, SETTINGS),
            (PeerProtocol::Tls, b"\x16\x03\x03\0\x7a\x02"),
        ] {
            assert_eq!(heard(language, words, part).unwrap(), words.len());
        }
        for (language, words) in [
            (PeerProtocol::Http1, &b"HTTPS is what I want"[..]),
            (PeerProtocol::Http2, b"\0\0\0\0\0\0\0\0"),
            (PeerProtocol::Tls, b"\x16\x02"),
            (PeerProtocol::Http1, SETTINGS),
        ] {
            let error = heard(language, words, part).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{words:?}");
        }
        let silence = heard(PeerProtocol::Http2, b"", part).unwrap_err();
        assert_eq!(silence.kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[test]
fn what_is_neither_is_named_without_its_words() {
    for (words, guess) in [
        (&b"SSH-2.0-OpenSSH_9.6 secret\r\n"[..], Some("SSH")),
        (b"220 secret ESMTP\r\n", Some("SMTP")),
        (b"-ERR secret\r\n", Some("Redis")),
        (b"\x4a\0\0\0\x0a8.0.36 secret", Some("MySQL")),
        (b"E\0\0\0\x55SFATAL secret", Some("PostgreSQL")),
        (b"<!DOCTYPE HTML secret>", Some("HTML")),
        (b"{\"secret\":1}", Some("JSON")),
        (b"secret, and what do you want?\r\n", None),
        (b"\xff\xfe\xfd\xfcsecret", None),
    ] {
        for language in [PeerProtocol::Http1, PeerProtocol::Http2] {
            let text = heard(language, words, 100).unwrap_err().to_string();
            assert!(text.starts_with("the port speaks neither HTTP/1 nor HTTP/2"), "{text}");
            assert!(guess.is_none_or(|guess| text.contains(guess)), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        let text = heard(PeerProtocol::Tls, words, 100).unwrap_err().to_string();
        assert!(text.starts_with("the port does not speak TLS"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
