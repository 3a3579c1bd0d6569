//! rig's own models and HTTP client, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod models;
mod stub;

use prela::span::SpanData;
use prela_rig::Traced;
use rig_reqwest::ReqwestClient;

/// What is asked and answered, and must not be on spans.
const SECRET: &str = "the hidden words";

/// rig's client, with connections of its own: those of another test end with its runtime.
fn plain() -> ReqwestClient {
    rig_reqwest::reqwest::Client::new().into()
}

fn traced() -> Traced<ReqwestClient> {
    Traced::new(plain())
}

#[track_caller]
fn check(span: &SpanData, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        let found = span.attribute(key).map(ToString::to_string);
        assert_eq!(found.as_deref(), Some(*value), "{key} of {span:#?}");
    }
}

/// Whether a request with these headers was sent in this span.
fn is_of(headers: &http::HeaderMap, span: &SpanData) -> bool {
    let traceparent = headers.get("traceparent").and_then(|it| it.to_str().ok());
    let context = &span.span_context;
    traceparent == Some(&format!("00-{}-{}-01", context.trace_id(), context.span_id()))
}
