//! Which connections are open, and which one goes when there are too many.
//!
//! Whoever connects and says nothing must not keep exporters out: when all places are taken, the
//! connection that has been silent for the longest time gives its place up. One on which a request
//! was made keeps it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The connections of all ports.
#[derive(Debug, Clone)]
pub(super) struct Connections(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    open: usize,
    most: usize,
    next: u64,
    /// Those that asked for nothing yet, the oldest first.
    silent: BTreeMap<u64, Arc<Notify>>,
}

/// A connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Connections,
    number: u64,
    gone: Arc<Notify>,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        let inner = Inner { open: 0, most, next: 0, silent: BTreeMap::new() };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// A place; none if busy connections hold all of them.
    pub(super) fn admit(&self) -> Option<Place> {
        let mut inner = self.lock();
        if inner.open >= inner.most {
            // It counts until it has really gone, so this is one too many for a moment.
            let (_, oldest) = inner.silent.pop_first()?;
            oldest.notify_one();
        }
        let (number, gone) = (inner.next, Arc::new(Notify::new()));
        inner.next += 1;
        inner.open += 1;
        inner.silent.insert(number, gone.clone());
        Some(Place { connections: self.clone(), number, gone })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that something was asked for.
    pub(super) fn spoke(&self) {
        self.connections.lock().silent.remove(&self.number);
    }

    /// Whether nothing was asked for yet.
    pub(super) fn is_silent(&self) -> bool {
        self.connections.lock().silent.contains_key(&self.number)
    }

    /// Waits until somebody else needs the place.
    pub(super) async fn taken(&self) {
        self.gone.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.connections.lock();
        inner.open -= 1;
        inner.silent.remove(&self.number);
    }
}

/// How many connections there may be: each needs a file, and the store and others need some, too.
pub(super) fn most() -> usize {
    const WANTED: u64 = 1_000;
    const OTHERS: u64 = 64;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = limit.maximum.unwrap_or(u64::MAX).min(WANTED + OTHERS);
        if limit.current.is_some_and(|current| current < wanted) {
            let raised = rustix::process::Rlimit { current: Some(wanted), ..limit };
            // If it fails, there are fewer.
            let _ = setrlimit(Resource::Nofile, raised);
        }
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        usize::try_from(files.saturating_sub(OTHERS).clamp(16, WANTED)).unwrap_or(16)
    }
    #[cfg(not(unix))]
    {
        usize::try_from(WANTED).unwrap_or(16)
    }
}
