//! A program that ends with spans it has not delivered.

use prela::SpanType;
use tokio::runtime::Builder;

pub fn run(runtime: &str, status: &str) {
    {
        let _prela = prela::init("absent").unwrap();
        match runtime {
            "none" => work(),
            "current-thread" => on(Builder::new_current_thread()),
            "multi-thread" => on(Builder::new_multi_thread()),
            other => panic!("there is no runtime {other}"),
        }
    }
    std::process::exit(status.parse().unwrap());
}

fn on(mut runtime: Builder) {
    runtime.enable_all().build().unwrap().block_on(async { work() });
}

fn work() {
    for _ in 0..100 {
        prela::tracer().span("work", SpanType::Tool).in_scope(|_| ());
    }
}
