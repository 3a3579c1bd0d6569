//! What it costs to understand a call of a model from the bytes that pass.

use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use prela::llm::Call;
use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

pub(crate) const RECOGNISE: Group = Group::costs(
    "recognise",
    "a request of 160 bytes, and a streamed piece of an answer of 290",
    "operation",
    || {
        let other = || {
            black_box(Call::recognise("POST", HOST, black_box("/v1/items"), REQUEST.as_bytes()));
        };
        let request = || {
            black_box(recognised());
        };
        let mut call = recognised().expect("a call of a model");
        call.response(200, Some("text/event-stream"));
        let call = RefCell::new(call);
        let chunk = move || call.borrow_mut().chunk(black_box(CHUNK.as_bytes()), || Duration::ZERO);
        vec![
            Variant::new("prela, a request that is no call", 1, other)
                .goal(Measure::Instructions, Goal::at_most(300.0)),
            Variant::new("prela, a request", 1, request)
                .goal(Measure::Instructions, Goal::at_most(28_000.0)),
            Variant::new("prela, a streamed chunk", 1, chunk)
                .goal(Measure::Instructions, Goal::at_most(40_000.0)),
        ]
    },
);

const HOST: Option<&str> = Some("api.openai.com");
const REQUEST: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"What is a span, and what is an event of it?"}],"temperature":0.5,"stream":true}"#;
const CHUNK: &str = concat!(
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4o-2024-08-06","#,
    r#""service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"#,
    r#""logprobs":null,"finish_reason":null}]}"#,
    "\n\n"
);

fn recognised() -> Option<Call> {
    Call::recognise("POST", HOST, "/v1/chat/completions", black_box(REQUEST.as_bytes()))
}
