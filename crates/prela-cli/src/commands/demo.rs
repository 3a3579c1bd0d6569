//! `prela demo`.

use super::doctor::print;
use super::serve::stopped;
use super::{Global, Outcome};
use crate::demo::play;
use crate::doctor::{Doctor, Finding};
use crate::ids::TraceId;
use crate::query::{Reader, Trace};
use crate::render::{self, BOLD, DIM};
use crate::server::{Access, Config, Hello, Server, running};
use crate::store::Options;
use anyhow::Context as _;
use serde_json::json;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Runs a small agent and shows its trace, with a mistake in it that the doctor finds.
///
/// Nothing leaves this machine: the model is a stub. The trace is kept with those of the current project.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Ends when it has shown it, instead of receiving traces until Ctrl-C.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let store = global.project()?.store;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name_fn(|| {
                static NEXT: AtomicUsize = AtomicUsize::new(1);
                format!("tokio-{}", NEXT.fetch_add(1, Ordering::Relaxed))
            })
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        runtime.block_on(async {
            let mut collector = Collector::start(&store, self.once).await?;
            let shown = self.show(global, out, &collector.hello).await;
            if shown.is_ok() && !self.once && collector.own.is_some() {
                stopped().await;
            }
            collector.stop().await;
            shown.map(|()| Outcome::Done)
        })
    }

    async fn show(
        &self,
        global: &Global,
        out: &mut dyn Write,
        hello: &Hello,
    ) -> anyhow::Result<()> {
        if !global.json {
            writeln!(
                out,
                "A travel agent: two services over HTTP, tasks, a pool of threads, a tool that fails, a streamed \
                 answer.\n"
            )?;
            out.flush()?;
        }
        let id = play(&format!("http://{}", hello.grpc)).await?;
        let reader = Reader::open(&hello.store)?;
        let trace = reader.trace(id)?;
        let findings = Doctor::new(&reader).of_trace(&trace)?;
        if global.json {
            let found = json!({ "trace_id": id, "grpc": hello.grpc, "http": hello.http, "findings": findings });
            writeln!(out, "{found}")?;
        } else {
            tell(out, &trace, &findings)?;
            self.point_on(out, id, hello)?;
        }
        Ok(out.flush()?)
    }

    /// Where to go from here.
    fn point_on(&self, out: &mut dyn Write, id: TraceId, hello: &Hello) -> io::Result<()> {
        let id = &id.to_string()[..8];
        writeln!(out, "\n{BOLD}Go on{BOLD:#}")?;
        writeln!(
            out,
            "  prela show {id} --full   {DIM}# what the model was asked, and said{DIM:#}"
        )?;
        writeln!(out, "  prela errors                 {DIM}# every span that failed{DIM:#}")?;
        if self.once {
            writeln!(
                out,
                "  prela serve                  {DIM}# receives the traces of your programs{DIM:#}"
            )
        } else {
            writeln!(out, "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", hello.http)?;
            writeln!(out, "It receives the traces of your programs there, until Ctrl-C.")?;
            writeln!(out, "\nSee it in a browser: {BOLD}{}#/trace/{id}{BOLD:#}", hello.page_url())
        }
    }
}

fn tell(out: &mut dyn Write, trace: &Trace, findings: &[Finding]) -> io::Result<()> {
    let width = render::width_of_output();
    let rows = render::rows(trace, findings);
    render::header(out, trace, findings.len(), width)?;
    render::waterfall(out, &rows, width)?;
    render::errors(out, trace, &rows, width)?;
    print(out, findings)
}

/// What receives the spans: the server that runs for this store, or one of our own.
struct Collector {
    hello: Hello,
    own: Option<(oneshot::Sender<()>, JoinHandle<u64>)>,
}

impl Collector {
    async fn start(store: &Path, once: bool) -> anyhow::Result<Self> {
        let path = store.to_owned();
        let found = tokio::task::spawn_blocking(move || running(&path)).await?;
        if let Some(hello) = found {
            return Ok(Self { hello, own: None });
        }
        let port = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, if once { 0 } else { port }));
        let config = Config {
            store: store.to_owned(),
            options: Options::default(),
            grpc: port(4317),
            http: port(4318),
            page: port(4319),
            any_port: true,
            access: Access::default(),
        };
        let server = Server::open(config).await?;
        let hello = server.hello().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Ok(Self { hello, own: Some((stop, serving)) })
    }

    async fn stop(&mut self) {
        if let Some((stop, serving)) = self.own.take() {
            drop(stop);
            let _ = serving.await;
        }
    }
}
