//! `prela gc`.

use super::progress::Progress;
use super::serve::Limits;
use super::{Global, Outcome};
use crate::settings::Settings;
use crate::store::{Options, Store};
use anyhow::anyhow;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Deletes old traces now, and gives their room back to the disk. A running server does so by itself.
#[derive(Debug, clap::Args)]
pub(super) struct Gc {
    #[command(flatten)]
    limits: Limits,
}

impl Gc {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let project = global.project()?;
        let kept = self.limits.options(&Settings::of(&project.root)?.collector);
        let path = project.store;
        // A store that is not there is an error: opening it for writing would make one.
        drop(global.reader()?);
        let options = Options { max_bytes: u64::MAX, max_age: Duration::MAX, durable: false };
        let store = Store::open(&path, options)?;
        let gone = Arc::<AtomicU64>::default();
        let swept = thread::scope(|threads| {
            let sweep = || store.sweep_counted(kept.max_bytes, kept.max_age, &gone);
            let sweeping = threads.spawn(sweep);
            let mut progress = Progress::of_traces(None);
            while !sweeping.is_finished() {
                progress.at(gone.load(Ordering::Relaxed));
                thread::sleep(A_LOOK);
            }
            sweeping.join()
        });
        let swept = swept.map_err(|_| anyhow!("the sweep was cut short"))??;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&swept)?)?;
        } else {
            writeln!(out, "{} traces with {} spans deleted.", swept.traces, swept.spans)?;
        }
        Ok(Outcome::Done)
    }
}

/// How often the progress is looked at.
const A_LOOK: Duration = Duration::from_millis(20);
