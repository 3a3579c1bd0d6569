//! What is recorded: only what was asked for.

use super::global::{UNSAMPLED, block_on, check, check_async};
use expect_test::expect;
use prela::Value;
use std::cell::Cell;
use std::fmt::{self, Debug};

#[derive(Debug)]
struct Query {
    text: &'static str,
    limit: usize,
}

const QUERY: Query = Query { text: "rust", limit: 3 };

struct Secret;

#[prela::trace]
fn by_default(_query: &Query, _secret: Secret) {}

#[prela::trace(skip(secret))]
fn with_skip(query: &Query, secret: Secret, n: u8) -> usize {
    let Secret = secret;
    query.limit + usize::from(n)
}

#[prela::trace(skip())]
fn with_empty_skip(query: &Query, (a, mut b): (u8, u8)) -> u8 {
    let _ = query;
    b += a;
    b
}

#[prela::trace(skip_all, fields(limit = query.limit))]
fn with_skip_all(query: &Query, _secret: Secret) -> &str {
    query.text
}

#[test]
fn arguments_are_recorded_if_asked_for() {
    check(
        "arguments_are_recorded",
        || {
            by_default(&QUERY, Secret);
            with_skip(&QUERY, Secret, 1);
            with_empty_skip(&QUERY, (1, 2));
            with_skip_all(&QUERY, Secret);
        },
        &expect![[r#"
            by_default  custom
            with_empty_skip  custom {query: Query { text: "rust", limit: 3 }, a: 1, b: 2}
            with_skip  custom {query: Query { text: "rust", limit: 3 }, n: 1}
            with_skip_all  custom {limit: 3}
        "#]],
    );
}

#[prela::trace(fields(
    text = query.text,
    "query.limit" = query.limit,
    shown = %format_args!("<{}>", query.text),
    debug = ?query.text,
    list = vec![1, 2],
    sum = 1 + 2,
    negated = !query.text.is_empty(),
    range = ?1..3,
    value = Value::map([("a", 1)]),
    type = "a keyword",
))]
fn with_fields(query: &Query) -> usize {
    query.limit
}

#[prela::trace(skip(client), fields(url = %url, length = url.len()))]
async fn with_fields_async(client: Secret, url: String, (a, _): (u8, u8)) -> String {
    tokio::task::yield_now().await;
    let Secret = client;
    format!("{url}{a}")
}

#[test]
fn fields_are_expressions_of_arguments() {
    check(
        "fields_are_expressions",
        || assert_eq!(with_fields(&QUERY), 3),
        &expect![[r#"
            with_fields  custom {text: rust, query.limit: 3, shown: <rust>, debug: "rust", list: [1, 2], sum: 3, negated: true, range: 1..3, value: {a: 1}, type: a keyword}
        "#]],
    );
    check_async(
        "fields_are_expressions_async",
        async { assert_eq!(with_fields_async(Secret, "a/b".to_owned(), (1, 2)).await, "a/b1") },
        &expect![[r#"
            with_fields_async  custom {url: a/b, a: 1, length: 3}
        "#]],
    );
}

#[prela::trace(ret)]
fn returns_debug() -> Option<&'static str> {
    Some("text")
}

#[prela::trace(ret(Display))]
fn returns_display() -> &'static str {
    "text"
}

#[prela::trace(ret)]
async fn returns_later() -> Vec<u8> {
    tokio::task::yield_now().await;
    vec![1, 2]
}

#[test]
fn results_are_recorded_if_asked_for() {
    check_async(
        "results_are_recorded",
        async {
            returns_debug();
            returns_display();
            returns_later().await;
        },
        &expect![[r#"
            returns_debug  custom {prela.return: Some("text")}
            returns_display  custom {prela.return: text}
            returns_later  custom {prela.return: [1, 2]}
        "#]],
    );
}

struct Broken;

impl Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text for this")
    }
}

#[prela::trace(skip(), ret, fields(fails = 1 / zero, after = 2))]
fn with_broken_values(broken: Broken, zero: u32) -> Broken {
    let _ = zero;
    broken
}

#[test]
fn a_value_that_panics_is_left_out() {
    check(
        "a_value_that_panics",
        || {
            let Broken = with_broken_values(Broken, 0);
        },
        &expect![[r#"
            with_broken_values  custom {zero: 0, after: 2}
        "#]],
    );
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.set(EVALUATED.get() + 1);
    EVALUATED.get()
}

#[prela::trace(fields(evaluated = evaluated()))]
fn counted() {}

#[test]
fn fields_are_evaluated_once_and_only_if_recorded() {
    check(
        "fields_are_evaluated",
        counted,
        &expect![[r#"
        counted  custom {evaluated: 1}
    "#]],
    );
    assert_eq!(EVALUATED.get(), 1);

    prela::tracer().span_default(UNSAMPLED).root().in_scope(|_| counted());
    assert_eq!(EVALUATED.get(), 1);
}

#[prela::trace(fields(evaluated = true))]
async fn polled_elsewhere() {}

#[test]
fn what_counts_is_where_the_call_was() {
    check(
        "what_counts",
        || {
            let call = polled_elsewhere();
            prela::tracer().span_default(UNSAMPLED).root().in_scope(|_| block_on(call));
        },
        &expect![[r#"
            polled_elsewhere  custom {evaluated: true}
        "#]],
    );
}
