//! `prela demo`.

use super::collector::Collector;
use super::serve::stopped;
use super::{Global, Outcome};
use crate::demo::play;
use crate::doctor::{Doctor, Finding};
use crate::ids::TraceId;
use crate::query::{Reader, Trace};
use crate::render::{self, BOLD, DIM};
use crate::settings::Settings;
use anyhow::Context as _;
use serde_json::json;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs a small agent and shows its trace, with a mistake in it that the doctor finds.
///
/// Nothing leaves this machine: the model is a stub. The trace is kept with those of the current project. Where a
/// server of this project runs already, that one receives the trace, and the demo ends once it is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Ends once the trace is shown, instead of receiving traces until Ctrl-C.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let project = global.project()?;
        let mut settings = Settings::of(&project.root)?.collector;
        if self.once {
            // It ends at once, so the ports that exporters know stay free.
            let ports = [&mut settings.grpc_port, &mut settings.http_port, &mut settings.page_port];
            ports.into_iter().for_each(|port| *port = Some(0));
        }
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
            let mut collector = Collector::start(&project.store, &settings).await?;
            let shown = self.show(global, out, &collector).await;
            if shown.is_ok() && !self.once && collector.is_own() {
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
        collector: &Collector,
    ) -> anyhow::Result<()> {
        let hello = &collector.hello;
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
            self.point_on(out, id, collector)?;
        }
        Ok(out.flush()?)
    }

    /// Prints which commands show more, and where programs can send their traces.
    fn point_on(&self, out: &mut dyn Write, id: TraceId, collector: &Collector) -> io::Result<()> {
        let (id, hello) = (&id.to_string()[..8], &collector.hello);
        writeln!(out, "\n{BOLD}Go on{BOLD:#}")?;
        writeln!(
            out,
            "  prela show {id} --full   {DIM}# what the model was asked, and said{DIM:#}"
        )?;
        writeln!(out, "  prela errors                 {DIM}# every span that failed{DIM:#}")?;
        if self.once && collector.is_own() {
            writeln!(
                out,
                "  prela serve                  {DIM}# receives the traces of your programs, and has a page{DIM:#}"
            )
        } else {
            writeln!(out, "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", hello.http)?;
            let until = if collector.is_own() { ", until Ctrl-C" } else { "" };
            writeln!(out, "The traces of your programs are received there{until}.")?;
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
    render::findings(out, findings)
}
