//! A search, a model and a tool at the same time, each with its own span type.
//!
//! You will see `parallel_operations` (agent) with `database_search` (retrieval), `llm_call` (llm) and
//! `tool_calculator` (tool) below it.

use prela::genai::Usage;
use prela::pool::SpawnTraced as _;
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

fn search_database(query: &str) -> Vec<&'static str> {
    const ROWS: [&str; 3] = ["result1 for a user query", "result2 for a user query", "other"];
    let search = prela::tracer().retrieval("rows").name("database_search");
    search
        .attr("query", query)
        .in_scope(|_| ROWS.into_iter().filter(|row| row.contains(query)).collect())
}

fn call_llm(model: Client, prompt: &str) -> io::Result<String> {
    // The prompt and the answer are content: recorded if that is asked for.
    let call = prela::tracer().chat("stub", Client::MODEL).name("llm_call").input(prompt);
    call.in_scope_result(|chat| {
        let reply = model.complete(prompt)?;
        chat.usage(Usage::new(reply.input_tokens, reply.output_tokens)).output(&reply.content);
        Ok(reply.content)
    })
}

fn execute_tool(tool_name: &str) -> String {
    prela::tracer().tool(tool_name).name(format!("tool_{tool_name}")).in_scope(|tool| {
        let result = format!("{tool_name} result: {}", (1..=20).product::<u64>());
        tool.result(&result);
        result
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("span-types")?;
    let model = StubModel::start()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build()?;

    let agent = prela::tracer().agent("parallel_operations").name("parallel_operations");
    agent.in_scope_result(|parent| {
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
