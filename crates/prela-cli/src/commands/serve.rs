//! `prela serve`.

use super::{Global, Outcome};
use crate::render::BOLD;
use crate::server::{Access, Config, Server};
use crate::settings::{Collector, Settings, bytes};
use crate::store::Options;
use anyhow::{Context as _, bail};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Receives traces over OTLP and keeps them, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// The address to listen at. One that other machines can reach needs a token.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    listen: IpAddr,
    /// The token that senders and readers must bring, as `authorization: Bearer <token>`.
    #[arg(long, env = "PRELA_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The port for OTLP over gRPC [default: 4317, or that of prela.toml].
    #[arg(long, value_name = "PORT")]
    grpc_port: Option<u16>,
    /// The port for OTLP over HTTP and the JSON API [default: 4318, or that of prela.toml].
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// The port for the page; where it is taken, a free one [default: 4319, or that of prela.toml].
    #[arg(long, value_name = "PORT")]
    page_port: Option<u16>,
    /// Listens at free ports where the wanted ones are taken.
    #[arg(long)]
    any_port: bool,
    #[command(flatten)]
    limits: Limits,
    /// Waits for the disk before each acknowledgement, so that a power failure loses nothing acknowledged.
    #[arg(long)]
    durable: bool,
}

/// How many traces are kept, and for how long.
#[derive(Debug, clap::Args)]
pub(super) struct Limits {
    /// Deletes the oldest traces beyond this size, such as 500MB [default: 2GB, or that of prela.toml].
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    max_size: Option<u64>,
    /// Deletes a trace this long after its last span, such as 12h [default: 7d, or that of prela.toml].
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    max_age: Option<Duration>,
}

impl Limits {
    /// The store's options: these limits, or else those of `prela.toml`.
    pub(super) fn options(&self, settings: &Collector) -> Options {
        let set = settings.options();
        Options {
            max_bytes: self.max_size.unwrap_or(set.max_bytes),
            max_age: self.max_age.unwrap_or(set.max_age),
            ..set
        }
    }
}

impl Serve {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let project = global.project()?;
        let settings = Settings::of(&project.root)?.collector;
        let token = self.token.filter(|token| !token.is_empty());
        if !self.listen.is_loopback() && token.is_none() {
            bail!(
                "--listen {} lets other machines in, so it needs a token: set --token or PRELA_TOKEN",
                self.listen
            );
        }
        let config = Config {
            store: project.store.clone(),
            options: Options { durable: self.durable, ..self.limits.options(&settings) },
            grpc: SocketAddr::new(self.listen, self.grpc_port.unwrap_or(settings.grpc_port())),
            http: SocketAddr::new(self.listen, self.http_port.unwrap_or(settings.http_port())),
            page: SocketAddr::new(self.listen, self.page_port.unwrap_or(settings.page_port())),
            any_port: self.any_port,
            access: token.as_deref().map_or_else(Access::default, Access::by_token),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        runtime.block_on(async {
            let stop = stopped();
            let server = Server::open(config).await?;
            let hello = server.hello();
            if global.json {
                writeln!(out, "{}", serde_json::to_string(hello)?)?;
            } else {
                writeln!(
                    out,
                    "prela {} · {} · {}",
                    hello.version,
                    project.name(),
                    hello.store.display()
                )?;
                writeln!(out, "  OTLP over gRPC  http://{}", hello.grpc)?;
                writeln!(out, "  OTLP over HTTP  http://{}", hello.http)?;
                writeln!(out, "Send to it, from any program with OpenTelemetry:")?;
                writeln!(out, "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", hello.http)?;
                if token.is_some() {
                    writeln!(
                        out,
                        "  export OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer%20<token>\""
                    )?;
                }
                writeln!(
                    out,
                    "Then see it at {BOLD}{}{BOLD:#} or by `prela list`. Ctrl-C ends it.",
                    hello.page_url()
                )?;
                if token.is_some() {
                    writeln!(out, "The page asks for the token.")?;
                }
            }
            out.flush()?;
            let trouble = tokio::spawn(report(server.trouble()));
            let spans = server.run(stop).await;
            trouble.abort();
            if !global.json {
                writeln!(out, "{spans} spans came in.")?;
            }
            Ok(Outcome::Done)
        })
    }
}

/// Prints what is wrong with the store, and when that is over.
async fn report(mut trouble: tokio::sync::watch::Receiver<Option<String>>) {
    while trouble.changed().await.is_ok() {
        let text = match trouble.borrow_and_update().as_ref() {
            Some(text) => format!("prela: {text}\n"),
            None => "prela: the store takes spans again\n".to_owned(),
        };
        // A closed standard error is no reason to stop serving.
        let _ = anstream::stderr().write_all(text.as_bytes());
    }
}

/// Waits for Ctrl-C, or for the signal with which a service manager ends a program. It listens from the call on,
/// so a signal that comes before the first poll counts as well.
pub(super) fn stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        async move {
            let [interrupt, terminate] = signals.map(|signal| async move {
                match signal {
                    Ok(mut signal) => drop(signal.recv().await),
                    Err(_) => std::future::pending().await,
                }
            });
            tokio::select! {
                () = interrupt => {}
                () = terminate => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// The threads that read requests and answer questions; writing has a thread of its own.
const WORKERS: usize = 2;
