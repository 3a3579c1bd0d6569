//! Gathers the frames of HTTP/2, so that a request takes a few writes and not one for each frame.

#[cfg(test)]
mod tests;

use super::stream::Stream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that keeps back what is written, for as long as more of it is to come.
///
/// The HTTP/2 client writes and flushes each frame by itself, of at most 16 KiB with nearly all servers. Each write
/// is a system call and wakes the receiver up, which costs more than the copy that is made here.
pub(super) struct Gathering<S> {
    stream: S,
    /// Written by the client.
    kept: Vec<u8>,
    /// How much of it the stream has.
    passed_on: usize,
    has_more_come: bool,
}

impl<S: Stream> Gathering<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, kept: Vec::new(), passed_on: 0, has_more_come: false }
    }

    fn pass_on(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.passed_on < self.kept.len() {
            let rest = &self.kept[self.passed_on..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.passed_on += written,
            }
        }
        self.kept.clear();
        self.passed_on = 0;
        Poll::Ready(Ok(()))
    }

    /// Keeps all of it, after what was kept before is gone if that is much.
    fn keep(&mut self, bufs: &[IoSlice<'_>], cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.kept.len() >= MOST {
            ready!(self.pass_on(cx))?;
        }
        let before = self.kept.len();
        bufs.iter().for_each(|buf| self.kept.extend_from_slice(buf));
        self.has_more_come = true;
        Poll::Ready(Ok(self.kept.len() - before))
    }
}

impl<S: Stream> Stream for Gathering<S> {
    fn is_forwarding(&self) -> bool {
        self.stream.is_forwarding()
    }
}

impl<S: Stream> AsyncRead for Gathering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The client reads whenever it is woken up, and so what a flush has kept back goes out here.
        if let Poll::Ready(Err(error)) = self.pass_on(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: Stream> AsyncWrite for Gathering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.keep(&[IoSlice::new(buf)], cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.keep(bufs, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_more_come && self.kept.len() >= A_FRAME {
            // The next frame may follow at once. If none does, the client flushes again or, at the latest, reads
            // again.
            self.has_more_come = false;
            cx.waker().wake_by_ref();
            return Poll::Ready(Ok(()));
        }
        ready!(self.pass_on(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.pass_on(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The largest frame of nearly all servers. What is shorter, nothing follows.
const A_FRAME: usize = 16 << 10;

/// What is gathered at most, and a frame.
const MOST: usize = 256 << 10;
