//! A complete agent: it plans, runs the tools that its model asks for side by side, searches, and answers.
//!
//! You will see `invoke_agent travel desk` with two calls of the model below it and, between them, two tools, of which one
//! searches. What was said is recorded with `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`.

use futures_util::future::try_join_all;
use prela::genai::{Document, Message, ToolCall};
use prela::{Session, task};
use serde_json::{Value, json};
use std::{error::Error, io, time::Duration};

const TOOLS: [&str; 2] = ["weather", "guides"];

/// Stands for a model: it asks for every tool once, and answers with what they said.
async fn model(request: &Value) -> io::Result<Value> {
    tokio::time::sleep(Duration::from_millis(20)).await; // models think, too
    let messages = request["messages"].as_array().cloned().unwrap_or_default();
    let said = messages.iter().filter(|it| it["role"] == "tool");
    let said: Vec<_> = said.filter_map(|it| it["content"].as_str()).collect();
    let function = |name| json!({"name": name, "arguments": "{\"city\":\"Lisbon\"}"});
    let call = |name| json!({"id": format!("call_{name}"), "function": function(name)});
    let (text, calls, reason) = if said.is_empty() {
        (None, Some(TOOLS.map(call)), "tool_calls")
    } else {
        (Some(said.join(" ")), None, "stop")
    };
    let message = json!({"role": "assistant", "content": text, "tool_calls": calls});
    let usage = json!({"prompt_tokens": 20 * messages.len(), "completion_tokens": 12});
    let choice = json!({"index": 0, "message": message, "finish_reason": reason});
    Ok(json!({"id": "chatcmpl-1", "model": "stub-model-1", "choices": [choice], "usage": usage}))
}

async fn ask(messages: &[Value]) -> io::Result<Value> {
    let tools = TOOLS.map(|name| json!({"type": "function", "function": {"name": name}}));
    let request = json!({"model": "stub-model", "messages": messages, "tools": tools});
    let call = prela::tracer().chat("stub", "stub-model").request(&request);
    call.run_result(async |chat| {
        let mut response = model(&request).await?;
        chat.response(&response);
        Ok(response["choices"][0]["message"].take())
    })
    .await
}

/// Runs a tool that the model asked for, on any thread and as a child of the agent; gives the message that answers.
async fn run_tool(call: ToolCall) -> io::Result<Value> {
    let tool = prela::tracer().tool(&call.name).tool_type("function").call(&call);
    tool.run_result(async |tool| {
        let city = call.arguments["city"].as_str().unwrap_or_default();
        let result = match call.name.as_str() {
            "weather" => format!("{city} has 21 degrees."),
            "guides" => search(city),
            other => return Err(io::Error::other(format!("there is no tool {other}"))),
        };
        tool.result(&result);
        Ok(json!({"role": "tool", "tool_call_id": call.id, "content": result}))
    })
    .await
}

fn search(city: &str) -> String {
    const GUIDES: [&str; 2] = ["Lisbon is hilly.", "Porto has bridges."];
    prela::tracer().retrieval("guides").query(city).top_k(1).in_scope(|search| {
        let text = GUIDES.into_iter().find(|text| text.contains(city)).unwrap_or_default();
        search.documents(&[Document::new("guide-7").score(0.83).content(text)]);
        text.to_owned()
    })
}

async fn answer(question: &str, session: &Session) -> io::Result<String> {
    let agent = prela::tracer().agent("travel desk").conversation("conv_5").session(session);
    let agent = agent.input(question);
    agent
        .run_result(async |agent| {
            let mut messages = vec![json!({"role": "user", "content": question})];
            loop {
                let message = ask(&messages).await?;
                let asked = Message::read(&message);
                let calls: Vec<_> = asked.iter().flat_map(Message::tool_calls).cloned().collect();
                if calls.is_empty() {
                    let answer = message["content"].as_str().unwrap_or_default().to_owned();
                    agent.output(&answer);
                    return Ok(answer);
                }
                messages.push(message);
                let tools = calls.into_iter().map(|call| task::spawn(run_tool(call)));
                let results = try_join_all(tools).await?.into_iter();
                messages.extend(results.collect::<io::Result<Vec<_>>>()?);
            }
        })
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("tool-agent")?;
    let session = Session::new("session_abc123")?.user("user_123");
    println!("{}", answer("What is Lisbon like today?", &session).await?);
    Ok(())
}
