//! The spool: encoded spans on disk, while their receiver is away.
//!
//! Each exporter has a directory, and in it one for each run of the program, which that run keeps locked. A run
//! writes segments: files that are appended to, and removed when every record in them is done. It begins by
//! taking over the directories that nobody locks: of runs that were killed, or left something behind.

mod run;
mod segment;
mod settings;

#[cfg(test)]
mod tests;

pub use self::settings::Spool;

use self::run::Run;
use self::segment::{Place, Segment};
use crate::store::{KeptBy, Leftovers, LostBatch, SpooledBatch, Store};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One exporter's part of the spool.
pub(crate) struct DiskStore {
    settings: Spool,
    /// This exporter's directory.
    dir: PathBuf,
    /// This run's part of it, made at the first record.
    own: Option<Run>,
    /// Those of earlier runs, locked by this one for as long as they hold something.
    adopted: Vec<Run>,
    /// Oldest first. The last one is written to, if it is this run's.
    segments: VecDeque<Segment>,
    /// Bytes of all segments, done records included.
    bytes: u64,
    next_id: u64,
    /// The record that was asked for last, which may be on its way.
    under_way: Option<u64>,
    losses: Vec<LostBatch>,
}

impl DiskStore {
    /// Makes a store, without touching the disk yet. `number` tells the exporters of one program apart.
    pub(crate) fn new(settings: Spool, number: usize) -> Self {
        let dir = settings.dir.join(format!("exporter-{number}"));
        Self {
            settings,
            dir,
            own: None,
            adopted: Vec::new(),
            segments: VecDeque::new(),
            bytes: 0,
            next_id: 0,
            under_way: None,
            losses: Vec::new(),
        }
    }

    /// The segment that a record of this length goes to.
    fn segment_for(&mut self, length: u64) -> io::Result<&mut Segment> {
        let most = self.settings.segment_size();
        let fits = self.segments.back().is_some_and(|last| {
            last.kept_by == KeptBy::ThisRun
                && !last.is_broken
                && (last.len == 0 || last.len + length <= most)
        });
        if !fits {
            let own = match &mut self.own {
                Some(own) => own,
                none => none.insert(Run::begin(&self.dir)?),
            };
            let segment = Segment::create(own.next_path(), KeptBy::ThisRun)?;
            self.segments.push_back(segment);
        }
        self.segments.back_mut().ok_or_else(|| io::Error::other("no segment"))
    }

    /// Removes segments that have nothing more to give, and runs without segments.
    fn clean(&mut self) {
        let own_is_open = |segment: &Segment, is_last: bool| {
            segment.kept_by == KeptBy::ThisRun
                && is_last
                && !segment.is_broken
                && segment.len < LONGEST_EMPTY
        };
        let last = self.segments.len().saturating_sub(1);
        let mut bytes = 0;
        let mut position = 0;
        self.segments.retain(|segment| {
            let keeps = !segment.is_empty() || own_is_open(segment, position == last);
            position += 1;
            if keeps {
                bytes += segment.len;
            } else {
                segment.remove();
            }
            keeps
        });
        self.bytes = bytes;
        let is_used = |run: &Run| self.segments.iter().any(|it| it.path.starts_with(&run.dir));
        self.adopted.retain(|run| is_used(run) || !run.remove());
    }

    /// Gives up what is older than the limit.
    fn expire(&mut self) {
        let now = unix_seconds();
        for segment in &mut self.segments {
            while let Some(place) = segment.first() {
                // A clock that was set back makes nothing old.
                if self.under_way == Some(place.id)
                    || now.saturating_sub(place.written_at) <= self.settings.max_age.as_secs()
                {
                    break;
                }
                let text = format!("send what is older than {:?}", self.settings.max_age);
                let error = Error::new(ErrorKind::Timeout, text);
                self.losses.push(LostBatch { spans: place.spans, kept_by: segment.kept_by, error });
                segment.done();
            }
        }
        self.clean();
    }

    fn refused(&self, path: &Path, error: io::Error) -> Error {
        Error::new(ErrorKind::Io, format!("write to the spool {}", path.display()))
            .with_source(error)
    }
}

impl Store for DiskStore {
    fn recover(&mut self) -> Leftovers {
        let mut found = Leftovers::default();
        for run in Run::abandoned(&self.dir) {
            for path in run.segments() {
                match Segment::open(path) {
                    Ok((mut segment, unreadable)) => {
                        for place in segment.places_mut() {
                            place.id = self.next_id;
                            self.next_id += 1;
                            found.spans += place.spans;
                        }
                        found.unreadable += unreadable;
                        self.segments.push_back(segment);
                    }
                    Err(_unreadable) => found.unreadable += 1,
                }
            }
            self.adopted.push(run);
        }
        self.clean();
        found
    }

    fn append(&mut self, body: &Bytes, spans: u64) -> Result<(), Error> {
        let length = segment::record_len(body);
        if self.bytes + length > self.settings.max_bytes {
            self.expire();
        }
        if self.bytes + length > self.settings.max_bytes {
            let text = format!(
                "write to the spool {}: its limit of {} bytes is reached",
                self.dir.display(),
                self.settings.max_bytes
            );
            return Err(Error::new(ErrorKind::Io, text));
        }
        let id = self.next_id;
        let written = self.segment_for(length).and_then(|segment| {
            segment.append(Place { id, offset: 0, len: 0, spans, written_at: unix_seconds() }, body)
        });
        match written {
            Ok(()) => {
                self.next_id += 1;
                self.bytes += length;
                Ok(())
            }
            Err(error) => Err(self.refused(&self.dir, error)),
        }
    }

    fn is_empty(&self) -> bool {
        self.segments.iter().all(Segment::is_empty)
    }

    fn oldest(&mut self) -> Option<SpooledBatch> {
        self.under_way = None;
        self.expire();
        loop {
            let segment = self.segments.iter_mut().find(|segment| !segment.is_empty())?;
            let place = segment.first()?;
            match segment.read(place) {
                Ok(body) => {
                    let kept_by = segment.kept_by;
                    self.under_way = Some(place.id);
                    return Some(SpooledBatch { id: place.id, body, spans: place.spans, kept_by });
                }
                Err(error) => {
                    let text = format!("read the spool {}", segment.path.display());
                    let error = Error::new(ErrorKind::Io, text).with_source(error);
                    let kept_by = segment.kept_by;
                    self.losses.push(LostBatch { spans: place.spans, kept_by, error });
                    segment.done();
                }
            }
        }
    }

    fn done(&mut self, id: u64) {
        // Always the oldest: no other is handed out.
        if let Some(segment) = self.segments.iter_mut().find(|segment| !segment.is_empty())
            && segment.first().is_some_and(|place| place.id == id)
        {
            segment.done();
        }
        self.under_way = None;
        self.clean();
    }

    fn losses(&mut self) -> Vec<LostBatch> {
        std::mem::take(&mut self.losses)
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        for segment in self.segments.drain(..) {
            if segment.is_empty() {
                segment.remove();
            } else {
                segment.sync();
            }
        }
        for run in self.adopted.drain(..).chain(self.own.take()) {
            if run.segments().is_empty() {
                run.remove();
            }
        }
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Creates a directory, and those above it, that only the owner can look into.
fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// An emptied segment is written to again until it has this length.
const LONGEST_EMPTY: u64 = 1 << 16;
