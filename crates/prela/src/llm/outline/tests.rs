use super::{Limits, Outline};
use serde_json::{Value, json};

const SMALL: Limits = Limits { string: 8, total: 64 };
const LARGE: Limits = Limits { string: 1 << 20, total: 1 << 20 };

/// What is made of `text` that comes in pieces of `size` bytes.
fn outlines(limits: Limits, text: &[u8], size: usize) -> Vec<Value> {
    let mut outline = Outline::new(limits);
    let mut values = Vec::new();
    for mut piece in text.chunks(size) {
        while !piece.is_empty() {
            let (taken, value) = outline.read(piece);
            piece = &piece[taken..];
            values.extend(value.map(|value| {
                serde_json::from_slice::<Value>(&value)
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&value)))
            }));
        }
    }
    values
}

#[test]
fn short_json_stays_as_it_is() {
    for value in [
        json!({}),
        json!({"a": [1, -2.5e3, true, false, null, "x", [], {}, [[{"b": {}}]]]}),
        json!({"text": "a \"quoted\" \\ text\n with ünïcode 🦀", "key with \"quotes\"": 1}),
    ] {
        let text = value.to_string();
        for size in 1..=text.len() {
            assert_eq!(
                outlines(LARGE, text.as_bytes(), size),
                std::slice::from_ref(&value),
                "{size}"
            );
        }
    }
}

#[test]
fn values_one_after_the_other() {
    let expected = [json!({"a": 1}), json!({"b": 2})];
    for text in
        ["{\"a\":1}\n{\"b\":2}\n", "[{\"a\":1},\r\n{\"b\":2}]", " [ {\"a\": 1} , {\"b\": 2} ] "]
    {
        for size in 1..=text.len() {
            assert_eq!(outlines(LARGE, text.as_bytes(), size), expected, "{text} {size}");
        }
    }
}

#[test]
fn texts_are_cut_between_characters() {
    for text in [
        "0123456789abcdefghijklmnopqrstuvwxyz",
        "ääääääääääääääääääääääää",
        "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
    ] {
        for escaped in [false, true] {
            let inner = if escaped {
                text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
            } else {
                text.to_owned()
            };
            let whole = format!("{{\"a\":\"{inner}\",\"b\":1}}");
            for size in 1..=whole.len() {
                for string in 0..20 {
                    let values = outlines(Limits { string, total: 1000 }, whole.as_bytes(), size);
                    let cut = values[0]["a"].as_str().unwrap().strip_suffix('…').unwrap();
                    assert!(text.starts_with(cut) && values[0]["b"] == 1, "{values:?}");
                }
            }
        }
    }
}

#[test]
fn facts_stand_wherever_they_are() {
    let many = vec!["x"; 1000];
    let value = json!({"choices": many, "x": {"usage": 7}, "model": "m", "usage": {"prompt_tokens": 5, "details": {"cached": 2}}});
    let value = &outlines(SMALL, value.to_string().as_bytes(), 7)[0];
    assert_eq!((&value["model"], &value["usage"]["details"]["cached"]), (&json!("m"), &json!(2)));
    assert!(value["choices"].as_array().unwrap().len() < 20 && value["x"].is_null());

    let event = format!(
        "{{\"type\":\"response.completed\",\"response\":{{\"output\":{},\"usage\":{{\"input_tokens\":5}}}}}}",
        json!(many)
    );
    assert_eq!(outlines(SMALL, event.as_bytes(), 7)[0]["response"]["usage"]["input_tokens"], 5);
}

#[test]
fn facts_have_a_bound_too() {
    let many = json!({"usage": vec!["x"; 100_000], "model": "m"}).to_string();
    let kept = outlines(SMALL, many.as_bytes(), 4096)[0].to_string();
    assert!(kept.len() < 20_000, "{}", kept.len());
    let vector =
        json!({"data": [{"embedding": vec![0.25; 100_000]}], "usage": {"prompt_tokens": 5}});
    let kept = outlines(SMALL, vector.to_string().as_bytes(), 4096);
    assert_eq!(kept[0]["usage"]["prompt_tokens"], 5);
}

#[test]
fn what_is_deep_is_left_out() {
    let deep = format!("{{\"a\":{}{},\"usage\":1}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(outlines(LARGE, deep.as_bytes(), 4096)[0]["usage"], 1);
    let open = "[{\"a\":".repeat(100_000);
    assert!(outlines(LARGE, open.as_bytes(), 4096).is_empty());
}

#[test]
fn garbage_is_no_value_and_takes_no_memory() {
    for text in [
        "",
        "x",
        "<html>",
        "}",
        "]",
        "{]",
        "[}",
        "{\"a\"}",
        "{\"a\":}",
        "{1:2}",
        "\"a\"",
        "7",
        "{\"a\":1 2}",
    ] {
        let mut outline = Outline::new(SMALL);
        for byte in text.bytes() {
            assert_eq!(outline.read(&[byte]).1, None, "{text}");
        }
    }
    let mut outline = Outline::new(SMALL);
    let noise: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    outline.read(&noise);
    assert!(outline.is_garbage() && outline.out.capacity() < 1024);
    outline.reset();
    assert_eq!(outline.read(b"{}").1, Some(b"{}".to_vec()));
}

#[test]
fn what_is_kept_is_bounded() {
    let pieces: [&[u8]; 6] =
        [b"{\"a\":\"xxxx\",", b"\"usage\":{", b"[\"", b"\\u0041", b"12345,", b"\"}],"];
    let mut outline = Outline::new(SMALL);
    let mut at = 1_usize;
    for _ in 0..200_000 {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        outline.read(pieces[(at >> 33) % pieces.len()]);
        assert!(outline.out.len() < SMALL.total + super::RESERVE + 4096);
        if outline.is_garbage() {
            outline.reset();
        }
    }
}
