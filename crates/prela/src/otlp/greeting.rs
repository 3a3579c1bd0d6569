//! What a peer says first: a port that speaks another protocol is told from one that is broken.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Tls,
    Http1,
    /// What gRPC is in.
    Http2,
}

impl Language {
    /// What these bytes, of which one can be all that is there, are the beginning of; none if of
    /// something else.
    fn of(first: &[u8]) -> Option<Self> {
        match first {
            [] => None,
            // A record that is an alert or a handshake, of whichever version.
            [0x15 | 0x16] | [0x15 | 0x16, 3, ..] => Some(Self::Tls),
            // The length, below 65,536, and the type of `SETTINGS`, which is the first of all frames.
            [0] | [0, _] | [0, _, _] | [0, _, _, 4, ..] => Some(Self::Http2),
            _ => {
                let length = first.len().min(VERSION.len());
                (first[..length] == VERSION[..length]).then_some(Self::Http1)
            }
        }
    }

    /// What is wrong with a port that speaks this one.
    fn instead_of(self, expected: Self) -> &'static str {
        match (expected, self) {
            (Self::Tls, _) => "the port does not speak TLS: is the endpoint an `http://` one?",
            (_, Self::Tls) => "the port speaks TLS: is the endpoint an `https://` one?",
            (_, Self::Http1) => {
                "the port speaks HTTP/1 instead of gRPC: is it meant for the protocol `http/protobuf`?"
            }
            (_, Self::Http2) => {
                "the port speaks HTTP/2 instead of HTTP/1: is it meant for the protocol `grpc`?"
            }
        }
    }
}

/// A stream that fails, and says why, if what the peer says first is of another protocol: the parser of
/// the one that was expected would call it malformed.
pub(super) struct Greeted<S> {
    stream: S,
    /// None once the peer has said something.
    expected: Option<Language>,
}

impl<S> Greeted<S> {
    pub(super) fn new(stream: S, expected: Language) -> Self {
        Self { stream, expected: Some(expected) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if let Some(expected) = self.expected.take()
            && let Some(heard) = Language::of(&buf.filled()[before..])
            && heard != expected
        {
            let problem = heard.instead_of(expected);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, problem)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// With which a status line begins.
const VERSION: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocol() {
        for (bytes, language) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], Some(Language::Http1)),
            (b"H", Some(Language::Http1)),
            (b"\0\0\x12\x04\0\0\0\0\0", Some(Language::Http2)),
            (b"\0", Some(Language::Http2)),
            (b"\x15\x03\x01\0\x02\x02\x46", Some(Language::Tls)),
            (b"\x16\x03\x03", Some(Language::Tls)),
            (b"\x16", Some(Language::Tls)),
            (b"", None),
            (b"Hello", None),
            (b"220 smtp.example.com", None),
            (b"\0\0\0\x06", None),
            (b"\x15hm", None),
        ] {
            assert_eq!(Language::of(bytes), language, "{bytes:?}");
        }
    }
}
