//! `prela completions`.

use super::{Cli, Outcome};
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write;

/// Prints what a shell needs to complete commands, such as `source <(prela completions bash)`.
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "prela", &mut script);
        out.write_all(&script)?;
        Ok(Outcome::Done)
    }
}
