//! Async functions, and functions that return a future.

use super::Noisy;
use super::global::{block_on, check, check_async};
use expect_test::expect;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Mutex;
use std::task::{Context, Waker};

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[prela::trace(span_type = "tool")]
async fn fetch(url: &str) -> usize {
    tokio::task::yield_now().await;
    url.len()
}

#[prela::trace(span_type = "agent", fields(urls = urls.len()))]
async fn fetch_all<T: AsRef<str> + Sync>(urls: &[T], label: impl Into<String> + Send) -> String {
    let mut sum = 0;
    for url in urls {
        sum += fetch(url.as_ref()).await;
    }
    format!("{}: {sum}", label.into())
}

#[test]
fn a_call_is_a_span_across_awaits() {
    check_async(
        "a_call_is_a_span_across_awaits",
        async {
            let (one, two) = tokio::join!(
                fetch_all(&["a", "bc"], "one"),
                fetch_all(&["d"], String::from("two"))
            );
            assert_eq!((one.as_str(), two.as_str()), ("one: 3", "two: 1"));
        },
        &expect![[r#"
            fetch_all  agent {urls: 1}
              fetch  tool
            fetch_all  agent {urls: 2}
              fetch  tool
              fetch  tool
        "#]],
    );
}

struct Client {
    base: String,
    calls: u32,
}

impl Client {
    #[prela::trace]
    async fn get<'a>(&'a self, path: &str) -> &'a str {
        fetch(path).await;
        &self.base
    }

    #[prela::trace]
    async fn count(&mut self) -> &mut u32 {
        self.calls += 1;
        tokio::task::yield_now().await;
        &mut self.calls
    }

    #[prela::trace]
    async fn close(mut self) -> String {
        self.base.push('.');
        self.base
    }

    #[prela::trace]
    async fn from_pin(self: Pin<&mut Self>) -> u32 {
        self.calls
    }
}

#[test]
fn methods_borrow_across_awaits() {
    check_async(
        "methods_borrow_across_awaits",
        async {
            let mut client = Client { base: "a.b".to_owned(), calls: 0 };
            assert_eq!(assert_send(client.get("/")).await, "a.b");
            *assert_send(client.count()).await += 1;
            assert_eq!(assert_send(Pin::new(&mut client).from_pin()).await, 2);
            assert_eq!(assert_send(client.close()).await, "a.b.");
        },
        &expect![[r#"
            close  custom
            count  custom
            from_pin  custom
            get  custom
              fetch  tool
        "#]],
    );
}

#[prela::trace]
async fn patterns(
    (mut a, b): (u32, u32),
    [first, ..]: [u32; 3],
    mut total: u32,
    _: &Mutex<u32>,
) -> u32 {
    a += b;
    fetch("x").await;
    total += a + first;
    total
}

#[prela::trace]
async fn not_send(value: Rc<RefCell<u32>>) -> u32 {
    fetch("local").await;
    *value.borrow_mut() += 1;
    value.take()
}

#[prela::trace]
fn explicit(url: &str) -> impl Future<Output = usize> + Send {
    assert!(!url.is_empty(), "this runs at the call");
    fetch(url)
}

#[prela::trace]
fn boxed<'a>(url: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    if url.is_empty() {
        return Box::pin(async { 0 });
    }
    Box::pin(fetch(url))
}

#[prela::trace(name = "short")]
fn boxed_in_short(url: &str) -> BoxFuture<'_, usize> {
    fetch(url).boxed()
}

#[prela::trace]
fn boxed_local(url: Rc<str>) -> LocalBoxFuture<'static, usize> {
    async move { fetch(&url).await }.boxed_local()
}

#[test]
fn async_functions_of_every_signature_can_be_traced() {
    check_async(
        "signatures_async",
        async {
            let lock = Mutex::new(0);
            assert_eq!(assert_send(patterns((1, 2), [3, 4, 5], 6, &lock)).await, 12);
            assert_eq!(not_send(Rc::default()).await, 1);
            assert_eq!(assert_send(explicit("abc")).await, 3);
            assert_eq!(assert_send(boxed("")).await, 0);
            assert_eq!(assert_send(boxed("ab")).await, 2);
            assert_eq!(assert_send(boxed_in_short("ab")).await, 2);
            assert_eq!(boxed_local("ab".into()).await, 2);
        },
        &expect![[r#"
            boxed  custom
            boxed  custom
              fetch  tool
            boxed_local  custom
              fetch  tool
            explicit  custom
              fetch  tool
            not_send  custom
              fetch  tool
            patterns  custom
              fetch  tool
            short  custom
              fetch  tool
        "#]],
    );
}

#[prela::trace]
async fn countdown(n: u32) -> u32 {
    if n == 0 { 0 } else { 1 + Box::pin(countdown(n - 1)).await }
}

#[test]
fn recursion_nests() {
    check_async(
        "recursion_async",
        async { assert_eq!(assert_send(countdown(2)).await, 2) },
        &expect![[r#"
            countdown  custom
              countdown  custom
                countdown  custom
        "#]],
    );
}

#[test]
fn the_parent_is_the_caller_on_any_task() {
    check(
        "the_parent_is_the_caller",
        || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
            // Spawned without any help.
            let tasks = [fetch("a"), fetch("b")].map(|call| runtime.spawn(call));
            runtime.block_on(async {
                for task in tasks {
                    assert_eq!(task.await.unwrap(), 1);
                }
            });
        },
        &expect![[r#"
            fetch  tool
            fetch  tool
        "#]],
    );
}

#[prela::trace(ret)]
#[tokio::main(flavor = "current_thread")]
async fn above_another_macro() -> usize {
    fetch("c").await
}

#[tokio::main(flavor = "current_thread")]
#[prela::trace(ret)]
async fn below_another_macro() -> usize {
    fetch("d").await
}

#[prela::trace]
#[must_use]
async fn with_must_use() -> usize {
    fetch("e").await
}

#[test]
fn other_attributes_stay() {
    check(
        "other_attributes_stay",
        || {
            assert_eq!(above_another_macro(), 1);
            assert_eq!(below_another_macro(), 1);
            assert_eq!(block_on(with_must_use()), 1);
        },
        &expect![[r#"
            above_another_macro  custom {prela.return: 1}
              fetch  tool
            below_another_macro  custom {prela.return: 1}
              fetch  tool
            with_must_use  custom
              fetch  tool
        "#]],
    );
}

async fn dropped_plainly(a: Noisy, _: Noisy, (c, _): (Noisy, Noisy), _d: Noisy) {
    let _local = Noisy("local", c.1.clone());
    tokio::task::yield_now().await;
    drop(a);
}

#[prela::trace]
async fn dropped_traced(a: Noisy, _: Noisy, (c, _): (Noisy, Noisy), _d: Noisy) {
    let _local = Noisy("local", c.1.clone());
    tokio::task::yield_now().await;
    drop(a);
}

#[test]
fn arguments_live_until_the_future_is_done() {
    let run = |is_traced| {
        let log = Rc::default();
        let noisy = |name| Noisy(name, Rc::clone(&log));
        let (a, b, c, rest, d) = (noisy("a"), noisy("b"), noisy("c"), noisy("rest"), noisy("d"));
        if is_traced {
            block_on(dropped_traced(a, b, (c, rest), d));
        } else {
            block_on(dropped_plainly(a, b, (c, rest), d));
        }
        log.take()
    };
    check(
        "arguments_live",
        || {
            assert_eq!(run(false), ["a", "local", "d", "c", "rest", "b"]);
            // What a pattern leaves goes last, the others in the usual order.
            assert_eq!(run(true), ["a", "local", "d", "c", "b", "rest"]);
        },
        &expect![[r#"
            dropped_traced  custom
        "#]],
    );
}

#[test]
fn a_future_dropped_early_is_cancelled() {
    check(
        "a_future_dropped_early",
        || {
            let mut call = Box::pin(fetch("never"));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            drop(call);
            drop(fetch("not even polled"));
        },
        &expect![[r#"
            fetch  tool {error.type: cancelled} error: dropped before it was done
              • cancelled
        "#]],
    );
}
