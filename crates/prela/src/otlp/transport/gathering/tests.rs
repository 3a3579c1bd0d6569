//! What is written arrives whole and in order, in few writes.

use super::*;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// A peer that takes at most so many bytes at once, and is not ready at every second time if `pauses`.
struct Peer {
    heard: Vec<u8>,
    writes: usize,
    at_most: usize,
    pauses: bool,
    is_tired: bool,
}

impl Peer {
    fn new(at_most: usize, pauses: bool) -> Self {
        Self { heard: Vec::new(), writes: 0, at_most, pauses, is_tired: false }
    }
}

impl Stream for Peer {}

impl AsyncRead for Peer {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_tired = self.pauses && !self.is_tired;
        if self.is_tired {
            return Poll::Pending;
        }
        let taken = buf.len().min(self.at_most);
        self.heard.extend_from_slice(&buf[..taken]);
        self.writes += 1;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A client, as it drives its stream.
struct Client {
    stream: Gathering<Peer>,
    wakes: Arc<Wakes>,
}

impl Client {
    fn of(peer: Peer) -> Self {
        Self { stream: Gathering::new(peer), wakes: Arc::default() }
    }

    fn with<T>(
        &mut self,
        call: impl FnOnce(Pin<&mut Gathering<Peer>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<T> {
        let waker = Waker::from(self.wakes.clone());
        call(Pin::new(&mut self.stream), &mut Context::from_waker(&waker)).map(Result::unwrap)
    }

    fn write(&mut self, bytes: &[u8]) -> Poll<usize> {
        let (head, rest) = bytes.split_at(bytes.len().min(9));
        let bufs = [IoSlice::new(head), IoSlice::new(rest)];
        self.with(|stream, cx| stream.poll_write_vectored(cx, &bufs))
    }

    fn flush(&mut self) -> Poll<()> {
        self.with(AsyncWrite::poll_flush)
    }

    fn read(&mut self) {
        let read = self.with(|stream, cx| stream.poll_read(cx, &mut ReadBuf::new(&mut [0; 8])));
        assert!(read.is_pending());
    }

    fn peer(&self) -> &Peer {
        &self.stream.stream
    }
}

static FRAME: [u8; A_FRAME + 9] = [7; A_FRAME + 9];

#[test]
fn frames_that_are_flushed_one_by_one_take_one_write() {
    let mut client = Client::of(Peer::new(usize::MAX, false));
    for _ in 0..12 {
        assert_eq!(client.write(&FRAME), Poll::Ready(FRAME.len()));
        assert!(client.flush().is_ready());
        assert_eq!(client.peer().writes, 0);
    }
    assert!(client.flush().is_ready());
    assert_eq!((client.peer().writes, client.peer().heard.len()), (1, 12 * FRAME.len()));
}

#[test]
fn what_is_kept_back_goes_out_when_the_client_does_not_flush_again() {
    let mut client = Client::of(Peer::new(usize::MAX, false));
    assert!(client.write(&FRAME).is_ready());
    assert!(client.flush().is_ready());
    assert_eq!(client.peer().writes, 0);
    assert!(client.wakes.0.load(Ordering::Relaxed) > 0, "the client is told to come again");
    client.read();
    assert_eq!(client.peer().heard.len(), FRAME.len());
}

#[test]
fn what_is_short_goes_out_at_once() {
    let mut client = Client::of(Peer::new(usize::MAX, false));
    for number in 1..10 {
        assert!(client.write(b"a frame of settings").is_ready());
        assert!(client.flush().is_ready());
        assert_eq!(client.peer().writes, number);
    }
    assert_eq!(client.wakes.0.load(Ordering::Relaxed), 0);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut client = Client::of(Peer::new(usize::MAX, true));
    for _ in 0..1_000 {
        while client.write(&FRAME).is_pending() {}
        assert!(client.stream.kept.len() < MOST + FRAME.len());
        assert!(client.flush().is_ready());
    }
    let writes = client.peer().writes;
    assert!((60..70).contains(&writes), "{writes}");
}

#[test]
fn nothing_is_lost_or_out_of_order() {
    for seed in 0..50 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut below = |limit: usize| random.next_u32() as usize % limit;
        let mut client = Client::of(Peer::new(1 + below(100_000), seed % 2 == 0));
        let mut said = Vec::new();
        for number in 0..100_u8 {
            let words = vec![number; 1 + below(40_000)];
            while client.write(&words).is_pending() {}
            said.extend_from_slice(&words);
            match below(4) {
                0 => client.read(),
                1 => {}
                _ => drop(client.flush()),
            }
        }
        match seed % 3 {
            0 => while client.with(AsyncWrite::poll_shutdown).is_pending() {},
            _ => {
                assert!(client.flush().is_ready() || client.peer().pauses);
                while client.peer().heard.len() < said.len() {
                    client.read();
                }
            }
        }
        assert!(client.peer().heard == said, "seed {seed}");
    }
}

#[test]
fn a_peer_that_takes_nothing_is_an_error() {
    let mut client = Client::of(Peer::new(0, false));
    assert!(client.write(&FRAME).is_ready());
    let waker = Waker::from(client.wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let read = Pin::new(&mut client.stream).poll_read(&mut cx, &mut ReadBuf::new(&mut [0; 8]));
    let Poll::Ready(Err(error)) = read else { panic!("{read:?}") };
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}
