//! Calls of models by real clients, over real sockets, to a stub that speaks their interfaces.

mod async_openai;
mod middleware;
mod stub;

use crate::receiver::{Arrived, Receiver, Transport};
use prela::Prela;
use prela::llm::LlmLayer;
use prost::Message as _;
use std::time::Duration;

/// What is asked and answered, and must stay at home.
const SECRETS: [&str; 2] = ["the hidden question", "the hidden answer"];

struct Setup {
    receiver: Receiver,
    prela: Prela,
}

impl Setup {
    fn new() -> Self {
        let receiver = Receiver::start(Transport::Http);
        let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("agent");
        let prela = builder.exporter(receiver.exporter()).build().unwrap();
        Self { receiver, prela }
    }

    fn layer(&self) -> LlmLayer {
        LlmLayer::new().tracer(&self.prela.tracer())
    }

    /// The spans that arrived, in which nothing that was said may be.
    #[track_caller]
    fn spans(&self) -> Vec<Arrived> {
        let spans = self.spans_with_content();
        for request in self.receiver.requests() {
            let bytes = request.message.encode_to_vec();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
        spans
    }

    #[track_caller]
    fn spans_with_content(&self) -> Vec<Arrived> {
        self.prela.flush(Duration::from_secs(30)).unwrap();
        self.receiver.spans()
    }
}

#[track_caller]
fn only(spans: Vec<Arrived>) -> Arrived {
    assert_eq!(spans.len(), 1, "{}", crate::receiver::tree(&spans));
    spans.into_iter().next().unwrap()
}

#[track_caller]
fn check(span: &Arrived, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        assert_eq!(span.attribute(key).as_deref(), Some(*value), "{key} of {span:?}");
    }
}

/// Whether a request was sent in this span.
fn is_of(headers: &axum::http::HeaderMap, call: &Arrived) -> bool {
    let traceparent = headers["traceparent"].to_str().unwrap();
    traceparent.starts_with(&format!("00-{}-{}-0", call.trace_id(), call.span_id()))
}
