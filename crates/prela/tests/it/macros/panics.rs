//! Panics are recorded and go on.

use super::global::check_async;
use expect_test::expect;
use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[prela::trace]
fn panics(what: &str) -> u32 {
    panic!("no {what}")
}

#[prela::trace(err, ret)]
async fn panics_later(what: String) -> Result<u32, String> {
    tokio::task::yield_now().await;
    panic!("no {what}")
}

#[prela::trace]
fn never() -> ! {
    panic!("never")
}

#[prela::trace]
async fn never_later() -> ! {
    panic!("never later")
}

#[prela::trace]
#[track_caller]
fn panics_for_its_caller() {
    panic!("the caller's")
}

#[prela::trace]
fn panics_before_its_future() -> impl Future<Output = ()> {
    if true {
        panic!("before the future");
    }
    async {}
}

#[test]
fn panics_are_recorded_and_go_on() {
    check_async(
        "panics",
        async {
            let panic = catch_unwind(|| panics("luck")).unwrap_err();
            assert_eq!(panic.downcast_ref::<String>().unwrap(), "no luck");
            let later = AssertUnwindSafe(panics_later("luck".to_owned()));
            let panic = later.catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<String>().unwrap(), "no luck");
            assert!(catch_unwind(|| never()).is_err());
            assert!(AssertUnwindSafe(never_later()).catch_unwind().await.is_err());
            assert!(catch_unwind(panics_for_its_caller).is_err());
            assert!(catch_unwind(|| drop(panics_before_its_future())).is_err());
        },
        &expect![[r#"
            never  custom {error.type: panic} error: never
              • exception {exception.type: panic, exception.message: never, exception.escaped: true}
            never_later  custom {error.type: panic} error: never later
              • exception {exception.type: panic, exception.message: never later, exception.escaped: true}
            panics  custom {error.type: panic} error: no luck
              • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
            panics_before_its_future  custom {error.type: panic} error: before the future
              • exception {exception.type: panic, exception.message: before the future, exception.escaped: true}
            panics_for_its_caller  custom {error.type: panic} error: panicked while the span was entered
              • exception {exception.type: panic, exception.message: panicked while the span was entered, exception.escaped: true}
            panics_later  custom {error.type: panic} error: no luck
              • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
        "#]],
    );
}
