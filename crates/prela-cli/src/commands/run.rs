//! `prela run`.

mod environment;
mod process;
mod summary;

use self::process::Signals;
use super::collector::Collector;
use super::{Global, Outcome};
use crate::query::Reader;
use crate::render::DIM;
use crate::server::running;
use crate::settings::Settings;
use anyhow::Context as _;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::Command;

/// Runs a program, receives its traces, and says what came in when it ends.
///
/// For example `prela run -- cargo run`. The program finds the collector by OpenTelemetry's environment variables. It
/// keeps its own output, signals and exit code; prela prints only to the standard error.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The program to run, and its arguments.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND"
    )]
    command: Vec<OsString>,
}

impl Run {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<Outcome> {
        let project = global.project()?;
        let settings = Settings::of(&project.root)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        runtime.block_on(async {
            // From here on no signal ends this process and leaves the program behind.
            let signals = Signals::listen()?;
            let mut collector = Collector::start(&project.store, &settings.collector).await?;
            let hello = collector.hello.clone();
            let begin = Reader::open(&hello.store)?.now()?;
            let run = environment::run_id();
            let mut command = Command::new(&self.command[0]);
            command.args(&self.command[1..]);
            environment::set(&mut command, &hello, &run, &project.root, &settings.program);
            // The exit code is the program's, even if nobody can read what prela says.
            let mut err = anstream::stderr();
            if !global.json {
                let (url, page) = (environment::url(hello.http), hello.page_url());
                let _ = writeln!(
                    err,
                    "{DIM}prela: receives traces at {url}; see them at {page}{DIM:#}"
                );
            }
            let ended = match command.spawn() {
                Ok(child) => process::wait(child, signals).await.map(process::code),
                Err(error) => Err(error),
            };
            let is_lasting = !collector.is_own();
            collector.stop().await;
            match ended {
                Ok(code) => {
                    let is_there = is_lasting && running(&hello.store).is_some();
                    if is_lasting && !is_there {
                        let _ = writeln!(err, "{ENDED}");
                    }
                    let said = summary::Summary::of(&hello.store, &run, begin, is_lasting)
                        .and_then(|it| it.print(&mut err, &hello, is_there, global.json));
                    if let Err(error) = said {
                        let _ = writeln!(err, "prela: what came in cannot be summed up: {error:#}");
                    }
                    Ok(Outcome::Of(code))
                }
                Err(error) => {
                    let name = self.command[0].to_string_lossy();
                    let _ = writeln!(err, "prela: {name} cannot be run: {error}");
                    // The exit codes of `env` and of shells.
                    let is_absent = error.kind() == ErrorKind::NotFound;
                    Ok(Outcome::Of(if is_absent { 127 } else { 126 }))
                }
            }
        })
    }
}

/// Why traces are missing that were sent after another command's collector had ended.
const ENDED: &str = "prela: the collector of another command was used, and has ended meanwhile, so traces may be missing; start `prela serve` to have one that stays";
