//! An agent that works in parallel: tools and a search in a thread pool, then a model.
//!
//! You will see one trace: `answer_question` with four spans below it from four threads, and then
//! `llm_call`. One of the tools failed: its span is an error, and the agent went on without it.

use prela::genai::{Document, Usage};
use prela::pool::{SpawnTraced as _, as_completed};
use prela_examples::{Client, StubModel};
use std::error::Error;

fn calculator(expression: &str) -> Result<String, std::num::ParseIntError> {
    let tool = prela::tracer().tool("calculator").name("tool_calculator");
    tool.attr("input", expression).in_scope_result(|tool| {
        let (left, right) = expression.split_once(" * ").unwrap_or((expression, "1"));
        let product = left.parse::<i64>()? * right.parse::<i64>()?;
        tool.set_attribute("output", product);
        Ok(format!("{expression} = {product}"))
    })
}

fn search(query: &str) -> Vec<&'static str> {
    const DOCUMENTS: [&str; 3] =
        ["A dozen is twelve.", "A gross is twelve dozen.", "A baker's dozen is thirteen."];
    let search = prela::tracer().retrieval("facts").name("database_search");
    search.attr("query", query).in_scope(|search| {
        let found: Vec<_> = DOCUMENTS.into_iter().filter(|text| text.contains(query)).collect();
        search.documents(
            &found.iter().map(|text| Document::default().content(*text)).collect::<Vec<_>>(),
        );
        found
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("quickstart")?; // flushes and shuts down when dropped
    let model = StubModel::start()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;

    let agent = prela::tracer().agent("answer_question").name("answer_question");
    let answer = agent.in_scope_result(|agent| {
        let searching = pool.spawn_traced(|| search("dozen"));
        let tools = ["12 * 12", "12 * 13", "12 * dozen"]
            .map(|expression| pool.spawn_traced(move || calculator(expression)));

        let mut facts = Vec::new();
        for result in as_completed(tools) {
            match result? {
                Ok(fact) => facts.push(fact),
                // Its own span has the error already.
                Err(error) => {
                    agent.add_event("tool_failed", [("error", error.to_string())]);
                }
            }
        }
        facts.extend(searching.join()?.into_iter().map(str::to_owned));
        agent.set_attribute("operations_completed", facts.len());

        let prompt = format!("How many is a gross? {}", facts.join(" "));
        // What is said is recorded with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true only.
        let call = prela::tracer().chat("stub", Client::MODEL).name("llm_call").input(&prompt);
        call.in_scope_result(|chat| {
            let reply = model.complete(&prompt)?;
            chat.usage(Usage::new(reply.input_tokens, reply.output_tokens)).output(&reply.content);
            Ok::<_, Box<dyn Error>>(reply.content)
        })
    })?;
    println!("{answer}");
    Ok(())
}
