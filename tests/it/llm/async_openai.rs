//! async-openai itself, with one line more.

use super::stub::{Reply, Stub, chat_events, chat_whole};
use super::{Setup, check, is_of, only};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use async_openai::types::responses::CreateResponseArgs;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use prela::llm::LlmLayer;
use prela::{SpanType, baggage};
use serde_json::json;
use std::collections::HashMap;

fn client(stub: &Stub, layer: LlmLayer) -> Client<OpenAIConfig> {
    let config = OpenAIConfig::new().with_api_base(stub.url("/v1")).with_api_key("sk-key");
    Client::with_config(config).with_http_service(layer.async_openai(reqwest::Client::new()))
}

fn request() -> CreateChatCompletionRequest {
    let mut message = ChatCompletionRequestUserMessageArgs::default();
    let message = message.content("the hidden question").build().unwrap();
    let messages = [message.into()];
    CreateChatCompletionRequestArgs::default()
        .model("gpt-4o")
        .max_completion_tokens(64_u32)
        .messages(messages)
        .build()
        .unwrap()
}

#[tokio::test]
async fn one_answer_is_one_span() {
    let (setup, stub) = (Setup::new(), Stub::start(|_, _| chat_whole()));
    let client = client(&stub, setup.layer());
    let ask = setup.prela.tracer().span("agent", SpanType::Agent).run(async |_| {
        baggage::set("user_id", "u1");
        client.chat().create(request()).await.unwrap()
    });
    assert_eq!(ask.await.choices[0].message.content.as_deref(), Some("the hidden answer"));
    let spans = setup.spans();
    assert_eq!(crate::receiver::tree(&spans), "agent agent\n  chat gpt-4o llm\n");
    let call = spans.iter().find(|span| span.name() == "chat gpt-4o").unwrap();
    check(
        call,
        &[
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-4o"),
            ("gen_ai.request.max_tokens", "64"),
            ("gen_ai.response.id", "c1"),
            ("gen_ai.response.model", "gpt-4o-1"),
            ("gen_ai.usage.input_tokens", "10"),
            ("gen_ai.usage.output_tokens", "5"),
            ("server.address", "127.0.0.1"),
        ],
    );
    let keys: Vec<_> = call.span.attributes.iter().map(|it| &it.key).collect();
    assert_eq!(keys.len(), keys.iter().collect::<std::collections::HashSet<_>>().len(), "{keys:?}");
    let asked = &stub.asked()[0];
    assert!(is_of(&asked.headers, call));
    assert_eq!(asked.headers["baggage"], "user_id=u1", "to a private host");
}

#[tokio::test]
async fn a_stream_is_one_span_with_its_usage() {
    let (setup, stub) = (Setup::new(), Stub::start(|_, _| chat_events()));
    let mut stream = client(&stub, setup.layer()).chat().create_stream(request()).await.unwrap();
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.unwrap();
        text +=
            chunk.choices.first().and_then(|it| it.delta.content.as_deref()).unwrap_or_default();
    }
    assert_eq!(text, "the hidden answer");
    let call = only(setup.spans());
    assert!(!call.is_error() && call.span.events.is_empty(), "{call}");
    check(&call, &[("gen_ai.request.stream", "true"), ("gen_ai.usage.output_tokens", "5")]);
    assert!(call.attribute("gen_ai.response.time_to_first_chunk").is_some());
    check(
        &call,
        &[
            ("prela.tool_call.ids", "[\"t1\"]"),
            ("gen_ai.response.finish_reasons", "[\"tool_calls\"]"),
        ],
    );
}

#[tokio::test]
async fn content_is_recorded_where_it_is_asked_for() {
    let (setup, stub) = (Setup::new(), Stub::start(|_, _| chat_events()));
    let client = client(&stub, setup.layer().capture_content(true));
    let stream = client.chat().create_stream(request()).await.unwrap();
    assert_eq!(stream.count().await, 6);
    let call = only(setup.spans_with_content());
    let json = |key: &str| {
        serde_json::from_str::<serde_json::Value>(&call.attribute(key).unwrap()).unwrap()
    };
    assert_eq!(
        json("gen_ai.input.messages"),
        json!([{"role": "user", "parts": [{"type": "text", "content": "the hidden question"}]}])
    );
    assert_eq!(
        json("gen_ai.output.messages"),
        json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "text", "content": "the hidden answer"},
            {"type": "tool_call", "id": "t1", "name": "look", "arguments": {}},
        ]}])
    );
}

#[tokio::test]
async fn a_stream_that_is_left_is_cancelled() {
    let (setup, stub) = (
        Setup::new(),
        Stub::start(|_, _| {
            Reply::events([
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-1", "choices": [{"index": 0, "delta": {"content": "the hidden answer"}}]}),
    ]).endless()
        }),
    );
    let mut stream = client(&stub, setup.layer()).chat().create_stream(request()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    // async-openai reads on in a task of its own until it notices.
    let spans = tokio::task::spawn_blocking(move || {
        setup.receiver.wait_for_spans(1);
        setup.spans()
    });
    let call = only(spans.await.unwrap());
    check(&call, &[("error.type", "cancelled"), ("gen_ai.response.model", "gpt-4o-1")]);
}

#[tokio::test]
async fn attempts_are_one_call() {
    let setup = Setup::new();
    let stub = Stub::start(|number, _| match number {
        0 => Reply::json(500, &json!({"error": {"message": "the hidden question"}})),
        1 => Reply::json(
            429,
            &json!({"error": {"message": "the hidden question", "type": "requests", "param": null, "code": "rate_limit_exceeded"}}),
        ),
        _ => chat_whole(),
    });
    client(&stub, setup.layer()).chat().create(request()).await.unwrap();
    let call = only(setup.spans());
    assert!(!call.is_error(), "{call}");
    let events: Vec<_> = call.span.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["retry", "retry"]);
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    for request in &asked {
        assert!(is_of(&request.headers, &call));
        assert_eq!(request.headers["authorization"], "Bearer sk-key");
        assert_eq!(request.body, asked[0].body);
    }
}

/// The client reads the answer itself, and what it makes of it has the provider's text in it.
#[tokio::test]
async fn errors_of_the_provider_fail_the_span() {
    let error = |message: &str, code: &str| json!({"error": {"message": message, "type": "t", "param": null, "code": code}});
    for (status, body, error_type) in [
        (400, error("the hidden question", "invalid_prompt"), "invalid_prompt"),
        (429, error("the hidden question", "rate_limit_exceeded"), "rate_limit_exceeded"),
        (429, json!("the hidden question"), "async_openai::error::OpenAIError"),
        (503, json!("the hidden question"), "503"),
    ] {
        let is_own = error_type.contains("::");
        let setup = Setup::new();
        let stub = Stub::start(move |_, _| Reply::json(status, &body));
        client(&stub, setup.layer()).chat().create(request()).await.unwrap_err();
        let call = only(setup.spans());
        assert!(call.is_error());
        if is_own {
            assert!(call.attribute("error.type").is_some());
        } else {
            check(
                &call,
                &[("error.type", error_type), ("http.response.status_code", &status.to_string())],
            );
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_fails_the_span() {
    let setup = Setup::new();
    let config = OpenAIConfig::new().with_api_base("http://127.0.0.1:1/v1");
    let stack = tower::Layer::layer(
        &setup.layer(),
        async_openai::middleware::ReqwestService::new(reqwest::Client::new()),
    );
    Client::with_config(config)
        .with_http_service(stack)
        .chat()
        .create(request())
        .await
        .unwrap_err();
    let call = only(setup.spans());
    assert!(call.is_error());
    check(&call, &[("gen_ai.request.model", "gpt-4o")]);
}

#[tokio::test]
async fn responses_and_embeddings_are_recognised() {
    let setup = Setup::new();
    let stub = Stub::start(|_, asked| match asked.path.as_str() {
        "/v1/embeddings" => Reply::json(
            200,
            &json!({"object": "list", "model": "e-1", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 3, "total_tokens": 3}}),
        ),
        _ => Reply::json(
            200,
            &json!({"id": "r1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-1", "output": [], "usage": {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}}),
        ),
    });
    let client = client(&stub, setup.layer());
    let embed = CreateEmbeddingRequestArgs::default()
        .model("e")
        .input("the hidden question")
        .build()
        .unwrap();
    client.embeddings().create(embed).await.unwrap();
    let respond =
        CreateResponseArgs::default().model("gpt-4o").input("the hidden question").build().unwrap();
    // Whether the client is content with a short answer is not what is tested.
    let _ = client.responses().create(respond).await;
    let spans = setup.spans();
    assert_eq!(crate::receiver::tree(&spans), "chat gpt-4o llm\nembeddings e embedding\n");
    let named = |name: &str| spans.iter().find(|span| span.name() == name).unwrap();
    check(
        named("embeddings e"),
        &[("gen_ai.usage.input_tokens", "3"), ("gen_ai.response.model", "e-1")],
    );
    check(
        named("chat gpt-4o"),
        &[("gen_ai.usage.input_tokens", "7"), ("gen_ai.response.id", "r1")],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_streams_at_once_keep_their_parents() {
    let (setup, stub) = (Setup::new(), Stub::start(|_, _| chat_events()));
    let client = client(&stub, setup.layer());
    let tracer = setup.prela.tracer();
    let tasks = (0..100).map(|number| {
        let (client, tracer) = (client.clone(), tracer.clone());
        tokio::spawn(async move {
            let span = tracer.span(format!("agent_{number}"), SpanType::Agent);
            span.run(async move |_| {
                let stream = client.chat().create_stream(request()).await.unwrap();
                assert_eq!(stream.count().await, 6);
            })
            .await;
        })
    });
    join_all(tasks).await.into_iter().for_each(|task| task.unwrap());
    let spans = setup.spans();
    let agents = spans.iter().filter(|span| span.name().starts_with("agent"));
    let agents: HashMap<_, _> = agents.map(|span| (span.trace_id(), span.span_id())).collect();
    let calls: Vec<_> = spans.iter().filter(|span| span.name() == "chat gpt-4o").collect();
    assert_eq!((agents.len(), calls.len()), (100, 100));
    assert!(
        calls.iter().all(|call| call.parent_span_id() == agents.get(&call.trace_id()).copied())
    );
    assert!(calls.iter().all(|call| !call.is_error()));
}
