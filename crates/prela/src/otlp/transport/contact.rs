//! What is known of a peer when a request gets no answer, and how an early answer is read.

use super::Connection;
use super::connector::Connector;
use super::gathering::Gathering;
use super::stream::{BoxError, Fault, Stream};
use crate::{Contact, Error};
use http::Uri;
use hyper_util::rt::TokioIo;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

/// Connects, and marks what fails before there is a connection.
#[derive(Clone)]
pub(super) struct Reach(Connector);

impl Reach {
    /// Prepares connections to a collector.
    ///
    /// # Errors
    ///
    /// Those of [`Connector::new`].
    pub(super) fn new(connection: &Connection) -> Result<Self, Error> {
        Connector::new(connection).map(Self)
    }

    /// Where it notes what is wrong with its connections.
    pub(super) fn fault(&self) -> Fault {
        self.0.fault()
    }
}

impl Service<Uri> for Reach {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, is_http2) = (self.0.call(to), self.0.is_http2());
        Box::pin(async move {
            match connecting.await {
                Ok(stream) => {
                    let heard = Heard::new(stream.into_inner());
                    let stream: Box<dyn Stream> = match is_http2 {
                        true => Box::new(Gathering::new(heard)),
                        false => Box::new(heard),
                    };
                    Ok(TokioIo::new(stream))
                }
                Err(error) => Err(NotReached(error).into()),
            }
        })
    }
}

/// What the failure of a request without an answer tells of the peer.
pub(super) fn of(failure: &(dyn StdError + 'static)) -> Contact {
    let mut cause = Some(failure);
    while let Some(error) = cause {
        // A peer that speaks another protocol is no collector.
        let is_no_collector = error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::TimedOut)
        });
        if is_no_collector || error.is::<NotReached>() {
            return Contact::Absent;
        }
        cause = error.source();
    }
    Contact::Broken
}

/// An error from before there was a connection. Reads like that error itself.
#[derive(Debug)]
struct NotReached(BoxError);

impl fmt::Display for NotReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NotReached {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Skips the error itself, whose text would be there twice. So its type cannot be found in the chain.
        self.0.source()
    }
}

/// A stream that is read to its end although it cannot be written any more.
///
/// A server that refuses a request for its length answers at once, and closes while the rest of the body
/// is under way: writing fails then, while the answer waits to be read. A client that stops at the failed
/// write never learns why. So what is written after a failure is discarded, and the failure is reported when
/// nothing is left to be read.
struct Heard {
    stream: Box<dyn Stream>,
    failed: Option<io::Error>,
}

impl Heard {
    fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, failed: None }
    }

    /// Keeps a failure for later, and returns `instead` for now.
    fn keep<T>(
        &mut self,
        result: Poll<io::Result<T>>,
        instead: T,
        cx: &Context<'_>,
    ) -> Poll<io::Result<T>> {
        match result {
            Poll::Ready(Err(error)) => {
                self.failed = Some(error);
                // The task may have found nothing to read before this, and would not be woken again.
                cx.waker().wake_by_ref();
                Poll::Ready(Ok(instead))
            }
            other => other,
        }
    }
}

impl Stream for Heard {
    fn is_forwarding(&self) -> bool {
        self.stream.is_forwarding()
    }
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let is_over = match &read {
            Poll::Ready(Ok(())) => buf.filled().len() == before && buf.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        match self.failed.take() {
            Some(error) if is_over => Poll::Ready(Err(error)),
            failed => {
                self.failed = failed;
                read
            }
        }
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.failed.is_some() {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.keep(written, buf.len(), cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = bufs.iter().map(|buf| buf.len()).sum();
        if self.failed.is_some() {
            return Poll::Ready(Ok(length));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.keep(written, length, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failed.is_some() {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.keep(flushed, (), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
