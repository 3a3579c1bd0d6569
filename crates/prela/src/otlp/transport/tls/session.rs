//! A stream under TLS whose errors say what to do.

use super::refusal::explained;
use crate::otlp::transport::stream::Stream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

/// A TLS stream after its handshake. A server that refuses the client's certificate says so only now, and
/// often hangs up before that is read: so it is looked for when writing fails.
pub(in crate::otlp) struct Session<S> {
    stream: TlsStream<S>,
    /// Why writing failed, kept while the server's own reason is looked for.
    failed: Option<io::Error>,
}

impl<S: Stream> Session<S> {
    pub(super) fn new(stream: TlsStream<S>) -> Self {
        Self { stream, failed: None }
    }

    /// Reads the server's last alert. Its data stay in the session, to be read as usual.
    fn why<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let (stream, session) = self.stream.get_mut();
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            // It ends: the peer has closed, or is about to.
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer));
            let mut unread = buffer.filled();
            let is_end = read.is_err() || unread.is_empty();
            while !unread.is_empty() {
                let taken = session.read_tls(&mut unread);
                if let Err(told) = session.process_new_packets() {
                    return Poll::Ready(Err(explained(io::Error::new(
                        io::ErrorKind::InvalidData,
                        told,
                    ))));
                }
                if !taken.is_ok_and(|length| length > 0) {
                    break;
                }
            }
            if is_end {
                let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
                return Poll::Ready(Err(self.failed.take().unwrap_or_else(broken)));
            }
        }
    }

    fn write<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TlsStream<S>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.failed.is_none() {
            match ready!(write(Pin::new(&mut self.stream), cx)) {
                Ok(done) => return Poll::Ready(Ok(done)),
                Err(error) => self.failed = Some(error),
            }
        }
        self.why(cx)
    }
}

impl<S: Stream> AsyncRead for Session<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf).map_err(explained)
    }
}

impl<S: Stream> AsyncWrite for Session<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: Stream> Stream for Session<S> {}
