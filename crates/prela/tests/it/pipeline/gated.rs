//! An exporter that does what the test says, when the test says so.

use prela::export::SpanExporter;
use prela::export::{Batch, ExportFuture, Exported};
use prela::{Error, ErrorKind};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// What the exporter does with a batch.
pub(crate) enum Answer {
    Take,
    Reject(u64),
    Fail,
    /// Fails, and may succeed after this time.
    Retry(Duration),
    /// Fails as a peer that is there and busy, and does not say when to come back.
    Busy,
    TooLarge,
    PanicNow,
    PanicLater,
}

/// The test's side. Without an answer a batch waits.
#[derive(Clone)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    waiting: Option<Waker>,
    batches: Vec<usize>,
    is_shut_down: bool,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    fn with<R>(&self, access: impl FnOnce(&mut State) -> R) -> R {
        access(&mut self.0.0.lock().unwrap())
    }

    /// Answers the batch that waits, or the next one.
    pub(crate) fn answer(&self, answer: Answer) {
        let waiting = self.with(|state| {
            state.answers.push_back(answer);
            state.waiting.take()
        });
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until the exporter was given this many batches.
    pub(crate) fn wait_until_taken(&self, batches: usize) {
        let state = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(state, |state| state.batches.len() < batches).unwrap());
    }

    /// How many spans were in each batch.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.with(|state| state.batches.clone())
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.with(|state| state.is_shut_down)
    }

    fn poll_answer(&self, task: &Context<'_>) -> Poll<Answer> {
        self.with(|state| match state.answers.pop_front() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waiting = Some(task.waker().clone());
                Poll::Pending
            }
        })
    }
}

/// The exporter's side.
pub(crate) struct Gated(pub(crate) Gate);

impl SpanExporter for Gated {
    fn name(&self) -> String {
        "gated".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        self.0.with(|state| {
            state.batches.push(batch.len());
        });
        self.0.0.1.notify_all();
        let panics = self.0.with(|state| {
            let panics = matches!(state.answers.front(), Some(Answer::PanicNow));
            if panics {
                state.answers.pop_front();
            }
            panics
        });
        assert!(!panics, "as the test says");
        Box::pin(async {
            match std::future::poll_fn(|task| self.0.poll_answer(task)).await {
                Answer::Take => Ok(Exported::all()),
                Answer::Reject(count) => Ok(Exported::all_but(count)),
                Answer::Fail => Err(Error::new(ErrorKind::Io, "reach nobody")),
                Answer::Retry(after) => Err(Error::new(ErrorKind::Io, "be busy").with_retry(after)),
                Answer::Busy => {
                    Err(Error::new(ErrorKind::Rejected, "be busy").with_retry(Duration::ZERO))
                }
                Answer::TooLarge => Err(Error::new(ErrorKind::TooLarge, "take so much")),
                Answer::PanicNow | Answer::PanicLater => panic!("as the test says"),
            }
        })
    }

    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        self.0.with(|state| state.is_shut_down = true);
        Box::pin(async { Ok(()) })
    }
}

/// The smallest executor: no timers, no reactor.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}
