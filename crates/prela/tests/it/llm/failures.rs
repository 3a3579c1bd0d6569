//! Answers that are errors, or that break off.

use super::answers::{CHAT, GEMINI, MESSAGES, OLLAMA, RESPONSES, call};
use prela::llm::CallRecord;
use std::time::Duration;

#[test]
fn an_error_within_an_answer_ends_it_and_is_named() {
    for (path, body, error_type) in [
        (
            CHAT,
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":null}}\n\n",
            "server_error",
        ),
        (
            CHAT,
            "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"rate_limit_exceeded\"}}",
            "rate_limit_exceeded",
        ),
        (CHAT, "{\"error\":\"m\"}", "error"),
        (
            CHAT,
            "data: {\"error\":{\"code\":502,\"message\":\"m\"},\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n",
            "502",
        ),
        (
            RESPONSES,
            "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\"}\n\n",
            "server_error",
        ),
        (
            RESPONSES,
            "data: {\"type\":\"response.failed\",\"response\":{\"id\":\"r1\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}}\n\n",
            "server_error",
        ),
        (
            RESPONSES,
            "{\"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}",
            "server_error",
        ),
        (
            MESSAGES,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n",
            "overloaded_error",
        ),
        (
            MESSAGES,
            "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}",
            "overloaded_error",
        ),
        (
            GEMINI,
            "[{\"error\":{\"code\":429,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}]",
            "RESOURCE_EXHAUSTED",
        ),
        (
            OLLAMA,
            "{\"model\":\"m\",\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"m\"}\n",
            "error",
        ),
    ] {
        for size in 1..=body.len() {
            let mut call = call(path, true, false);
            call.response(200, None);
            body.as_bytes().chunks(size).for_each(|piece| call.chunk(piece, || Duration::ZERO));
            assert!(call.is_done(), "{body}");
            let error = call.finish().error.unwrap();
            assert_eq!(
                (error.error_type.as_str(), error.message.as_deref()),
                (error_type, Some("m")),
                "{body}"
            );
        }
    }
}

#[test]
fn a_status_of_an_error_is_named_by_the_provider_or_by_its_number() {
    for (status, body, error_type) in [
        (
            429,
            "{\"error\":{\"message\":\"m\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}",
            "rate_limit_exceeded",
        ),
        (500, "{\"error\":{\"message\":\"m\"}}", "500"),
        (503, "<html>", "503"),
        (404, "", "404"),
        (400, "{\"error\":{\"type\":\"a whole sentence\"}}", "400"),
    ] {
        let mut call = call(CHAT, true, false);
        call.response(status, None);
        call.chunk(body.as_bytes(), || Duration::ZERO);
        let read = call.finish();
        assert_eq!((read.status, read.time_to_first_chunk), (Some(status), None));
        assert_eq!(read.error.unwrap().error_type, error_type);
    }
}

#[test]
fn an_answer_that_ends_early_is_cancelled_or_incomplete() {
    let first = "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let last = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let read = |body: &str| {
        let mut call = call(CHAT, true, false);
        call.response(200, Some("text/event-stream"));
        call.chunk(body.as_bytes(), || Duration::ZERO);
        call
    };
    let error = |record: CallRecord| record.error.map(|error| error.error_type);
    assert_eq!(error(read(first).cancel()).as_deref(), Some("cancelled"));
    assert_eq!(error(read(first).finish()).as_deref(), Some("incomplete"));
    assert_eq!(error(read("").finish()).as_deref(), Some("incomplete"));
    assert_eq!(error(read(&format!("{first}{last}")).cancel()), None, "all was said");
    assert_eq!(error(read(&format!("{first}data: [DONE]\n\n")).cancel()), None);
    assert_eq!(error(call(CHAT, true, false).cancel()).as_deref(), Some("cancelled"));
    // One answer as a whole, cut.
    let mut cut = call(CHAT, false, false);
    cut.response(200, Some("application/json"));
    cut.chunk(b"{\"choices\":[", || Duration::ZERO);
    assert_eq!(error(cut.finish()).as_deref(), Some("incomplete"));
}
