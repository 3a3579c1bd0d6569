//! Bodies that no provider would send.

use prela::llm::Call;
use serde_json::json;
use std::time::Duration;

const PATHS: [&str; 6] = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/m:generateContent",
    "/api/chat",
    "/v1/embeddings",
];

fn call(path: &str) -> Call {
    let body = json!({"model": "m", "messages": [], "max_tokens": 1, "input": "Hi", "contents": [], "stream": true});
    let mut call = Call::recognise("POST", None, path, body.to_string().as_bytes()).unwrap();
    call.response(200, None);
    call
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn any_bytes_in_any_pieces() {
    let pieces: [&[u8]; 22] = [
        b"data: ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"choices\"",
        b":",
        b",",
        b"\"delta\"",
        b"\"content\":\"\\ud83d\"",
        b"\n\n",
        b"\r",
        b"[DONE]",
        b"null",
        b"-1e999",
        b"\"usage\":{\"prompt_tokens\":18446744073709551615}",
        b"\xff\xfe",
        b"\"index\":99999999999",
        b"\"type\":\"message_delta\"",
        b"\"error\":{\"code\":1}",
        b"\"tool_calls\":[{}]",
        b"\"message\":{\"content\":[7]}",
    ];
    let mut random = Random(7);
    for round in 0..3000 {
        let mut call = call(PATHS[round % PATHS.len()]);
        let mut body = Vec::new();
        for _ in 0..random.below(40) {
            body.extend_from_slice(pieces[random.below(pieces.len())]);
        }
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(1 + random.below(rest.len()));
            call.chunk(piece, || Duration::ZERO);
            rest = left;
        }
        let _ = if round % 2 == 0 { call.finish() } else { call.cancel() };
    }
}

#[test]
fn valid_answers_of_another_interface() {
    let bodies = [
        json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}}]}),
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 1}}}),
        json!({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}),
        json!({"message": {"content": "a"}, "done": true}),
        json!({"choices": 7, "usage": [], "id": {}, "model": null, "error": []}),
        json!([[[]]]),
    ];
    for path in PATHS {
        for body in &bodies {
            let mut call = call(path);
            call.chunk(body.to_string().as_bytes(), || Duration::ZERO);
            let _ = call.finish();
        }
    }
}

/// The usage is at the end, and is found.
#[test]
fn a_hundred_megabytes_of_one_answer() {
    let filler = vec![b'x'; 1 << 20];
    for (before, piece, times, after) in [
        (
            &b"{\"choices\":[{\"message\":{\"content\":\""[..],
            &filler[..],
            100,
            &b"\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7}}"[..],
        ),
        (
            b"{\"choices\":[",
            &b"{\"message\":{\"content\":\"x\"}},".repeat(40_000),
            5,
            b"{}],\"usage\":{\"prompt_tokens\":7}}",
        ),
        (
            b"{\"data\":[",
            &b"[0.1,0.2,0.3],".repeat(80_000),
            5,
            b"[]],\"usage\":{\"prompt_tokens\":7}}",
        ),
        (
            b"data: {\"choices\":[{\"delta\":{\"content\":\"",
            &filler,
            100,
            b"\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\ndata: [DONE]\n\n",
        ),
    ] {
        for content in [false, true] {
            let mut call = call("/v1/chat/completions");
            if content {
                call = call.with_content(b"{}");
                call.response(200, None);
            }
            call.chunk(before, || Duration::ZERO);
            for _ in 0..times {
                call.chunk(piece, || Duration::ZERO);
            }
            call.chunk(after, || Duration::ZERO);
            let record = call.finish();
            assert_eq!(record.usage.and_then(|usage| usage.input_tokens), Some(7));
            assert!(format!("{record:?}").len() < 4 << 20);
        }
    }
}

#[test]
fn streams_without_end_keep_little() {
    for content in [false, true] {
        let mut call = call("/v1/chat/completions");
        if content {
            call = call.with_content(b"{}");
            call.response(200, None);
        }
        for at in 0..2_000 {
            let text = "x".repeat(500);
            let event = json!({"choices": [{"index": at, "delta": {"content": text, "tool_calls": [{"index": at, "id": at.to_string(), "function": {"name": text, "arguments": text}}]}},
                {"index": 0, "delta": {"content": text, "tool_calls": [{"index": at, "function": {"name": "n", "arguments": text}}]}}]});
            call.chunk(format!("data: {event}\n\n").as_bytes(), || Duration::ZERO);
        }
        let record = call.finish();
        assert!(record.tool_calls.len() <= 128);
        assert!(format!("{record:?}").len() < 4 << 20, "{}", format!("{record:?}").len());
    }
}
