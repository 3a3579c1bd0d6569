//! One trace over pools of threads: fan-out, map-reduce, failure of a part, a snapshot for each submit.

mod executors;
mod handles;
mod queue;
mod snapshots;

use self::queue::Queue;
use expect_test::{Expect, expect};
use prela::pool::{SpawnTraced as _, as_completed};
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanType, Tracer, copy_context_to_thread};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

/// Checks that what `run` records is this tree, and one trace.
#[track_caller]
fn check(run: impl FnOnce(&Tracer), expected: &Expect) {
    let capture = crate::context::check(run, expected);
    assert_eq!(trace_count(&capture.spans()), 1);
}

fn trace_count(spans: &[Arc<SpanData>]) -> usize {
    spans.iter().map(|span| span.span_context.trace_id()).collect::<HashSet<_>>().len()
}

#[test]
fn a_wrapped_function_on_four_workers() {
    check(
        |tracer| {
            let pool = Queue::new(4);
            tracer.span("batch_processing", SpanType::Agent).attr("batch_size", 10).in_scope(
                |batch| {
                    // The first four items are in the function at the same time, one on each worker.
                    let all_four = Barrier::new(4);
                    let worker_tracer = tracer.clone();
                    let process = Arc::new(copy_context_to_thread(move |item: i64| {
                        worker_tracer.span(format!("process_{item}"), SpanType::Tool).in_scope(
                            |span| {
                                span.set_attribute("item_id", item);
                                if item < 4 {
                                    all_four.wait();
                                }
                                item * 2
                            },
                        )
                    }));
                    let (results, received) = mpsc::channel();
                    for item in 0..10 {
                        let (process, results) = (process.clone(), results.clone());
                        // A plain submit: the function itself brings the context.
                        pool.execute(Box::new(move || results.send(process(item)).unwrap()));
                    }
                    drop(results);
                    let results: Vec<i64> = received.iter().collect();
                    assert_eq!(results.iter().sum::<i64>(), 90);
                    batch.set_attribute("results_count", results.len());
                },
            );
        },
        &expect![[r#"
            batch_processing  agent {batch_size: 10, results_count: 10}
              process_0  tool {item_id: 0}
              process_1  tool {item_id: 1}
              process_2  tool {item_id: 2}
              process_3  tool {item_id: 3}
              process_4  tool {item_id: 4}
              process_5  tool {item_id: 5}
              process_6  tool {item_id: 6}
              process_7  tool {item_id: 7}
              process_8  tool {item_id: 8}
              process_9  tool {item_id: 9}
        "#]],
    );
}

#[test]
fn results_in_the_order_of_completion() {
    check(
        |tracer| {
            let pool = Queue::new(2);
            tracer.span("batch", SpanType::Agent).in_scope(|batch| {
                let (open, gate) = mpsc::channel();
                let slow = Mutex::new(Some(gate));
                let jobs: Vec<_> = (0..4)
                    .map(|item| {
                        let tracer = tracer.clone();
                        let gate = slow.lock().unwrap().take();
                        pool.spawn_traced(move || {
                            tracer.span(format!("process_{item}"), SpanType::Tool).in_scope(|_| {
                                // The first job waits until the test has the result of the last one.
                                gate.map(|gate: mpsc::Receiver<()>| gate.recv());
                                item
                            })
                        })
                    })
                    .collect();
                let mut completed = as_completed(jobs);
                assert_eq!(completed.len(), 4);
                let mut order: Vec<i32> = completed.by_ref().take(3).map(Result::unwrap).collect();
                open.send(()).unwrap();
                order.extend(completed.map(Result::unwrap));
                assert_eq!(order, [1, 2, 3, 0]);
                batch.set_attribute("results_count", order.len());
            });
        },
        &expect![[r#"
            batch  agent {results_count: 4}
              process_0  tool
              process_1  tool
              process_2  tool
              process_3  tool
        "#]],
    );
}

#[test]
fn different_types_in_parallel_and_attributes_on_the_parent_meanwhile() {
    check(
        |tracer| {
            let pool = Queue::new(3);
            let saw = ["saw.retrieve", "saw.generate", "saw.call_tool"].map(|key| (key, false));
            tracer.span("multi_operation", SpanType::Agent).attrs(saw).in_scope(|parent| {
                let child =
                    |name: &'static str, span_type, key: &'static str, value: &'static str| {
                        let (tracer, parent) = (tracer.clone(), parent.clone());
                        pool.spawn_traced(move || {
                            tracer.span(name, span_type).in_scope(|span| {
                                span.set_attribute(key, value);
                                parent.set_attribute(format!("saw.{name}"), true);
                            });
                        })
                    };
                let jobs = [
                    child("retrieve", SpanType::Retrieval, "query", "rust"),
                    child("generate", SpanType::Llm, "prompt", "hello"),
                    child("call_tool", SpanType::Tool, "tool.name", "calculator"),
                ];
                let done = as_completed(jobs).filter(Result::is_ok).count();
                parent.set_attribute("operations_completed", done);
            });
        },
        &expect![[r#"
            multi_operation  agent {saw.retrieve: true, saw.generate: true, saw.call_tool: true, operations_completed: 3}
              call_tool  tool {tool.name: calculator}
              generate  llm {prompt: hello}
              retrieve  retrieval {query: rust}
        "#]],
    );
}

#[test]
fn map_reduce() {
    check(
        |tracer| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
            tracer.span("map_reduce", SpanType::Agent).attr("input_count", 5).in_scope(|whole| {
                let mapped: Vec<i64> =
                    tracer.span("map_phase", SpanType::Custom).in_scope(|phase| {
                        let map = copy_context_to_thread(|item: i64| {
                            tracer.span(format!("map_{item}"), SpanType::Custom).in_scope(|span| {
                                span.set_attribute("input", item).set_attribute("output", item * 2);
                                item * 2
                            })
                        });
                        let mapped: Vec<i64> =
                            pool.install(|| (1..=5i64).into_par_iter().map(map).collect());
                        phase.set_attribute("results_count", mapped.len());
                        mapped
                    });
                let total = tracer.span("reduce_phase", SpanType::Custom).in_scope(|_| {
                    tracer.span("reduce", SpanType::Custom).in_scope(|span| {
                        let total: i64 = mapped.iter().sum();
                        span.set_attribute("total", total);
                        total
                    })
                });
                whole.set_attribute("final_result", total);
            });
        },
        &expect![[r#"
            map_reduce  agent {input_count: 5, final_result: 30}
              map_phase  custom {results_count: 5}
                map_1  custom {input: 1, output: 2}
                map_2  custom {input: 2, output: 4}
                map_3  custom {input: 3, output: 6}
                map_4  custom {input: 4, output: 8}
                map_5  custom {input: 5, output: 10}
              reduce_phase  custom
                reduce  custom {total: 30}
        "#]],
    );
}

#[test]
fn fan_out_and_in_where_one_source_fails() {
    check(
        |tracer| {
            let pool = Queue::new(3);
            tracer.span("fan_out_fan_in", SpanType::Agent).in_scope(|whole| {
                let found = tracer.span("fan_out", SpanType::Custom).in_scope(|fan_out| {
                    let worker_tracer = tracer.clone();
                    let query = Arc::new(copy_context_to_thread(move |(source, text)| {
                        query_source(&worker_tracer, source, text)
                    }));
                    let jobs = ["database", "api", "cache"].map(|source| {
                        let query = query.clone();
                        (source, pool.spawn_traced(move || query((source, "rust"))))
                    });
                    let mut found = Vec::new();
                    for (source, job) in jobs {
                        match job.join().unwrap() {
                            Ok(items) => found.push(items),
                            Err(error) => {
                                fan_out.add_event(format!("{source}_failed"), [("error", error)]);
                            }
                        }
                    }
                    fan_out.set_attribute("sources_queried", 3);
                    fan_out.set_attribute("successful_queries", found.len());
                    found
                });
                tracer.span("fan_in", SpanType::Custom).in_scope(|_| {
                    tracer.span("aggregate", SpanType::Custom).in_scope(|span| {
                        span.set_attribute("total_items", found.iter().sum::<i64>());
                    });
                });
                whole.set_attribute("final_count", found.len());
            });
        },
        &expect![[r#"
            fan_out_fan_in  agent {final_count: 2}
              fan_in  custom
                aggregate  custom {total_items: 4}
              fan_out  custom {sources_queried: 3, successful_queries: 2}
                • api_failed {error: no route}
                query_api  retrieval {source: api, query: rust, error.type: alloc::string::String} error: no route
                  • exception {exception.type: alloc::string::String, exception.message: no route}
                query_cache  retrieval {source: cache, query: rust}
                query_database  retrieval {source: database, query: rust}
        "#]],
    );
}

fn query_source(tracer: &Tracer, source: &str, text: &str) -> Result<i64, String> {
    tracer
        .span(format!("query_{source}"), SpanType::Retrieval)
        .attr("source", source.to_owned())
        .attr("query", text.to_owned())
        .in_scope_result(|_| if source == "api" { Err("no route".to_owned()) } else { Ok(2) })
}

#[test]
fn waiting_for_a_rate_limit_is_in_no_span_but_the_batch() {
    let capture = Capture::new();
    let (tracer, clock) = (capture.tracer(), capture.clock());
    let interval = Duration::from_millis(200);
    let round = Barrier::new(10);
    tracer.span("rate_limited_batch", SpanType::Agent).in_scope(|batch| {
        let operation = copy_context_to_thread(|item: usize| {
            clock.advance(interval);
            // The clock stands still while spans are open.
            round.wait();
            tracer.span(format!("operation_{item}"), SpanType::Tool).in_scope(|_| ());
            round.wait();
        });
        std::thread::scope(|threads| {
            for worker in 0..10 {
                let operation = &operation;
                threads.spawn(move || (0..2).for_each(|n| operation(2 * worker + n)));
            }
        });
        batch.set_attribute("completed", 20);
    });

    let spans = capture.spans();
    let (batch, operations) = spans.split_last().unwrap();
    assert_eq!((batch.name.as_ref(), batch.duration()), ("rate_limited_batch", 20 * interval));
    assert_eq!(operations.len(), 20);
    for operation in operations {
        assert_eq!(operation.parent_span_id, Some(batch.span_context.span_id()));
        assert_eq!(operation.duration(), Duration::ZERO);
    }
}
