//! Which requests are calls of models, and what they ask.

use prela::genai::Message;
use prela::llm::Call;
use serde_json::{Value, json};

fn recognise(host: &str, path: &str, body: &Value) -> Option<Call> {
    Call::recognise("POST", Some(host), path, body.to_string().as_bytes())
}

/// Path, body, provider where the host says nothing, operation.
fn calls() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let contents = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
    vec![
        ("/v1/chat/completions", json!({"model": "m", "messages": messages}), "openai", "chat"),
        (
            "/openai/v1/chat/completions/",
            json!({"model": "m", "messages": messages}),
            "openai",
            "chat",
        ),
        (
            "/openai/deployments/m/chat/completions?api-version=1",
            json!({"messages": messages}),
            "openai",
            "chat",
        ),
        ("/v1/completions", json!({"model": "m", "prompt": "Hi"}), "openai", "text_completion"),
        ("/v1/responses", json!({"model": "m", "input": "Hi"}), "openai", "chat"),
        ("/v1/embeddings", json!({"model": "m", "input": "Hi"}), "openai", "embeddings"),
        (
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "messages": messages}),
            "anthropic",
            "chat",
        ),
        (
            "/v1/messages?beta=true",
            json!({"model": "m", "max_tokens": 5, "messages": messages}),
            "anthropic",
            "chat",
        ),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict",
            json!({"anthropic_version": "vertex-2023-10-16", "max_tokens": 5, "messages": messages}),
            "anthropic",
            "chat",
        ),
        (
            "/v1beta/models/m:generateContent",
            json!({"contents": contents}),
            "gcp.gemini",
            "generate_content",
        ),
        (
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            json!({"contents": contents}),
            "gcp.gemini",
            "generate_content",
        ),
        (
            "/v1beta/models/m:embedContent",
            json!({"content": {"parts": [{"text": "Hi"}]}}),
            "gcp.gemini",
            "embeddings",
        ),
        (
            "/v1beta/models/m:batchEmbedContents",
            json!({"requests": [{"content": {"parts": [{"text": "Hi"}]}}]}),
            "gcp.gemini",
            "embeddings",
        ),
        ("/api/chat", json!({"model": "m", "messages": messages}), "ollama", "chat"),
        ("/api/generate", json!({"model": "m", "prompt": "Hi"}), "ollama", "text_completion"),
        ("/api/embed", json!({"model": "m", "input": "Hi"}), "ollama", "embeddings"),
        ("/api/embeddings", json!({"model": "m", "prompt": "Hi"}), "ollama", "embeddings"),
    ]
}

#[test]
fn calls_by_path_and_body() {
    for (path, body, provider, operation) in calls() {
        let call = recognise("models.example.com", path, &body).unwrap_or_else(|| panic!("{path}"));
        let request = call.request();
        assert_eq!((&*request.provider, &*request.operation), (provider, operation), "{path}");
        assert_eq!(request.model.as_deref(), Some("m"), "{path}");
        assert!(request.input.messages.is_empty(), "no content unless it is asked for");
        let call = call.with_content(body.to_string().as_bytes());
        let request = call.request();
        assert_eq!(request.input.messages, [Message::user("Hi")], "{path}");
    }
}

#[test]
fn what_is_no_call() {
    for (path, body, ..) in calls() {
        let text = body.to_string();
        let recognise = |method: &str, path: &str, body: &str| {
            Call::recognise(method, Some("h"), path, body.as_bytes()).is_some()
        };
        for method in ["GET", "PUT", "DELETE", "post", ""] {
            assert!(!recognise(method, path, &text), "{method} {path}");
        }
        let bare = path.split('?').next().unwrap();
        for other in [format!("{bare}/batches"), format!("{bare}x"), "/".into(), String::new()] {
            assert!(!recognise("POST", &other, &text), "{other}");
        }
        for cut in 0..text.len() {
            assert!(!recognise("POST", path, &text[..cut]), "{}", &text[..cut]);
        }
        for other in [
            "",
            "{}",
            "[]",
            "null",
            "7",
            "model=m&messages=Hi",
            "{\"model\":\"m\"}",
            "{\"query\":\"Hi\"}",
        ] {
            assert!(!recognise("POST", path, other), "{path} {other}");
        }
        assert!(!recognise("POST", path, &format!("[{text}]")), "{path}");
    }
    // A program's own interface of that name.
    let own = json!({"messages": [{"role": "user", "content": "Hi"}]});
    for path in ["/api/chat", "/messages", "/api/messages", "/api/generate", "/v1/responses"] {
        assert!(recognise("localhost", path, &own).is_none(), "{path}");
    }
}

#[test]
fn providers_by_host() {
    let body = json!({"model": "m", "messages": []});
    for (host, provider) in [
        ("api.openai.com", "openai"),
        ("API.OpenAI.com:443", "openai"),
        ("eu.api.openai.com", "openai"),
        ("mine.openai.azure.com", "azure.ai.openai"),
        ("mine.services.ai.azure.com", "azure.ai.inference"),
        ("api.groq.com", "groq"),
        ("api.deepseek.com", "deepseek"),
        ("api.mistral.ai", "mistral_ai"),
        ("api.x.ai", "x_ai"),
        ("api.perplexity.ai", "perplexity"),
        ("api.moonshot.ai", "moonshot_ai"),
        ("api.cohere.ai", "cohere"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws.bedrock"),
        ("us-central1-aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("localhost:11434", "ollama"),
        ("127.0.0.1:11434", "ollama"),
        ("notapi.openai.com.example.com", "openai"),
        ("fooapi.groq.com", "openai"),
        ("vllm:8000", "openai"),
        ("", "openai"),
    ] {
        let call = recognise(host, "/v1/chat/completions", &body).unwrap();
        assert_eq!(call.request().provider, provider, "{host}");
    }
    let call = Call::recognise("POST", None, "/v1/chat/completions", body.to_string().as_bytes());
    assert_eq!(call.unwrap().request().provider, "openai");
}

#[test]
fn streams_that_nobody_asks_for() {
    for (path, body, _, _) in calls() {
        let mut body = body;
        let call = recognise("h", path, &body).unwrap();
        let streams = ["/api/chat", "/api/generate"].contains(&path) || path.contains(":stream");
        assert_eq!(call.request().parameters.stream, streams.then_some(true), "{path}");
        body["stream"] = false.into();
        let call = recognise("h", path, &body).unwrap();
        assert_eq!(call.request().parameters.stream, Some(false), "{path}");
    }
}

#[test]
fn large_requests() {
    let image = "A".repeat(2 << 20);
    let tools = vec![json!({"name": "tool", "description": "d".repeat(1000)}); 200];
    let messages = vec![json!({"role": "user", "content": [{"type": "text", "text": image}]}); 3];
    let body = json!({"a": messages, "max_tokens": 5, "messages": messages, "model": "m", "stream": true, "tools": tools});
    let call = recognise("h", "/v1/messages", &body).unwrap();
    let request = call.request();
    assert_eq!(request.model.as_deref(), Some("m"));
    assert_eq!((request.parameters.max_tokens, request.parameters.stream), (Some(5), Some(true)));
    let call = call.with_content(body.to_string().as_bytes());
    let request = call.request();
    let kept: usize = request.input.messages.iter().map(|it| it.to_json().to_string().len()).sum();
    assert!(kept > 0 && kept < 2 << 20, "{kept}");
}
