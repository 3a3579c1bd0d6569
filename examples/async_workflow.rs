//! Two tasks at once, each of which adds to its own span.
//!
//! You will see one trace: `async_workflow` with `async_task_1` and `async_task_2` side by side. What a
//! task says by `prela::enrich` is on its own span, however the two take turns.

use futures_util::join;
use std::error::Error;
use std::time::Duration;

#[prela::trace(span_type = "agent")]
async fn async_workflow(query: &str) -> String {
    prela::enrich([("workflow.type", "async"), ("workflow.query", query)]);

    let (first, second) = join!(async_task_1(query), async_task_2(query));

    prela::enrich([("workflow.tasks_completed", 2)]);
    format!("{first} {second}")
}

#[prela::trace]
async fn async_task_1(query: &str) -> String {
    prela::enrich([("task.name", "task_1")]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    format!("Result 1 for {query}.")
}

#[prela::trace]
async fn async_task_2(query: &str) -> String {
    tokio::time::sleep(Duration::from_millis(10)).await;
    prela::enrich([("task.name", "task_2")]);
    format!("Result 2 for {query}.")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("async-workflow")?;
    println!("{}", async_workflow("weather").await);
    Ok(())
}
