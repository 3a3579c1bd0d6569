//! One call of an exporter.

use super::queue::ExporterQueue;
use super::request::Request;
use crate::export::{AnyExporter, ExportFuture, Exported};
use crate::{Error, ErrorKind};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Hands a request to its exporter, once.
///
/// `queue` is given if the request can go to the disk instead: near the end of a shutdown's time the attempt is
/// then cut short.
pub(super) async fn attempt(
    exporter: &mut AnyExporter,
    request: &Request,
    within: Duration,
    queue: Option<&ExporterQueue>,
) -> Result<Exported, Error> {
    let call = pin!(guarded("export", within, move || begin(exporter, request)));
    let cut_off = pin!(async move {
        let until = match queue {
            Some(queue) => closes(queue).await,
            None => None,
        };
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    });
    let result = match select(call, cut_off).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => {
            Err(Error::new(ErrorKind::Timeout, "export: not done before the shutdown"))
        }
    };
    result.map_err(|error| match (request, error.kind()) {
        // The time for one attempt is over, not that for all.
        (Request::Bytes { .. }, ErrorKind::Timeout) if error.retry_after().is_none() => {
            error.with_retry(Duration::ZERO)
        }
        _ => error,
    })
}

/// Runs a method of an exporter, which may be the user's: it may fail, hang and panic.
pub(super) async fn guarded<'a, T>(
    what: &str,
    within: Duration,
    call: impl FnOnce() -> ExportFuture<'a, T>,
) -> Result<T, Error> {
    // Called inside the future, so that a panic before its first await is caught as well.
    let call = AssertUnwindSafe(async move { call().await }).catch_unwind();
    match timeout(within, call).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Error::new(ErrorKind::Io, format!("{what}: the exporter panicked"))),
        Err(_elapsed) => {
            Err(Error::new(ErrorKind::Timeout, format!("{what}: not done after {within:?}")))
        }
    }
}

fn begin<'a>(exporter: &'a mut AnyExporter, request: &'a Request) -> ExportFuture<'a, Exported> {
    match (exporter, request) {
        (AnyExporter::Spans(exporter), Request::Spans(batch)) => exporter.export(batch),
        (AnyExporter::Encoded(exporter), Request::Bytes { body, .. }) => {
            exporter.send(body.clone())
        }
        // Never happens: a request is made for its exporter.
        _ => Box::pin(async { Err(Error::new(ErrorKind::Io, "export: wrong kind of request")) }),
    }
}

/// Waits until the queue is closing. Returns when attempts must end; none if at no given time.
async fn closes(queue: &ExporterQueue) -> Option<Instant> {
    loop {
        if let Some(closing) = queue.closing() {
            return closing.last_attempt(true).map(Instant::from_std);
        }
        queue.signals.hurried().await;
    }
}
