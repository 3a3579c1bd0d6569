//! Tokens and cost of traces: one rule, wherever they are shown.

use crate::commands::say;
use crate::requests::{pair, span, trace_id};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::ids::TraceId;
use prela_cli::query::{Filter, Reader, Usage};
use prela_cli::render::rows;
use prela_cli::store::{Options, Store};
use std::path::Path;

/// Tokens in and out, and cost in thousandths of a dollar.
type Said = [u64; 3];

/// A span of the trace with a number, with its parent's (0: none) and with what it says itself.
fn says((number, parent, said): (u64, u64, Said)) -> Span {
    let whole = |number: u64| Value::IntValue(number.cast_signed());
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let dollars = Value::DoubleValue(said[2] as f64 / 1_000.0);
    let all = [
        ("gen_ai.usage.input_tokens", whole(said[0])),
        ("gen_ai.usage.output_tokens", whole(said[1])),
        ("llm.cost.total", dollars),
    ];
    let used = all.into_iter().zip(said).filter(|(_, number)| *number > 0);
    let attributes = used.map(|((key, value), _)| pair(key, value)).collect();
    Span { attributes, ..span(1, number, parent) }
}

fn usage([input_tokens, output_tokens, cost]: Said) -> Usage {
    Usage { input_tokens, output_tokens, cost_nusd: cost * 1_000_000 }
}

/// A shape of a trace: its spans, and what it used.
type Shape = (&'static str, Vec<(u64, u64, Said)>, Said);

fn shapes() -> Vec<Shape> {
    vec![
        ("nothing is used", vec![(1, 0, [0; 3]), (2, 1, [0; 3])], [0; 3]),
        ("one call", vec![(1, 0, [5, 2, 9])], [5, 2, 9]),
        (
            "an agent that says nothing",
            vec![(1, 0, [0; 3]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1]), (4, 3, [0; 3])],
            [6, 3, 10],
        ),
        (
            "an agent that repeats its calls",
            vec![(1, 0, [6, 3, 10]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1])],
            [6, 3, 10],
        ),
        (
            "an agent with tokens, its calls with the price",
            vec![(1, 0, [6, 3, 0]), (2, 1, [5, 2, 9]), (3, 1, [1, 1, 1])],
            [6, 3, 10],
        ),
        ("the price above, tokens below", vec![(1, 0, [0, 0, 7]), (2, 1, [5, 2, 0])], [5, 2, 7]),
        (
            "agents in agents",
            vec![
                (1, 0, [0; 3]),
                (2, 1, [9, 9, 0]),
                (3, 2, [4, 4, 0]),
                (4, 3, [4, 4, 2]),
                (5, 1, [1, 1, 1]),
            ],
            [10, 10, 3],
        ),
        (
            "what is between them says nothing",
            vec![(1, 0, [9, 9, 9]), (2, 1, [0; 3]), (3, 2, [0; 3]), (4, 3, [9, 9, 9])],
            [9, 9, 9],
        ),
        (
            "a parent that never comes",
            vec![(1, 0, [6, 3, 1]), (2, 1, [5, 2, 1]), (3, 77, [4, 4, 4]), (4, 3, [4, 4, 4])],
            [10, 7, 5],
        ),
        ("two roots", vec![(1, 0, [1, 1, 1]), (2, 0, [2, 2, 2]), (3, 2, [2, 2, 2])], [3, 3, 3]),
        ("a circle", vec![(1, 2, [0; 3]), (2, 1, [5, 2, 9])], [5, 2, 9]),
    ]
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let longer = |shorter: Vec<usize>| {
        (0..count).map(move |at| [&shorter[..at], &[count - 1], &shorter[at..]].concat())
    };
    orders(count - 1).into_iter().flat_map(longer).collect()
}

fn listed(path: &Path) -> Usage {
    let all = Reader::open(path).unwrap().list(&Filter::default()).unwrap();
    all[0].usage()
}

#[test]
fn a_list_counts_as_the_tree_does_in_whatever_order_spans_come() {
    for (shape, spans, expected) in shapes() {
        for order in orders(spans.len()) {
            let (_dir, path, store) = fresh();
            // A commit for each.
            for at in &order {
                store.insert_blocking(batch(vec![says(spans[*at])])).unwrap();
            }
            assert_eq!(listed(&path), usage(expected), "{shape}, {order:?}");
        }
        // At once, and with a new process before each span, which remembers nothing.
        let (_dir, path, store) = fresh();
        store.insert_blocking(batch(spans.iter().copied().map(says).collect())).unwrap();
        assert_eq!(listed(&path), usage(expected), "{shape}");
        let (_dir, path, store) = fresh();
        drop(store);
        for one in spans.iter().rev() {
            let store = Store::open(&path, Options::default()).unwrap();
            store.insert_blocking(batch(vec![says(*one)])).unwrap();
        }
        assert_eq!(listed(&path), usage(expected), "{shape}");
        // The rows of the waterfall that are at the top say the same.
        let reader = Reader::open(&path).unwrap();
        let trace = reader.trace(TraceId(trace_id(1).try_into().unwrap())).unwrap();
        let rows = rows(&trace, &[]);
        let tops: Vec<_> = rows.iter().filter(|row| row.depth == 0).collect();
        if let [top] = tops[..] {
            assert_eq!(top.usage, prela_cli::render::usage(usage(expected)), "{shape}");
        }
    }
}

#[test]
fn a_span_that_ends_with_other_figures_counts_with_those() {
    let (_dir, path, store) = fresh();
    let running = |span: Span| Span { end_time_unix_nano: 0, ..span };
    let send = |spans: Vec<Span>| {
        store.insert_blocking(batch(spans)).unwrap();
        listed(&path)
    };
    let agent = |said| says((1, 0, said));
    assert_eq!(send(vec![running(agent([0; 3]))]), usage([0; 3]));
    assert_eq!(send(vec![says((2, 1, [5, 2, 9]))]), usage([5, 2, 9]));
    assert_eq!(send(vec![running(agent([3, 1, 0]))]), usage([3, 1, 9]), "it knows some already");
    // Both within one commit, and sent again.
    let both = vec![running(agent([4, 1, 0])), agent([6, 3, 0]), says((3, 1, [1, 1, 1]))];
    assert_eq!(send(both.clone()), usage([6, 3, 10]));
    assert_eq!(send(both), usage([6, 3, 10]));
}

/// Stores of before have plain sums.
#[test]
fn a_store_of_an_earlier_version_is_summed_up_anew() {
    let (_dir, path, store) = fresh();
    let (_, spans, expected) = shapes().remove(3);
    store.insert_blocking(batch(spans.iter().copied().map(says).collect())).unwrap();
    store.insert_blocking(batch(vec![span(2, 1, 0)])).unwrap();
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch("UPDATE trace SET tok_in = 12, tok_out = 6, cost_nusd = 20 WHERE tok_in > 0; PRAGMA user_version = 3;")
        .unwrap();
    drop(old);
    drop(Store::open(&path, Options::default()).unwrap());
    let all = Reader::open(&path).unwrap().list(&Filter::default()).unwrap();
    let used: Vec<_> = all.iter().map(|it| it.usage()).collect();
    assert_eq!(used, [usage([0; 3]), usage(expected)]);
}

/// A list, one trace, the page's columns and `prela mcp` of one shape that plain sums would count twice.
#[test]
fn every_view_says_the_same() {
    let (_dir, path, store) = fresh();
    let spans = [(1, 0, [0; 3]), (2, 1, [600, 30, 0]), (3, 2, [500, 20, 4]), (4, 2, [100, 10, 6])];
    store.insert_blocking(batch(spans.into_iter().map(says).collect())).unwrap();
    let (json, _, _) = say(&path, 80, &["list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let numbers = ["input_tokens", "output_tokens", "cost_nusd"].map(|key| json[0][key].as_u64());
    assert_eq!(numbers, [Some(600), Some(30), Some(10_000_000)]);
    let (shown, _, _) = say(&path, 120, &["last"]);
    let said: Vec<_> =
        shown.lines().skip(1).map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert!(said[0].ends_with("600→30 $0.0100") && said[1].ends_with("600→30 $0.0100"), "{shown}");
    assert!(said[2].ends_with("500→20 $0.0040"), "{shown}");
}

/// A trace that grows by one commit after the other is not read anew each time.
#[test]
fn a_long_trace_is_summed_up_as_it_grows() {
    let (_dir, path, store) = fresh();
    for part in 0..40_u64 {
        let spans = (1..=500).map(|at| {
            let number = 1 + part * 500 + at;
            says((number, if number % 7 == 0 { 1 } else { number - 1 }, [1, 1, 1]))
        });
        store.insert_blocking(batch(spans.collect())).unwrap();
    }
    let before = listed(&path);
    assert!(before.input_tokens > 0);
    store.insert_blocking(batch(vec![says((1, 0, [7, 7, 7]))])).unwrap();
    assert_eq!(listed(&path), usage([7, 7, 7]), "the root says it for all");
}
