//! What becomes of a pipeline in a forked process.

use super::queues::Queues;
use super::settings::Setup;
use crate::Error;
use crate::export::AnyExporter;
use crate::fork::Generation;
use std::sync::{Arc, Mutex, OnceLock};

/// The queues of one process, and of those that were forked from it.
pub(super) struct PerProcess {
    pub(super) queues: Queues,
    pub(super) setup: Setup,
    /// The process that this is for.
    generation: Generation,
    /// What a forked process begins with, and what it made of that.
    spares: Mutex<Vec<Option<AnyExporter>>>,
    forked: OnceLock<Arc<Self>>,
}

impl PerProcess {
    pub(super) fn start(exporters: Vec<AnyExporter>, setup: Setup) -> Result<Self, Error> {
        let spares = exporters.iter().map(AnyExporter::for_fork).collect();
        Ok(Self {
            queues: Queues::start(exporters, &setup)?,
            setup,
            generation: Generation::current(),
            spares: Mutex::new(spares),
            forked: OnceLock::new(),
        })
    }

    /// The part that belongs to this process. A forked process makes its own at the first use.
    pub(super) fn current(&self) -> &Self {
        let mut process = self;
        while !process.generation.is_current() {
            process = process.forked.get_or_init(|| Arc::new(process.for_fork()));
        }
        process
    }

    /// Starts anew, with empty queues and threads of its own. Waits for no lock that another thread may have
    /// held at the fork.
    fn for_fork(&self) -> Self {
        let spares = self.spares.try_lock().map(|mut spares| std::mem::take(&mut *spares));
        let exporters: Vec<AnyExporter> =
            spares.unwrap_or_default().into_iter().flatten().collect();
        let mut setup = self.setup.clone();
        setup.resource = Arc::new(setup.resource.for_fork());
        let start = |exporters| Self::start(exporters, setup.clone());
        let process = start(exporters).or_else(|_no_thread| start(Vec::new()));
        let process = process.expect("without exporters nothing is asked of the system");
        if self.queues.is_shut_down() {
            process.queues.shutdown(std::time::Duration::ZERO);
        }
        process
    }
}
