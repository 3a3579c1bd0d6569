//! Spans across `.await`, one after another and as tasks of their own.
//!
//! You will see two traces: `async_main` with two `fetch` spans, one after the other, and
//! `process_batch` with three at the same time, on whichever threads tokio chose.

use prela::{SpanType, task};
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

async fn fetch_data(server: Client, url: &str) -> io::Result<String> {
    let span = prela::tracer().span("fetch", SpanType::Retrieval).attr("url", url);
    // The stub stands for whatever is at the URL.
    span.run_result(async |_| Ok(server.complete_async(&format!("for {url}")).await?.content)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("async-await")?;
    let server = StubModel::start()?;
    let tracer = prela::tracer();

    let async_main = tracer.span("async_main", SpanType::Agent).run_result(async |_| {
        let result1 = fetch_data(server, "https://api1.com").await?;
        let result2 = fetch_data(server, "https://api2.com").await?;
        Ok::<_, io::Error>([result1, result2])
    });
    println!("{:?}", async_main.await?);

    let process_batch = tracer.span("process_batch", SpanType::Agent).run(async |_| {
        // Spawned tasks run on other threads, too: `task::spawn` takes the context along.
        let tasks = ["url1", "url2", "url3"].map(|url| task::spawn(fetch_data(server, url)));
        for task in tasks {
            println!("{}", task.await??);
        }
        Ok(())
    });
    process_batch.await
}
