//! `prela gc`.

use super::serve::bytes;
use super::{Global, Outcome};
use crate::store::{Options, Store};
use std::io::Write;
use std::time::Duration;

/// Lets go of old traces now, and gives their room back to the disk. A server does so by itself.
#[derive(Debug, clap::Args)]
pub(super) struct Gc {
    /// Bytes that the store may have afterwards, such as 500MB.
    #[arg(long, default_value = "2GB", value_parser = bytes, value_name = "SIZE")]
    max_size: u64,
    /// How old a trace may be, such as 12h.
    #[arg(long, default_value = "7d", value_parser = humantime::parse_duration, value_name = "TIME")]
    max_age: Duration,
}

impl Gc {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let path = global.project()?.store;
        // It must be there: opening it for writing would make one.
        drop(global.reader()?);
        let options = Options { max_bytes: u64::MAX, max_age: Duration::MAX, durable: false };
        let swept = Store::open(&path, options)?.sweep(self.max_size, self.max_age)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&swept)?)?;
        } else {
            writeln!(out, "{} traces with {} spans are gone.", swept.traces, swept.spans)?;
        }
        Ok(Outcome::Done)
    }
}
