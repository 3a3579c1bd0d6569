//! A program that ends with spans it has not delivered, and prints how many milliseconds that took.

use prela::SpanType;
use std::time::Instant;
use tokio::runtime::Builder;

pub fn run(runtime: &str, status: &str) {
    match runtime {
        "none" => work(),
        "current-thread" => on(Builder::new_current_thread()),
        "multi-thread" => on(Builder::new_multi_thread()),
        other => panic!("there is no runtime {other}"),
    }
    std::process::exit(status.parse().unwrap());
}

fn on(mut runtime: Builder) {
    runtime.enable_all().build().unwrap().block_on(async { work() });
}

fn work() {
    let prela = prela::init("absent").unwrap();
    for _ in 0..100 {
        prela::tracer().span("work", SpanType::Tool).in_scope(|_| ());
    }
    let begin = Instant::now();
    drop(prela);
    println!("{}", begin.elapsed().as_millis());
}
