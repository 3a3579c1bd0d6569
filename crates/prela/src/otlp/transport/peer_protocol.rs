//! Recognises a peer's protocol by its first bytes, to tell a port of another protocol from a broken one.

use super::stream::{Fault, Stream};
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerProtocol {
    Tls,
    Http1,
    /// Which gRPC uses.
    Http2,
}

impl PeerProtocol {
    /// The protocol that begins with these bytes, maybe only one; none if it is not known.
    fn of(first: &[u8]) -> Option<Self> {
        match first {
            [] => None,
            // An alert or a handshake record, of any version.
            [0x15 | 0x16] | [0x15 | 0x16, 3, ..] => Some(Self::Tls),
            // A length below 65,536, and the type of `SETTINGS`, which is always the first frame.
            [0] | [0, _] | [0, _, _] | [0, _, _, 4, ..] => Some(Self::Http2),
            _ => {
                let length = first.len().min(VERSION.len());
                (first[..length] == VERSION[..length]).then_some(Self::Http1)
            }
        }
    }

    /// Says what is wrong with a port, or a proxy, that does not speak this protocol.
    fn missed(self, heard: &[u8], speaker: &Speaker) -> String {
        let guess = || known(heard).map(|it| format!(", but {it}")).unwrap_or_default();
        let (question, url) = match speaker {
            Speaker::Port => ("is it the collector's?", "the endpoint"),
            Speaker::Proxy(_) => ("is it one for HTTP?", "its URL"),
        };
        match (self, Self::of(heard)) {
            (Self::Tls, None) => format!("{speaker} does not speak TLS{}: {question}", guess()),
            (Self::Tls, Some(_)) => {
                format!("{speaker} does not speak TLS: is {url} an `http://` one?")
            }
            (_, Some(Self::Tls)) => format!("{speaker} speaks TLS: is {url} an `https://` one?"),
            (_, Some(Self::Http1)) => format!(
                "{speaker} speaks HTTP/1 instead of gRPC: is it meant for the protocol `http/protobuf`?"
            ),
            (_, Some(Self::Http2)) => format!(
                "{speaker} speaks HTTP/2 instead of HTTP/1: is it meant for the protocol `grpc`?"
            ),
            (_, None) => {
                format!("{speaker} speaks neither HTTP/1 nor HTTP/2{}: {question}", guess())
            }
        }
    }
}

/// An error that says what is wrong with the peer.
#[derive(Debug)]
struct Misfit(String);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misfit {}

/// The peer that a stream leads to.
#[derive(Debug)]
pub(super) enum Speaker {
    Port,
    /// At this address.
    Proxy(String),
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("the port"),
            Self::Proxy(address) => write!(f, "the proxy {address}"),
        }
    }
}

/// Guesses what is on a port that is not the collector's. Never the peer's own words, which may be anything.
fn known(heard: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"SSH-", "SSH"),
        (b"220", "SMTP or FTP"),
        (b"* OK", "IMAP"),
        (b"+OK", "POP3 or Redis"),
        (b"+PONG", "Redis"),
        (b"-ERR", "Redis"),
        (b"-NOAUTH", "Redis"),
        (b"AMQP", "AMQP"),
        (b"RFB ", "VNC"),
        (b"{", "JSON without HTTP"),
        (b"INFO {", "NATS"),
        (b"<", "HTML without headers, as an HTTP/1 server sends that is asked for HTTP/2"),
    ];
    match heard {
        [_, 0, 0, 0, 10, ..] => Some("MySQL"),
        [b'E', 0, 0, ..] => Some("PostgreSQL"),
        _ => KNOWN.iter().find(|(begin, _)| heard.starts_with(begin)).map(|(_, name)| *name),
    }
}

/// A stream that fails, and says why, if the peer begins with another protocol: the parser of the expected
/// one would only call it malformed.
pub(super) struct CheckedStream<S> {
    stream: S,
    speaker: Speaker,
    /// None once the peer has said enough.
    expected: Option<PeerProtocol>,
    /// The first bytes, as many as tell the protocol.
    heard: Vec<u8>,
    is_forwarding: bool,
    fault: Option<Fault>,
}

impl<S> CheckedStream<S> {
    pub(super) fn new(stream: S, expected: PeerProtocol) -> Self {
        Self::by(Speaker::Port, stream, expected)
    }

    pub(super) fn by(speaker: Speaker, stream: S, expected: PeerProtocol) -> Self {
        Self {
            stream,
            speaker,
            expected: Some(expected),
            heard: Vec::new(),
            is_forwarding: false,
            fault: None,
        }
    }

    /// Marks the peer as a proxy that forwards requests, and so needs the whole URL.
    pub(super) fn forwarding(self) -> Self {
        Self { is_forwarding: true, ..self }
    }

    /// Tells the transport what is wrong, since the error itself may get lost.
    pub(super) fn telling(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// Names the proxy in an error, and tells the transport of it.
    fn told<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let is_named = error.get_ref().is_some_and(|it| it.is::<Misfit>());
            let error = match &self.speaker {
                Speaker::Proxy(_) if !is_named => {
                    io::Error::new(error.kind(), format!("{} broke off: {error}", self.speaker))
                }
                _ => error,
            };
            if let Some(fault) = &self.fault {
                fault.set(&error);
            }
            error
        })
    }

    fn listen(&mut self, words: &[u8]) -> io::Result<()> {
        let Some(expected) = self.expected else { return Ok(()) };
        let enough = VERSION.len() - self.heard.len();
        self.heard.extend(words.iter().take(enough));
        if self.heard.is_empty() {
            let question = match self.speaker {
                Speaker::Port => ": is it the collector's?",
                Speaker::Proxy(_) => "",
            };
            let problem =
                format!("{} closed the connection without an answer{question}", self.speaker);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, Misfit(problem)));
        }
        if PeerProtocol::of(&self.heard) != Some(expected) {
            // All there is, for a guess.
            let words = if self.heard.len() > words.len() { &self.heard } else { words };
            let problem = expected.missed(words, &self.speaker);
            return Err(io::Error::new(io::ErrorKind::InvalidData, Misfit(problem)));
        }
        if self.heard.len() == VERSION.len() {
            self.expected = None;
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CheckedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let has_room = buf.remaining() > 0;
        let heard = match ready!(Pin::new(&mut self.stream).poll_read(cx, buf)) {
            Ok(()) if has_room => self.listen(&buf.filled()[before..]),
            Ok(()) => Ok(()),
            Err(error) => Err(error),
        };
        Poll::Ready(self.told(heard))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CheckedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        Poll::Ready(self.told(done))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs));
        Poll::Ready(self.told(done))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.told(done))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: Stream> Stream for CheckedStream<S> {
    fn is_forwarding(&self) -> bool {
        self.is_forwarding
    }
}

/// The beginning of a status line.
const VERSION: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests;
