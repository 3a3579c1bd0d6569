//! `prela explore`.

use super::{Global, Outcome};
use crate::explore;
use anyhow::bail;
use std::io::{self, IsTerminal as _};

/// Shows the traces in a full screen, to walk through by keys: `?` lists them.
#[derive(Debug, clap::Args)]
pub(super) struct Explore {}

impl Explore {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<Outcome> {
        if global.json {
            bail!(
                "explore is for people; `prela list --json` and `prela show --json` are for programs"
            );
        }
        if !io::stdout().is_terminal() {
            bail!("explore needs a terminal; `prela list` and `prela show` do not");
        }
        explore::run(global.reader()?)?;
        Ok(Outcome::Done)
    }
}
