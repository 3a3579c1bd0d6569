//! Functions that return a stream: the span covers all of it.

use super::global::check_async;
use expect_test::expect;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream, LocalBoxStream, Stream};
use std::pin::Pin;

#[prela::trace]
async fn token(index: usize) -> usize {
    tokio::task::yield_now().await;
    index
}

#[prela::trace(span_type = "tool", fields(length = prompt.len()))]
fn complete(prompt: &str) -> impl Stream<Item = usize> + Send + use<> {
    stream::iter(0..prompt.len()).then(token)
}

#[prela::trace]
fn boxed<'a>(prompt: &'a str) -> Pin<Box<dyn Stream<Item = char> + Send + 'a>> {
    if prompt.is_empty() {
        return Box::pin(stream::empty());
    }
    Box::pin(stream::iter(prompt.chars()))
}

#[prela::trace]
fn boxed_in_short(prompt: &str) -> BoxStream<'_, char> {
    stream::iter(prompt.chars()).boxed()
}

#[prela::trace]
fn boxed_local(prompt: &str) -> LocalBoxStream<'_, char> {
    stream::iter(prompt.chars()).boxed_local()
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn the_span_covers_the_stream() {
    check_async(
        "the_span_covers_the_stream",
        async {
            let tokens: Vec<usize> = assert_send(complete("ab")).collect().await;
            assert_eq!(tokens, [0, 1]);
            assert_eq!(assert_send(boxed("")).count().await, 0);
            assert_eq!(boxed("ab").collect::<String>().await, "ab");
            assert_eq!(assert_send(boxed_in_short("abc")).count().await, 3);
            assert_eq!(boxed_local("a").count().await, 1);
        },
        &expect![[r#"
            boxed  custom {prela.stream.items: 0}
            boxed  custom {prela.stream.items: 2}
            boxed_in_short  custom {prela.stream.items: 3}
            boxed_local  custom {prela.stream.items: 1}
            complete  tool {length: 2, prela.stream.items: 2}
              token  custom
              token  custom
        "#]],
    );
}

#[test]
fn the_parent_is_the_caller() {
    check_async(
        "the_parent_of_a_stream",
        async {
            let stream = complete("a");
            prela::new_trace_context(|_| tokio::spawn(stream.collect::<Vec<_>>())).await.unwrap();
        },
        &expect![[r#"
            complete  tool {length: 1, prela.stream.items: 1}
              token  custom
        "#]],
    );
}

#[test]
fn a_stream_dropped_early_is_cancelled() {
    check_async(
        "a_stream_dropped_early",
        async {
            let mut stream = boxed_in_short("abc");
            assert_eq!(stream.next().await, Some('a'));
        },
        &expect![[r#"
            boxed_in_short  custom {prela.stream.items: 1, error.type: cancelled} error: dropped before it was done
              • cancelled
        "#]],
    );
}
