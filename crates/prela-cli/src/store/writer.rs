//! The thread that writes, and the handle that others give batches to.

use super::batch::{Accepted, Batch};
use super::caches::Caches;
use super::error::{StoreError, StoreErrorKind};
use super::file;
use super::insert::Insert;
use super::lock::Lock;
use super::retention::{self, Limits, Sweep, Swept};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, oneshot, watch};

/// What a store keeps, and how safely.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes of the file above which the oldest traces are removed.
    pub max_bytes: u64,
    /// How long a trace stays after its last span or log record came.
    pub max_age: Duration,
    /// Whether a commit waits for the disk, so that what is acknowledged survives a loss of power too.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        let max_age = Duration::from_secs(7 * 24 * 3600);
        Self { max_bytes: 2 << 30, max_age, durable: false }
    }
}

/// A store that this process writes. Dropped, it writes what waits and closes the file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// None while it is being closed.
    jobs: Option<mpsc::Sender<Job>>,
    commits: watch::Receiver<u64>,
    thread: Option<JoinHandle<()>>,
}

type Done<T> = oneshot::Sender<Result<T, StoreError>>;

#[derive(Debug)]
enum Job {
    Insert(Batch, Done<Accepted>),
    /// Apply these limits now, completely, and count the traces that went.
    Sweep(Limits, Arc<AtomicU64>, Done<Swept>),
    /// Check whether the store keeps its limits.
    Check,
}

impl Store {
    /// Opens a store, or makes one.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: another process writes to it, it is damaged, a newer version wrote it, or it
    /// cannot be read or made.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        file::make_private(path)?;
        let lock = Lock::take(path)?;
        let connection = file::open_for_writing(path, options.durable, options.max_bytes)?;
        let (jobs, incoming) = mpsc::channel(MAX_WAITING);
        let (committed, commits) = watch::channel(0);
        let limits = Limits { max_bytes: options.max_bytes, max_age: options.max_age };
        let mut writer = Writer {
            path: path.to_owned(),
            connection,
            caches: Caches::default(),
            limits,
            incoming,
            committed,
            sweep: Some(Sweep::default()),
            bytes_since_check: 0,
            _lock: lock,
        };
        let thread =
            thread::Builder::new().name("prela-store".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| {
            let message = format!("the store's thread cannot be started: {error}");
            StoreError::new(StoreErrorKind::Other, message)
        })?;
        Ok(Self { path: path.to_owned(), jobs: Some(jobs), commits, thread: Some(thread) })
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a batch, and returns when it is committed.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Congested`] at once if too much waits already; else why it could not be
    /// written. Then nothing of it was written.
    pub async fn insert(&self, batch: Batch) -> Result<Accepted, StoreError> {
        let (done, result) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.try_send(Job::Insert(batch, done)).map_err(|error| match error {
            TrySendError::Full(_) => {
                let message = "too much is waiting to be written; try again in a second";
                StoreError::new(StoreErrorKind::Congested, message)
            }
            TrySendError::Closed(_) => closed(),
        })?;
        result.await.map_err(|_| closed())?
    }

    /// Writes a batch as [`insert`](Self::insert) does, from a thread outside of any runtime. It waits where
    /// that one would refuse.
    ///
    /// # Errors
    ///
    /// Why it could not be written.
    ///
    /// # Panics
    ///
    /// If it is called by a task.
    pub fn insert_blocking(&self, batch: Batch) -> Result<Accepted, StoreError> {
        self.ask(|done| Job::Insert(batch, done))
    }

    /// Removes what exceeds this size or age, and everything that nothing refers to.
    ///
    /// # Errors
    ///
    /// Why it could not be done.
    ///
    /// # Panics
    ///
    /// If it is called by a task.
    pub fn sweep(&self, max_bytes: u64, max_age: Duration) -> Result<Swept, StoreError> {
        self.sweep_counted(max_bytes, max_age, &Arc::default())
    }

    /// As [`sweep`](Self::sweep); meanwhile `gone` is the number of traces that are gone already.
    ///
    /// # Errors
    ///
    /// Why it could not be done.
    ///
    /// # Panics
    ///
    /// If it is called by a task.
    pub fn sweep_counted(
        &self,
        max_bytes: u64,
        max_age: Duration,
        gone: &Arc<AtomicU64>,
    ) -> Result<Swept, StoreError> {
        self.ask(|done| Job::Sweep(Limits { max_bytes, max_age }, gone.clone(), done))
    }

    fn ask<T>(&self, job: impl FnOnce(Done<T>) -> Job) -> Result<T, StoreError> {
        let (done, result) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.blocking_send(job(done)).map_err(|_| closed())?;
        result.blocking_recv().map_err(|_| closed())?
    }

    /// Makes the store check its limits. To be called now and then, since traces age even if nothing comes in.
    pub fn check_limits(&self) {
        if let Some(jobs) = &self.jobs {
            // A busy store checks by itself.
            let _ = jobs.try_send(Job::Check);
        }
    }

    /// A number that changes with each commit.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Closed, "the store is closed")
}

/// What the writing thread owns.
struct Writer {
    path: PathBuf,
    connection: Connection,
    caches: Caches,
    limits: Limits,
    incoming: mpsc::Receiver<Job>,
    committed: watch::Sender<u64>,
    /// Set while there may be something to remove.
    sweep: Option<Sweep>,
    bytes_since_check: u64,
    _lock: Lock,
}

impl Writer {
    fn run(&mut self) {
        let mut waiting: Option<Job> = None;
        loop {
            let job = match waiting.take() {
                Some(job) => Some(job),
                None if self.sweep.is_some() => match self.incoming.try_recv() {
                    Ok(job) => Some(job),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => break,
                },
                None => match self.incoming.blocking_recv() {
                    Some(job) => Some(job),
                    None => break,
                },
            };
            match job {
                Some(Job::Insert(batch, done)) => waiting = self.insert_group(batch, done),
                Some(Job::Sweep(limits, gone, done)) => {
                    let swept = self.sweep_all(&limits, &gone);
                    // Whoever asked may have gone away.
                    let _ = done.send(swept.map_err(|error| self.failed(&error)));
                }
                Some(Job::Check) => self.sweep = self.sweep.or(Some(Sweep::default())),
                None => {}
            }
            self.go_on_sweeping();
        }
        // So that the next process that opens it reads less. If somebody reads now, the next one does this.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// Writes this batch and those that wait behind it in one transaction: at a high rate commits are
    /// few, at a low one nobody waits. Returns the job that ended the group.
    fn insert_group(&mut self, first: Batch, done: Done<Accepted>) -> Option<Job> {
        let mut spans = first.spans.len();
        let mut group = vec![(first, done)];
        let mut next = None;
        while spans < GROUP_SPANS {
            match self.incoming.try_recv() {
                Ok(Job::Insert(batch, done)) => {
                    spans += batch.spans.len();
                    group.push((batch, done));
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.bytes_since_check += group.iter().map(|(batch, _)| batch.bytes()).sum::<u64>();
        match self.commit(group.iter().map(|(batch, _)| batch)) {
            Ok(accepted) => {
                self.committed.send_modify(|count| *count += 1);
                for ((_, done), accepted) in group.into_iter().zip(accepted) {
                    let _ = done.send(Ok(accepted));
                }
            }
            Err(error) => {
                // What was cached may have been rolled back.
                self.caches = Caches::default();
                let error = self.failed(&error);
                if error.kind() == StoreErrorKind::Full {
                    self.sweep = self.sweep.or(Some(Sweep::default()));
                }
                for (_, done) in group {
                    let _ = done.send(Err(error.clone()));
                }
            }
        }
        if self.bytes_since_check > self.limits.max_bytes / CHECKS {
            self.bytes_since_check = 0;
            self.sweep = self.sweep.or(Some(Sweep::default()));
        }
        next
    }

    fn commit<'a>(
        &mut self,
        batches: impl Iterator<Item = &'a Batch>,
    ) -> rusqlite::Result<Vec<Accepted>> {
        let transaction = self.connection.transaction()?;
        let mut insert = Insert::new(&transaction, &mut self.caches, now());
        let accepted = batches.map(|batch| insert.batch(batch)).collect::<rusqlite::Result<_>>()?;
        insert.finish()?;
        transaction.commit()?;
        Ok(accepted)
    }

    fn go_on_sweeping(&mut self) {
        let Some(sweep) = &mut self.sweep else { return };
        let is_done = sweep.slice(&mut self.connection, &self.limits, now());
        // A slice that is not the last removed something, if only traces that are logs alone.
        if !matches!(is_done, Ok(true)) {
            self.caches.traces = Default::default();
            self.caches.blocks = Default::default();
            self.caches.used = Default::default();
        }
        // If it fails, the next request reports it; trying again at once would only spin.
        if !matches!(is_done, Ok(false)) {
            self.sweep = None;
        }
    }

    fn sweep_all(&mut self, limits: &Limits, gone: &AtomicU64) -> rusqlite::Result<Swept> {
        let mut sweep = Sweep::default();
        while !sweep.slice(&mut self.connection, limits, now())? {
            gone.store(sweep.swept.traces, Ordering::Relaxed);
        }
        if sweep.swept != Swept::default() {
            retention::remove_unused(&self.connection)?;
        }
        self.caches = Caches::default();
        retention::give_back_all(&self.connection)?;
        Ok(sweep.swept)
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of(error, &self.path)
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().cast_signed()
}

/// Batches that may wait. Their bytes are bounded where they are received.
const MAX_WAITING: usize = 1024;
/// Beyond this size a transaction is no faster.
const GROUP_SPANS: usize = 4096;
/// How often the size is checked while as much comes in as the store may keep.
const CHECKS: u64 = 32;
