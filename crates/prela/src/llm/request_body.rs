//! A body of a request whose beginning was read before it is sent.

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, Waker};

/// A body of a request whose beginning was read before it is sent. Frames, errors and lengths are those of the body
/// inside.
pub struct RequestBody<B: Body> {
    seen: VecDeque<Result<Frame<B::Data>, B::Error>>,
    inner: Pin<Box<B>>,
    has_ended: bool,
}

/// The most bytes that are read; a larger body is not recognised.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The most frames that are read.
const MOST_FRAMES: usize = 1024;

impl<B: Body> RequestBody<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { seen: VecDeque::new(), inner: Box::pin(inner), has_ended: false }
    }

    /// All of the body, if it is there without waiting.
    pub(super) fn peek(&mut self) -> Option<Cow<'_, [u8]>> {
        // No waker is needed: the client that sends the body polls it again, with its own.
        let mut task = TaskContext::from_waker(Waker::noop());
        let mut length = 0;
        while !self.has_ended && !self.inner.is_end_stream() {
            if length > MOST_BYTES || self.seen.len() > MOST_FRAMES {
                return None;
            }
            match self.inner.as_mut().poll_frame(&mut task) {
                Poll::Ready(Some(frame)) => {
                    let data = frame.as_ref().ok().and_then(Frame::data_ref);
                    length += data.map_or(0, Buf::remaining);
                    let is_error = frame.is_err();
                    self.seen.push_back(frame);
                    if is_error {
                        return None;
                    }
                }
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending => return None,
            }
        }
        let mut data = self.seen.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        match (data.next(), data.next()) {
            (Some(only), None) if only.chunk().len() == only.remaining() => {
                Some(Cow::Borrowed(only.chunk()))
            }
            _ => {
                let mut whole = Vec::with_capacity(length);
                for frame in &self.seen {
                    let data = frame.as_ref().ok()?.data_ref();
                    data.map_or(Some(()), |data| append(&mut whole, data))?;
                }
                Some(Cow::Owned(whole))
            }
        }
    }
}

/// Copies a buffer without consuming it. None if it is in too many parts.
pub(super) fn append(whole: &mut Vec<u8>, data: &impl Buf) -> Option<()> {
    let mut parts = [std::io::IoSlice::new(&[]); 16];
    let count = data.chunks_vectored(&mut parts);
    let length: usize = parts[..count].iter().map(|part| part.len()).sum();
    parts[..count].iter().for_each(|part| whole.extend_from_slice(part));
    (length == data.remaining()).then_some(())
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.seen.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.has_ended => Poll::Ready(None),
            None => self.inner.as_mut().poll_frame(task),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.seen.is_empty() && (self.has_ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let seen = self.seen.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        let seen: u64 = seen.map(|data| data.remaining() as u64).sum();
        let inner = if self.has_ended { SizeHint::with_exact(0) } else { self.inner.size_hint() };
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(seen));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(seen));
        }
        hint
    }
}

// What has been taken out of the body is not pinned, and the body is in a box.
impl<B: Body> Unpin for RequestBody<B> {}

impl<B: Body> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

/// An empty body, for layers that make requests themselves.
impl<B: Body + Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self::new(B::default())
    }
}
