//! Requests of each provider.

use prela::genai::{Input, Message, Part, RequestParameters};
use serde_json::json;

#[test]
fn instructions_beside_the_messages() {
    for request in [
        json!({"messages": [{"role": "user", "content": "Hi"}], "system": "Be short."}),
        json!({"messages": [{"role": "user", "content": "Hi"}], "system": [{"type": "text", "text": "Be short."}]}),
        json!({"input": "Hi", "instructions": "Be short."}),
        json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "systemInstruction": {"parts": [{"text": "Be short."}]}}),
        json!({"contents": {"parts": [{"text": "Hi"}]}, "system_instruction": {"parts": [{"text": "Be short."}]}}),
        json!({"prompt": "Hi", "system": "Be short."}),
    ] {
        let input = Input::read(&request);
        assert_eq!(input.messages, [Message::user("Hi")], "{request}");
        assert_eq!(input.system_instructions, [Part::from("Be short.")], "{request}");
    }
}

#[test]
fn embeddings_are_asked_for_by_texts_and_not_by_tokens() {
    assert_eq!(Input::read(&json!({"input": ["a", "b"]})).messages, ["a", "b"].map(Message::user));
    assert_eq!(Input::read(&json!({"input": [1, 2, 3]})).messages, []);
}

#[test]
fn parameters_by_any_name() {
    let mut expected = RequestParameters::default();
    expected.max_tokens = Some(64);
    expected.temperature = Some(0.5);
    expected.top_p = Some(0.25);
    expected.stop_sequences = vec!["END".into()];
    expected.output_type = Some("json".into());
    for request in [
        json!({"max_tokens": 64, "temperature": 0.5, "top_p": 0.25, "stop": "END", "response_format": {"type": "json_schema"}}),
        json!({"max_completion_tokens": 64, "temperature": 0.5, "top_p": 0.25, "stop": ["END"], "n": 1, "response_format": {"type": "json_object"}}),
        json!({"max_output_tokens": 64, "temperature": 0.5, "top_p": 0.25, "stop": ["END"], "text": {"format": {"type": "json_schema"}}}),
        json!({"max_tokens": 64, "temperature": 0.5, "top_p": 0.25, "stop_sequences": ["END"], "response_format": {"type": "json_object"}}),
        json!({"generationConfig": {"maxOutputTokens": 64, "temperature": 0.5, "topP": 0.25, "stopSequences": ["END"], "responseMimeType": "application/json"}}),
        json!({"options": {"num_predict": 64, "temperature": 0.5, "top_p": 0.25, "stop": ["END"]}, "format": "json"}),
        json!({"options": {"num_predict": 64, "temperature": 0.5, "top_p": 0.25, "stop": ["END"]}, "format": {"type": "object"}}),
    ] {
        assert_eq!(RequestParameters::read(&request), expected, "{request}");
    }
}

#[test]
fn every_other_parameter_is_read() {
    let read = RequestParameters::read(&json!({
        "top_k": 40, "frequency_penalty": 0.1, "presence_penalty": -0.2, "seed": 7, "n": 3, "stream": true,
        "encoding_format": "base64", "dimensions": 256,
    }));
    assert_eq!(
        (read.top_k, read.frequency_penalty, read.presence_penalty),
        (Some(40.0), Some(0.1), Some(-0.2))
    );
    assert_eq!((read.seed, read.choice_count, read.stream), (Some(7), Some(3), Some(true)));
    assert_eq!(
        (read.encoding_formats, read.dimension_count),
        (vec!["base64".to_owned()], Some(256))
    );
    let odd =
        json!({"max_tokens": -1, "temperature": "hot", "stop": 7, "seed": 1.5, "stream": "yes"});
    assert_eq!(RequestParameters::read(&odd), RequestParameters::default());
}
