//! A search, a model and a tool at the same time, each with its own span type.
//!
//! You will see `parallel_operations` (agent) with `database_search` (retrieval), `llm_call` (llm) and
//! `tool_calculator` (tool) below it.

use prela::SpanType;
use prela::pool::SpawnTraced as _;
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

fn search_database(query: &str) -> Vec<&'static str> {
    const ROWS: [&str; 3] = ["result1 for a user query", "result2 for a user query", "other"];
    prela::tracer().span("database_search", SpanType::Retrieval).in_scope(|span| {
        span.set_attribute("query", query);
        ROWS.into_iter().filter(|row| row.contains(query)).collect()
    })
}

fn call_llm(model: Client, prompt: &str) -> io::Result<String> {
    prela::tracer().span("llm_call", SpanType::Llm).in_scope_result(|span| {
        span.set_attribute("prompt", prompt);
        Ok(model.complete(prompt)?.content)
    })
}

fn execute_tool(tool_name: &str) -> String {
    prela::tracer().span(format!("tool_{tool_name}"), SpanType::Tool).in_scope(|span| {
        span.set_attribute("tool.name", tool_name);
        format!("{tool_name} result: {}", (1..=20).product::<u64>())
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("span-types")?;
    let model = StubModel::start()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build()?;

    prela::tracer().span("parallel_operations", SpanType::Agent).in_scope_result(|parent| {
        let search = pool.spawn_traced(|| search_database("user query"));
        let llm = pool.spawn_traced(move || call_llm(model, "generate text"));
        let tool = pool.spawn_traced(|| execute_tool("calculator"));

        println!("{:?}", search.join()?);
        println!("{}", llm.join()??);
        println!("{}", tool.join()?);
        parent.set_attribute("operations_completed", 3);
        Ok(())
    })
}
