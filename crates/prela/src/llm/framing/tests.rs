use super::{Frame, Framing, Limits};
use serde_json::{Value, json};

const LIMITS: Limits = Limits { string: 1 << 20, total: 1 << 20 };

fn frames(body: &[u8], size: usize) -> Vec<Value> {
    let mut framing = Framing::new(LIMITS);
    let mut frames = Vec::new();
    for piece in body.chunks(size) {
        framing.read(piece, |frame| {
            frames.push(match frame {
                Frame::Json(json) => serde_json::from_slice(&json).unwrap(),
                Frame::Done => "done".into(),
            });
            true
        });
    }
    frames
}

#[track_caller]
fn check(body: &str, expected: &[Value]) {
    for size in 1..=body.len() {
        assert_eq!(frames(body.as_bytes(), size), expected, "{body:?} by {size}");
    }
}

#[test]
fn events_with_every_end_of_line() {
    for end in ["\n", "\r\n", "\r"] {
        let body = "event: a\ndata: {\"a\":1}\nid: 7\n\n: a comment\n\ndata:{\"b\":2}\n\nretry: 5\ndata: [DONE]\n\n";
        check(&body.replace('\n', end), &[json!({"a": 1}), json!({"b": 2}), json!("done")]);
    }
}

#[test]
fn data_in_several_lines() {
    check("data: {\"a\":\ndata: 1}\n\n", &[json!({"a": 1})]);
}

#[test]
fn a_broken_event_does_not_swallow_the_next() {
    for end in ["\n", "\r\n", "\r"] {
        let body = "data: {\"a\":\n\ndata: {\"b\":2}\n\ndata: {\"c\":\ndata: 3}\n\n";
        check(&body.replace('\n', end), &[json!({"b": 2}), json!({"c": 3})]);
    }
}

#[test]
fn marks_and_empty_lines_before_the_first_event() {
    check("\u{feff}\n\ndata: {}\n\n", &[json!({})]);
}

#[test]
fn what_is_no_json_is_passed_over() {
    check(
        "data: hello\n\ndata\n\ndata: [DONE\n\ndatabase: {\"x\":1}\n\ndata: {]\n\ndata: {\"a\":1}\n\n",
        &[json!({"a": 1})],
    );
}

#[test]
fn done_without_an_empty_line() {
    check("data: {}\n\ndata: [DONE]", &[json!({}), json!("done")]);
}

#[test]
fn lines_and_lists() {
    check("{\"a\":1}\n{\"b\":2}\n", &[json!({"a": 1}), json!({"b": 2})]);
    check("[{\"a\":1}\n,\n{\"b\":2}\n]", &[json!({"a": 1}), json!({"b": 2})]);
    check("  \r\n {\"a\":1}", &[json!({"a": 1})]);
}

#[test]
fn nothing_more_is_read_where_nothing_more_is_wanted() {
    let mut framing = Framing::new(LIMITS);
    let mut count = 0;
    framing.read(b"data: {}\n\ndata: {}\n\n", |_| {
        count += 1;
        false
    });
    assert_eq!(count, 1);
}
