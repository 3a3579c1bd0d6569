//! What has arrived, and what is answered.

use super::Arrived;
use super::signals::OfSignal;
use hyper::HeaderMap;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// What the receiver makes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every span is taken.
    Taken,
    /// All spans but this many are taken, with a message for the operator.
    Rejected(i64),
    /// The receiver is busy: `UNAVAILABLE`, or HTTP 503.
    Unavailable,
    /// The request is refused for good: `INVALID_ARGUMENT`, or HTTP 400.
    Invalid,
    /// Nothing is answered until [`release`](super::Receiver::release), and then as `Taken`.
    Held,
}

/// An answer that is no success.
pub enum Refused {
    Unavailable,
    Invalid,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Headers, or gRPC metadata.
    pub headers: HeaderMap,
    pub message: ExportTraceServiceRequest,
    /// Whether it was answered with success.
    pub taken: bool,
}

#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
    released: watch::Sender<bool>,
    pub connections: AtomicUsize,
}

#[derive(Default)]
struct State {
    requests: Vec<Arrival>,
    of_signals: Vec<OfSignal>,
    script: VecDeque<Answer>,
}

/// A machine that is busy with other tests is slow.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Answer {
    /// What goes back, the same in both transports.
    pub fn response(self) -> Result<ExportTraceServiceResponse, Refused> {
        let partial_success = match self {
            Self::Taken | Self::Held => None,
            Self::Rejected(rejected_spans) => Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message: "quota exceeded".to_owned(),
            }),
            Self::Unavailable => return Err(Refused::Unavailable),
            Self::Invalid => return Err(Refused::Invalid),
        };
        Ok(ExportTraceServiceResponse { partial_success })
    }
}

impl Arrival {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn spans(&self) -> Vec<Arrived> {
        Arrived::all_of(&self.message)
    }

    pub fn span_count(&self) -> usize {
        let scopes = self.message.resource_spans.iter().flat_map(|it| &it.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    }
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn set_script(&self, script: impl IntoIterator<Item = Answer>) {
        self.state().script = script.into_iter().collect();
    }

    pub fn release(&self) {
        self.released.send_replace(true);
    }

    pub fn requests(&self) -> Vec<Arrival> {
        self.state().requests.clone()
    }

    pub fn of_signals(&self) -> Vec<OfSignal> {
        self.state().of_signals.clone()
    }

    /// Notes a request of another signal, which is taken.
    pub fn receive_of_signal(&self, request: OfSignal) {
        self.state().of_signals.push(request);
    }

    /// Notes a request and gives the answer, once there is one.
    pub async fn receive(&self, headers: HeaderMap, message: ExportTraceServiceRequest) -> Answer {
        let (place, mut answer) = {
            let mut state = self.state();
            let answer = match state.script.len() {
                0 | 1 => state.script.front().copied(),
                _ => state.script.pop_front(),
            };
            state.requests.push(Arrival { headers, message, taken: false });
            (state.requests.len() - 1, answer.unwrap_or(Answer::Taken))
        };
        self.changed.notify_all();
        if answer == Answer::Held {
            // The sender lives as long as the inbox.
            let _ = self.released.subscribe().wait_for(|released| *released).await;
            answer = Answer::Taken;
        }
        if matches!(answer, Answer::Taken | Answer::Rejected(_)) {
            self.state().requests[place].taken = true;
            self.changed.notify_all();
        }
        answer
    }

    #[track_caller]
    pub fn wait(&self, what: &str, count: usize, counted: impl Fn(&[Arrival]) -> usize) {
        let is_missing = |state: &mut State| counted(&state.requests) < count;
        let waited = self.changed.wait_timeout_while(self.state(), LONGEST_WAIT, is_missing);
        let (state, waited) = waited.unwrap();
        let arrived = counted(&state.requests);
        drop(state); // a poisoned lock would hide the failure behind another
        assert!(!waited.timed_out(), "{arrived} of {count} {what} arrived");
    }
}
