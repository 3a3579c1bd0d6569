//! Waiting in a future.

use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// Waits by tokio's timer or, outside of tokio, by a thread of its own.
pub(crate) async fn delay(time: Duration) {
    if time.is_zero() {
        return;
    }
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::sleep(time).await;
    }
    let (done, is_done) = oneshot::channel::<()>();
    let timer = thread::Builder::new().name("prela-delay".to_owned()).spawn(move || {
        thread::sleep(time);
        // Nobody may wait any more.
        let _: Result<(), ()> = done.send(());
    });
    match timer {
        Ok(_) => drop(is_done.await),
        // No thread to be had: late is better than too early.
        Err(_) => thread::sleep(time),
    }
}
