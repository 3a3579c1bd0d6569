//! The command line: its commands, each in a file of its own, and what they share.

mod collector;
mod demo;
mod export;
mod gc;
mod hits;
mod import;
mod init;
mod list;
mod progress;
mod run;
mod serve;
mod show;
mod tail;

use crate::project::Project;
use crate::query::Reader;
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows every trace of a program, as it comes in: an OpenTelemetry collector, a store and a viewer in
/// one command.
#[derive(Debug, Parser)]
#[command(name = "prela", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The options that every command has.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The file with the traces, instead of that of the current project.
    #[arg(long, global = true, env = "PRELA_STORE", hide_env_values = true, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Prints JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Run(run::Run),
    List(list::List),
    Show(show::Show),
    Last(show::Last),
    Search(hits::Search),
    Errors(hits::Errors),
    Tail(tail::Tail),
    Diff(show::Diff),
    #[cfg(feature = "explore")]
    Explore(Explore),
    Doctor(hits::Diagnose),
    Export(export::Export),
    Import(import::Import),
    Mcp(Mcp),
    Gc(gc::Gc),
    Init(init::Init),
    Completions(Completions),
}

/// How a command ended. Scripts see it as the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The command did what it was asked for: exit code 0.
    Done,
    /// What was asked for is not there: exit code 1.
    Nothing,
    /// The exit code of the program that `prela run` started.
    Of(u8),
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Nothing => Self::from(1),
            Outcome::Of(code) => Self::from(code),
        }
    }
}

impl Cli {
    /// Runs the command, and writes its answer to `out`.
    ///
    /// # Errors
    ///
    /// Why the command failed. The program then ends with exit code 2, or 1 if a trace that was asked for is
    /// not there.
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Self { global, command } = self;
        match command {
            Command::Demo(demo) => demo.run(&global, out),
            Command::Serve(serve) => serve.run(&global, out),
            Command::Run(run) => run.run(&global),
            Command::List(list) => list.run(&global, out),
            Command::Show(show) => show.run(&global, out),
            Command::Last(last) => last.run(&global, out),
            Command::Search(search) => search.run(&global, out),
            Command::Errors(errors) => errors.run(&global, out),
            Command::Tail(tail) => tail.run(&global, out),
            Command::Diff(diff) => diff.run(&global, out),
            #[cfg(feature = "explore")]
            Command::Explore(explore) => explore.run(&global),
            Command::Doctor(doctor) => doctor.run(&global, out),
            Command::Export(export) => export.run(&global, out),
            Command::Import(import) => import.run(&global, out),
            Command::Mcp(mcp) => mcp.run(&global),
            Command::Gc(gc) => gc.run(&global, out),
            Command::Init(init) => init.run(&global, out),
            Command::Completions(completions) => completions.run(&global, out),
        }
    }
}

impl Global {
    /// The project of the current folder, with the store that `--store` names.
    ///
    /// # Errors
    ///
    /// There is no current folder, or no place for data.
    pub fn project(&self) -> anyhow::Result<Project> {
        Project::here(self.store.as_deref())
    }

    /// A reader of the project's traces.
    ///
    /// # Errors
    ///
    /// There is no store yet, or it cannot be read.
    pub fn reader(&self) -> anyhow::Result<Reader> {
        Ok(Reader::open(&self.project()?.store)?)
    }
}

/// Prints a script that has a shell complete commands: `source <(prela completions bash)`.
#[derive(Debug, clap::Args)]
struct Completions {
    /// The shell that the script is for.
    shell: Shell,
}

impl Completions {
    fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if global.json {
            anyhow::bail!("completions are a script of the shell; there is no JSON of them");
        }
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "prela", &mut script);
        out.write_all(&script)?;
        Ok(Outcome::Done)
    }
}

/// Shows the traces in a full screen that keys walk through: `?` lists the keys.
#[cfg(feature = "explore")]
#[derive(Debug, clap::Args)]
struct Explore {}

#[cfg(feature = "explore")]
impl Explore {
    fn run(self, global: &Global) -> anyhow::Result<Outcome> {
        use std::io::IsTerminal as _;

        if global.json {
            anyhow::bail!(
                "explore is for people; `prela list --json` and `prela show --json` are for programs"
            );
        }
        if !std::io::stdout().is_terminal() {
            anyhow::bail!("explore needs a terminal; `prela list` and `prela show` do not");
        }
        crate::explore::run(global.reader()?)?;
        Ok(Outcome::Done)
    }
}

/// Answers an agent's questions about the traces, as an MCP server at its standard input and output.
///
/// A client starts it: `{"mcpServers": {"prela": {"command": "prela", "args": ["mcp"]}}}`. It only reads the store, and
/// needs no running server.
#[derive(Debug, clap::Args)]
struct Mcp;

impl Mcp {
    fn run(self, global: &Global) -> anyhow::Result<Outcome> {
        let store = global.project()?.store;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(crate::mcp::serve(store))?;
        Ok(Outcome::Done)
    }
}
