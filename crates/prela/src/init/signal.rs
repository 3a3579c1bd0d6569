//! Ctrl-C and SIGTERM.

mod received;

use self::received::{Signal, Signals};
use super::{Prela, running};
use crate::{Error, ErrorKind};
use std::future::{self, Future};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Completes when the process is asked to end, by Ctrl-C or SIGTERM, on Windows by Ctrl-C or Ctrl-Break;
/// at once if it was asked before.
///
/// For servers that finish their requests and then drop their [`Prela`]. Every caller is told. It needs no
/// runtime, and works beside handlers of the program's own. From the first call on, while such a future exists,
/// the first signal no longer ends the process. A second one does, and what is queued is lost.
///
/// If no handler can be installed it never completes, and a signal ends the process as before.
///
/// # Examples
///
/// ```
/// # use axum::Router;
/// async fn serve(app: Router) -> Result<(), Box<dyn std::error::Error>> {
///     let _prela = prela::init("shop")?; // dropped behind the last request
///     let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await?;
///     axum::serve(listener, app).with_graceful_shutdown(prela::shutdown_signal()).await?;
///     Ok(())
/// }
/// ```
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    let asked = Listener::get().map(|listener| listener.asked.subscribe());
    async move {
        if let Ok(mut asked) = asked
            && asked.wait_for(|asked| *asked).await.is_ok()
        {
            return;
        }
        future::pending().await
    }
}

impl Prela {
    /// Makes Ctrl-C and SIGTERM, on Windows Ctrl-C and Ctrl-Break, send what is queued before they end the
    /// process. It still ends by the signal, as whoever started it sees. Every running instance is shut down,
    /// for at most its [`shutdown_timeout`](crate::Builder::shutdown_timeout). A second signal ends the process
    /// at once.
    ///
    /// For programs that do nothing else on a signal; those that finish their work first use
    /// [`shutdown_signal`](crate::shutdown_signal). It needs no runtime, only a thread that waits. Spans that
    /// are open are not recorded.
    ///
    /// A process forked from this one gets the handler and not the thread: it ignores both signals.
    ///
    /// # Errors
    ///
    /// [`Io`](ErrorKind::Io) if the thread or the handler cannot be set up.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn main() -> Result<(), prela::Error> {
    /// let prela = prela::init("worker")?;
    /// prela.shutdown_on_signal()?;
    /// loop {
    ///     prela::tracer().span_default("step").in_scope(|_| ());
    /// }
    /// # }
    /// ```
    pub fn shutdown_on_signal(&self) -> Result<(), Error> {
        Listener::get()?.ends.store(true, Ordering::Release);
        Ok(())
    }
}

/// The thread that waits for signals, one for the process.
struct Listener {
    asked: watch::Sender<bool>,
    /// Whether a signal ends the process even if futures wait for it.
    ends: AtomicBool,
}

static LISTENER: Mutex<Option<Arc<Listener>>> = Mutex::new(None);

impl Listener {
    /// Starts it, if it was not started before.
    fn get() -> Result<Arc<Self>, Error> {
        let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = &*listener {
            return Ok(listener.clone());
        }
        let new = Arc::new(Self { asked: watch::Sender::new(false), ends: AtomicBool::new(false) });
        new.clone().start()?;
        Ok(listener.insert(new).clone())
    }

    fn start(self: Arc<Self>) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed("start the runtime for signals", error))?;
        let signals = {
            let _entered = runtime.enter();
            Signals::new()
        };
        let signals = match signals {
            Ok(signals) => signals,
            Err(error) => {
                runtime.shutdown_background(); // this may be an async task
                return Err(failed("handle signals", error));
            }
        };
        let run = move || runtime.block_on(self.listen(signals));
        thread::Builder::new()
            .name("prela-signal".to_owned())
            .spawn(run)
            .map_err(|error| failed("start the thread for signals", error))?;
        Ok(())
    }

    async fn listen(&self, mut signals: Signals) {
        let first = signals.next().await;
        let at = Instant::now();
        let is_left_to_us = self.ends.load(Ordering::Acquire) || self.asked.receiver_count() == 0;
        self.asked.send_replace(true);
        if is_left_to_us {
            end_by(first);
        }
        loop {
            let next = signals.next().await;
            // `timeout` and package managers send the same one twice.
            if at.elapsed() >= AT_ONCE {
                next.end_process();
            }
        }
    }
}

/// Ends the process by the signal, on a thread of its own, since a second one may come meanwhile.
fn end_by(signal: Signal) {
    let end = move || {
        running::end_all();
        signal.end_process()
    };
    let thread = thread::Builder::new().name("prela-end".to_owned()).spawn(end);
    if thread.is_err() {
        signal.end_process();
    }
}

fn failed(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, what).with_source(error)
}

const AT_ONCE: Duration = Duration::from_millis(100);
