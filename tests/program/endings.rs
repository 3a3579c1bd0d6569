//! A program that ends in one of the ways that programs end, with spans that nothing has sent yet.

use axum::Router;
use axum::routing::get;
use prela::http::ServerLayer;
use prela::opentelemetry::trace::{Tracer as _, TracerProvider as _};
use prela::spool::Spool;
use prela::testing::Capture;
use prela::{Prela, SpanType};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, io, process, thread};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// What the program ends with where it says so itself.
const STATUS: i32 = 7;

/// Shut down by nobody.
static KEPT: OnceLock<Prela> = OnceLock::new();

pub fn run(how: &str) {
    match how {
        "return" => {
            let _prela = prela::init("endings").unwrap();
            work();
        }
        "exit" => {
            let _prela = prela::init("endings").unwrap();
            work();
            process::exit(STATUS);
        }
        "exit in a runtime" => runtime().block_on(async {
            let _prela = prela::init("endings").unwrap();
            work();
            process::exit(STATUS);
        }),
        "exit with an instance of its own" => {
            let prela = prela::builder().build().unwrap();
            spans(&prela.tracer());
            process::exit(STATUS);
        }
        "exit with two instances" => {
            let (first, second) = (prela::builder().build().unwrap(), prela::init("x").unwrap());
            spans(&first.tracer());
            spans(&second.tracer());
            process::exit(STATUS);
        }
        #[cfg(unix)]
        "exit of a fork" => {
            let _prela = prela::init("endings").unwrap();
            work();
            // SAFETY: the child makes no use of what other threads may have been at.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                work();
                process::exit(0);
            }
            // SAFETY: waits for the child, and is not interested in how it ended.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
        }
        "exit after shutdown" => {
            let prela = prela::init("endings").unwrap();
            work();
            prela.shutdown(Duration::from_secs(30));
            process::exit(STATUS);
        }
        "exit with a spool" => {
            let dir = PathBuf::from(env::var_os("SPOOL").unwrap());
            let prela = prela::builder().service_name("endings").spool(Spool::new(dir));
            let prela = prela.build().unwrap();
            spans(&prela.tracer());
            process::exit(STATUS);
        }
        "prela::exit" => {
            let _prela = prela::init("endings").unwrap();
            work();
            prela::exit(STATUS);
        }
        "prela::exit on a thread" => {
            let _prela = prela::init("endings").unwrap();
            work();
            thread::spawn(|| prela::exit(STATUS)).join().unwrap();
        }
        "prela::exit in a task" => {
            let _prela = prela::init("endings").unwrap();
            work();
            let exit =
                runtime().block_on(async { tokio::spawn(async { prela::exit(STATUS) }).await });
            exit.unwrap();
        }
        "prela::exit of nothing" => prela::exit(STATUS),
        "into_global" => {
            prela::init("endings").unwrap().into_global().unwrap();
            work();
        }
        "into_global on a thread, exit" => {
            let prela = prela::builder().build().unwrap();
            thread::spawn(|| prela.into_global().map(drop).unwrap()).join().unwrap();
            work();
            process::exit(STATUS);
        }
        "static" => {
            KEPT.set(prela::init("endings").unwrap()).unwrap();
            work();
        }
        "forgotten" => {
            std::mem::forget(prela::init("endings").unwrap());
            work();
        }
        "panic" => {
            let _prela = prela::init("endings").unwrap();
            work();
            panic!("as it happens");
        }
        "panic without a guard" => {
            prela::init("endings").unwrap().into_global().unwrap();
            work();
            panic!("as it happens");
        }
        "signal" => {
            let prela = prela::init("endings").unwrap();
            prela.shutdown_on_signal().unwrap();
            work();
            wait();
        }
        "signal, patient" => {
            let prela = prela::builder().shutdown_timeout(Duration::from_secs(300));
            let prela = prela.build().unwrap();
            prela.shutdown_on_signal().unwrap();
            spans(&prela.tracer());
            wait();
        }
        "signal in a runtime" => {
            runtime().block_on(async {
                let prela = prela::init("endings").unwrap().into_global().unwrap();
                prela.shutdown_on_signal().unwrap();
                work();
                println!("ready");
                std::future::pending::<()>().await;
            });
        }
        "graceful" => {
            let runtime = runtime();
            runtime.block_on(async {
                let _prela = prela::init("endings").unwrap();
                // Two who want to know, and one that was dropped.
                let (first, second) = (prela::shutdown_signal(), prela::shutdown_signal());
                drop(prela::shutdown_signal());
                println!("ready");
                first.await;
                second.await;
                prela::shutdown_signal().await;
                work();
            });
        }
        "graceful server" => runtime().block_on(serve()),
        "nobody waits any more" => {
            let _prela = prela::init("endings").unwrap();
            drop(prela::shutdown_signal());
            work();
            wait();
        }
        "never done" => {
            let _prela = prela::init("endings").unwrap();
            work();
            let asked = prela::shutdown_signal();
            println!("ready");
            runtime().block_on(asked);
            wait();
        }
        other => late(other),
    }
}

/// A server that is asked to end while it has a request.
async fn serve() {
    let _prela = prela::init("endings").unwrap();
    let slow = get(async || {
        println!("ready");
        prela::shutdown_signal().await;
        "done"
    });
    let app = Router::new().route("/slow", slow).layer(ServerLayer::axum());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, app).with_graceful_shutdown(prela::shutdown_signal()).await.unwrap();
}

/// Spans that nobody records.
fn late(how: &str) {
    match how {
        "dropped at once" => {
            let _ = prela::init("endings").unwrap();
            work();
        }
        "dropped at once, threads" => {
            let _ = prela::init("endings").unwrap();
            thread::spawn(work).join().unwrap();
        }
        "dropped at once, other API" => {
            let provider = prela::init("endings").unwrap().provider();
            let tracer = provider.tracer("library");
            tracer.in_span("work", |_| ());
            tracer.in_span("work", |_| ());
        }
        "own instance, dropped" => {
            let tracer = prela::builder().service_name("endings").build().unwrap().tracer();
            spans(&tracer);
        }
        "dropped by a function" => {
            fn start() {
                let _prela = prela::init("endings").unwrap();
                work();
            }
            start();
            work();
        }
        "shut down" => {
            let prela = prela::init("endings").unwrap();
            work();
            prela.shutdown(Duration::from_secs(30));
            work();
        }
        "shut down by a future" => {
            let prela = prela::init("endings").unwrap();
            work();
            runtime().block_on(prela.shutdown_async(Duration::from_secs(30)));
            work();
        }
        "still at work" => {
            let prela = prela::init("endings").unwrap();
            work();
            drop(prela);
            thread::spawn(work).join().unwrap();
        }
        "still at work at exit" => {
            let _prela = prela::init("endings").unwrap();
            work();
            thread::spawn(|| {
                loop {
                    work();
                }
            });
            process::exit(0);
        }
        "early" => work(),
        "early, then started" => {
            work();
            let _prela = prela::init("endings").unwrap();
            work();
        }
        "early, macro" => {
            traced();
            traced();
        }
        "early, no span" => {
            prela::current_span();
            prela::enrich([("a", 1)]);
            prela::tracer().current_span();
        }
        "capture" => {
            let capture = Capture::new();
            spans(&capture.tracer());
            work();
        }
        other => panic!("there is no ending {other}"),
    }
}

#[prela::trace]
fn traced() {}

fn work() {
    spans(&prela::tracer());
}

fn spans(tracer: &prela::Tracer) {
    for _ in 0..20 {
        tracer.span("work", SpanType::Tool).in_scope(|_| ());
    }
}

/// Until a signal comes, or whoever started this is gone.
fn wait() {
    println!("ready");
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
