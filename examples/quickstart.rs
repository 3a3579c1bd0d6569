//! An agent that works in parallel: tools and a search in a thread pool, then a model.
//!
//! You will see one trace: `answer_question` with four spans below it from four threads, and then
//! `llm_call`. One of the tools failed: its span is an error, and the agent went on without it.

use prela::SpanType;
use prela::pool::{SpawnTraced as _, as_completed};
use prela_examples::StubModel;
use std::error::Error;

fn calculator(expression: &str) -> Result<String, std::num::ParseIntError> {
    let span = prela::tracer().span("tool_calculator", SpanType::Tool);
    span.attr("tool.name", "calculator").in_scope_result(|span| {
        span.set_attribute("input", expression);
        let (left, right) = expression.split_once(" * ").unwrap_or((expression, "1"));
        let product = left.parse::<i64>()? * right.parse::<i64>()?;
        span.set_attribute("output", product);
        Ok(format!("{expression} = {product}"))
    })
}

fn search(query: &str) -> Vec<&'static str> {
    const DOCUMENTS: [&str; 3] =
        ["A dozen is twelve.", "A gross is twelve dozen.", "A baker's dozen is thirteen."];
    prela::tracer().span("database_search", SpanType::Retrieval).in_scope(|span| {
        span.set_attribute("query", query);
        let found: Vec<_> = DOCUMENTS.into_iter().filter(|text| text.contains(query)).collect();
        span.set_attribute("results_count", found.len());
        found
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("quickstart")?; // flushes and shuts down when dropped
    let model = StubModel::start()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;

    let agent = prela::tracer().span("answer_question", SpanType::Agent);
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
        prela::tracer().span("llm_call", SpanType::Llm).in_scope_result(|span| {
            let reply = model.complete(&prompt)?;
            span.set_attribute("gen_ai.usage.input_tokens", reply.input_tokens)
                .set_attribute("gen_ai.usage.output_tokens", reply.output_tokens);
            Ok::<_, Box<dyn Error>>(reply.content)
        })
    })?;
    println!("{answer}");
    Ok(())
}
