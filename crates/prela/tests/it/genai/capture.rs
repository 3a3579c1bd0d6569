//! Whether content leaves the process: not unless it is asked for.

use super::text;
use prela::export::MemoryExporter;
use prela::genai::{ContentCapture, Document, ToolCall};
use prela::redact::Redactor;
use prela::testing::Capture;
use prela::{Builder, Prela, Tracer};
use serde_json::json;
use std::time::Duration;

const SECRET: &str = "my password is hunter2";

/// Records spans that say the secret in every way that there is.
fn tell(tracer: &Tracer) {
    let said = json!({"messages": [{"role": "user", "content": SECRET}], "system": SECRET,
        "tools": [{"name": "t", "description": SECRET}], "model": "m", "max_tokens": 1});
    let answer = json!({"content": [{"type": "text", "text": SECRET}], "role": "assistant", "model": "m",
        "usage": {"input_tokens": 1, "output_tokens": 1}});
    tracer.workflow("w").input(SECRET).in_scope(|workflow| {
        workflow.output(SECRET);
        tracer.agent("a").input(SECRET).in_scope(|agent| {
            agent.input(json!({"q": SECRET})).output(SECRET);
        });
        tracer.chat("anthropic", "m").request(&said).input(SECRET).in_scope(|chat| {
            chat.request(&said).response(&answer).output(SECRET);
            assert!(!chat.captures_content());
        });
        let call = ToolCall::new("t", json!({"arg": SECRET}));
        tracer.tool("t").call(&call).arguments(SECRET).input(SECRET).in_scope(|tool| {
            tool.arguments(&call).result(SECRET).output(SECRET);
        });
        let documents =
            [Document::new("d1").score(0.5).content(SECRET).metadata(json!({"m": SECRET}))];
        tracer.retrieval("d").query(SECRET).in_scope(|search| {
            search.query(SECRET).documents(&documents);
        });
        tracer.reranker("r").query(SECRET).in_scope(|rerank| {
            rerank.query(SECRET).input_documents(&documents).output_documents(&documents);
        });
        tracer
            .embedding("openai", "m")
            .request(&json!({"input": SECRET}))
            .input([SECRET])
            .in_scope(|it| {
                it.input(SECRET);
            });
        tracer.guardrail("g").input(SECRET).in_scope(|it| {
            it.input(SECRET).output(SECRET);
        });
        let judgement = prela::genai::Evaluation::new("e").explanation(SECRET);
        tracer.evaluator("e").input(SECRET).in_scope(|it| {
            it.output(SECRET).evaluation(&judgement);
        });
        tracer.chat("openai", "m").in_scope(|chat| {
            chat.evaluation(&judgement);
        });
    });
}

fn recorded(configure: impl FnOnce(Builder) -> Builder, tell: impl FnOnce(&Tracer)) -> String {
    let capture = Capture::with(configure);
    tell(&capture.tracer());
    format!("{:?}", capture.spans())
}

#[test]
fn nothing_that_was_said_is_recorded_unless_it_is_asked_for() {
    let spans = recorded(|builder| builder, tell);
    assert!(!spans.contains("hunter2"), "{spans}");
    assert!(spans.contains("execute_tool t") && spans.contains("rerank r"));
}

/// What a file exporter writes is OTLP, made of the same messages that go over the wire.
#[test]
fn no_bytes_of_it_are_written_by_a_file_exporter() {
    let dir = tempfile::tempdir().unwrap();
    let prela: Prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .service_name("test")
        .exporter(prela::Exporter::file(dir.path()))
        .build()
        .unwrap();
    tell(&prela.tracer());
    prela.flush(Duration::from_secs(10)).unwrap();
    let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let bytes: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(bytes.contains("execute_tool t") && !bytes.contains("hunter2"), "{bytes}");
}

#[test]
fn the_environment_the_code_and_a_call_say_where_content_goes() {
    use ContentCapture::{Events, Off, Spans, SpansAndEvents};
    const VARIABLE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
    type Said = Option<ContentCapture>;
    let rows: [(Option<&str>, Said, Said, ContentCapture); 20] = [
        // environment, code, call, what holds
        (None, None, None, Off),
        (None, None, Some(Spans), Spans),
        (None, Some(Spans), None, Spans),
        (None, Some(Spans), Some(Off), Off),
        (None, Some(Off), Some(Spans), Off),
        (None, Some(Events), Some(Spans), Spans),
        (Some("NO_CONTENT"), None, None, Off),
        (Some("NO_CONTENT"), None, Some(Spans), Off),
        (Some("NO_CONTENT"), Some(Spans), None, Spans),
        (Some("SPAN_ONLY"), None, None, Spans),
        (Some("span_only"), None, Some(Off), Off),
        (Some("SPAN_ONLY"), Some(Off), None, Off),
        (Some("EVENT_ONLY"), None, None, Events),
        (Some("SPAN_AND_EVENT"), None, None, SpansAndEvents),
        (Some("true"), None, None, Spans),
        (Some("TRUE"), None, None, Spans),
        (Some("false"), None, Some(Spans), Off),
        (Some(""), None, None, Off),
        (Some("everything"), None, None, Off),
        (Some("everything"), None, Some(Spans), Off),
    ];
    for (env, code, call, expected) in &rows {
        let capture = Capture::with(|builder| {
            let builder = builder.env(env.map(|value| (VARIABLE, value))).diagnostics(|_| ());
            match code {
                Some(code) => builder.capture_content(*code),
                None => builder,
            }
        });
        let chat = capture.tracer().chat("openai", "m");
        let chat = match call {
            Some(call) => chat.capture_content(*call),
            None => chat,
        };
        chat.input("Hi").in_scope(|chat| {
            chat.output("Hello");
        });
        let span = &capture.spans()[0];
        let on_span = text(span, "gen_ai.output.messages").is_some();
        let in_event = !span.events.is_empty();
        let seen = match (on_span, in_event) {
            (false, false) => Off,
            (true, false) => Spans,
            (false, true) => Events,
            (true, true) => SpansAndEvents,
        };
        assert_eq!(seen, *expected, "{env:?} {code:?} {call:?}");
        assert_eq!(text(span, "input.value").is_some(), on_span);
    }
}

#[test]
fn a_value_that_cannot_be_used_is_one_warning() {
    for (variable, value, instead) in [
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "all", "`NO_CONTENT`"),
        ("PRELA_CONVENTIONS", "datadog", "`genai`"),
        ("PRELA_CONVENTIONS", "langfuse,datadog", "`langfuse`"),
        ("PRELA_CONVENTIONS", "none", "`genai`"),
    ] {
        let builder = prela::builder().env([(variable, value), ("OTEL_TRACES_EXPORTER", "none")]);
        let prela = builder.diagnostics(|_| ()).build().unwrap();
        let [warning] = prela.warnings() else { panic!("{:?}", prela.warnings()) };
        assert!(warning.starts_with(variable), "{warning}");
        assert!(warning.ends_with(&format!("used instead: {instead}")), "{warning}");
    }
    // What else is in this list is for other libraries.
    for value in ["http,database/dup", "gen_ai_latest_experimental"] {
        let variables =
            [("OTEL_SEMCONV_STABILITY_OPT_IN", value), ("OTEL_TRACES_EXPORTER", "none")];
        let prela = prela::builder().env(variables).build().unwrap();
        assert!(prela.warnings().is_empty());
    }
}

/// An event has all of a call in it, whether or not it came to an answer.
#[test]
fn in_events_a_call_is_told_once() {
    let capture = Capture::with(|builder| builder.capture_content(ContentCapture::Events));
    let tracer = capture.tracer();
    tracer.chat("openai", "m").input("Hi").in_scope(|chat| {
        chat.output("Hello");
    });
    tracer.chat("openai", "m").input("Hi").in_scope(|_| ());
    let keys = |at: usize| {
        let [event] = &capture.spans()[at].events[..] else { panic!() };
        assert_eq!(event.name, "gen_ai.client.inference.operation.details");
        event.attributes.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>()
    };
    let both = ["gen_ai.input.messages", "gen_ai.output.messages"];
    assert!(both.iter().all(|key| keys(0).contains(&(*key).to_owned())), "{:?}", keys(0));
    assert!(keys(1).contains(&both[0].to_owned()), "{:?}", keys(1));
}

#[test]
fn redaction_and_limits_hold_for_what_was_said() {
    let redactor = Redactor::new().emails().keys_with("password").key("gen_ai.tool.call.result");
    let memory = MemoryExporter::new();
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .exporter(memory.clone())
        .capture_content(true)
        .redact(redactor)
        .payload_limit(400)
        .build()
        .unwrap();
    let tracer = prela.tracer();
    let arguments =
        json!({"to": "x\nanna@example.com", "password": "hunter2", "text": "y".repeat(1000)});
    tracer.tool("mail").arguments(arguments).in_scope(|tool| {
        tool.result("secret");
    });
    prela.flush(Duration::from_secs(10)).unwrap();
    let span = &memory.spans()[0];
    for key in ["gen_ai.tool.call.arguments", "input.value"] {
        let value = text(span, key).unwrap();
        let json: serde_json::Value = serde_json::from_str(&value).expect(&value);
        assert_eq!(json["to"], "x\n[redacted email]", "{key}");
        assert_eq!(json["password"], "[redacted]", "{key}");
        assert!(json["text"].as_str().unwrap().ends_with("… [cut]"), "{key}");
        assert!(value.len() < 500, "{key}: {}", value.len());
        assert!(span.attribute(&format!("prela.original_length.{key}")).is_some(), "{key}");
    }
    assert_eq!(text(span, "gen_ai.tool.call.result").as_deref(), Some("[redacted]"));
}
