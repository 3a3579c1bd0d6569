//! One file of the spool.
//!
//! A record is a header and an encoded batch. The header has a mark, the length, a checksum of all but
//! the mark, the number of spans, and when it was written, all little-endian; then a byte that is set
//! when the record is done, which the checksum leaves out. If the process is killed while it writes, the last
//! record is cut short or its checksum is wrong, and it is not read.

use crate::store::KeptBy;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

/// A file, and the places of those records in it that are not done.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    file: File,
    /// Bytes in use.
    pub(super) len: u64,
    pub(super) kept_by: KeptBy,
    /// Whether nothing more can be appended.
    pub(super) is_broken: bool,
    places: VecDeque<Place>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number in this run.
    pub(super) id: u64,
    pub(super) offset: u64,
    /// Bytes of the batch.
    pub(super) len: u32,
    pub(super) spans: u64,
    /// Seconds since 1970.
    pub(super) written_at: u64,
}

impl Segment {
    /// Creates a file; one that is there already is an error.
    pub(super) fn create(path: PathBuf, kept_by: KeptBy) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Self { path, file, len: 0, kept_by, is_broken: false, places: VecDeque::new() })
    }

    /// Opens an earlier run's file, and counts the pieces in it that cannot be read.
    pub(super) fn open(path: PathBuf) -> io::Result<(Self, u64)> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let len = file.metadata()?.len();
        let places = VecDeque::new();
        let mut segment =
            Self { path, file, len, kept_by: KeptBy::EarlierRun, is_broken: true, places };
        let unreadable = segment.scan()?;
        Ok((segment, unreadable))
    }

    /// Finds the records, also those after one whose batch is damaged.
    fn scan(&mut self) -> io::Result<u64> {
        let (mut offset, mut unreadable) = (0, 0);
        while offset < self.len {
            let header = match self.header(offset) {
                Ok(header) if offset + HEADER_LEN as u64 + u64::from(header.len) <= self.len => {
                    header
                }
                Err(error) if !is_damage(&error) => return Err(error),
                // Where the next one would begin is not known.
                Ok(_) | Err(_) => {
                    unreadable += 1;
                    break;
                }
            };
            let place = Place {
                id: 0,
                offset,
                len: header.len,
                spans: u64::from(header.spans),
                written_at: header.written_at,
            };
            let end = offset + HEADER_LEN as u64 + u64::from(header.len);
            match (header.is_done, self.read(place)) {
                (true, _) => {}
                (false, Ok(_)) => self.places.push_back(place),
                (false, Err(error)) if is_damage(&error) => unreadable += 1,
                (false, Err(error)) => return Err(error),
            }
            offset = end;
        }
        Ok(unreadable)
    }

    /// Appends a record.
    pub(super) fn append(&mut self, place: Place, body: &Bytes) -> io::Result<()> {
        let len = u32::try_from(body.len()).map_err(|_| IoErrorKind::FileTooLarge)?;
        let place = Place { offset: self.len, len, ..place };
        let header = Header {
            len,
            spans: u32::try_from(place.spans).map_err(|_| IoErrorKind::InvalidInput)?,
            written_at: place.written_at,
            is_done: false,
        };
        let mut record = Vec::with_capacity(HEADER_LEN + body.len());
        record.extend_from_slice(&header.encode(body));
        record.extend_from_slice(body);
        let written =
            self.file.seek(SeekFrom::Start(self.len)).and_then(|_| self.file.write_all(&record));
        if let Err(error) = written {
            // What was written of it is removed. If that fails, nothing more can be appended.
            self.is_broken = self.file.set_len(self.len).is_err();
            return Err(error);
        }
        self.len += record.len() as u64;
        self.places.push_back(place);
        Ok(())
    }

    /// Reads a record's batch.
    ///
    /// # Errors
    ///
    /// Those of the file; `InvalidData` if it is not what was written.
    pub(super) fn read(&mut self, place: Place) -> io::Result<Bytes> {
        let mut record = vec![0; HEADER_LEN + place.len as usize];
        self.file.seek(SeekFrom::Start(place.offset))?;
        self.file.read_exact(&mut record)?;
        let mut record = Bytes::from(record);
        let header = record.split_to(HEADER_LEN);
        let expected = Header {
            len: place.len,
            spans: u32::try_from(place.spans).unwrap_or_default(),
            written_at: place.written_at,
            is_done: false,
        };
        if header[..DONE_AT] != expected.encode(&record)[..DONE_AT] {
            return Err(io::Error::new(IoErrorKind::InvalidData, "the checksum is wrong"));
        }
        Ok(record)
    }

    fn header(&mut self, offset: u64) -> io::Result<Header> {
        let mut header = [0; HEADER_LEN];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut header)?;
        Header::decode(&header)
    }

    pub(super) fn first(&self) -> Option<Place> {
        self.places.front().copied()
    }

    pub(super) fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.places.iter_mut()
    }

    /// Whether every record is done.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Marks the first record as done, so that no later run sends it either.
    pub(super) fn done(&mut self) {
        let Some(place) = self.places.pop_front() else { return };
        let at = SeekFrom::Start(place.offset + DONE_AT as u64);
        // If that fails a later run sends it once more.
        let _ = self.file.seek(at).and_then(|_| self.file.write_all(&[DONE]));
    }

    pub(super) fn sync(&self) {
        // If it fails, nothing can be done about it.
        let _ = self.file.sync_data();
    }

    pub(super) fn remove(&self) {
        let _may_be_gone = fs::remove_file(&self.path);
    }
}

/// The bytes that a record takes.
pub(super) fn record_len(body: &Bytes) -> u64 {
    (HEADER_LEN + body.len()) as u64
}

/// Whether the content is damaged, rather than the disk failing.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), IoErrorKind::InvalidData | IoErrorKind::UnexpectedEof)
}

struct Header {
    len: u32,
    spans: u32,
    written_at: u64,
    is_done: bool,
}

impl Header {
    fn encode(&self, body: &[u8]) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        header[0..4].copy_from_slice(MARK);
        header[8..12].copy_from_slice(&self.len.to_le_bytes());
        header[12..16].copy_from_slice(&self.spans.to_le_bytes());
        header[16..24].copy_from_slice(&self.written_at.to_le_bytes());
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&header[8..24]);
        checksum.update(body);
        header[4..8].copy_from_slice(&checksum.finalize().to_le_bytes());
        header[DONE_AT] = if self.is_done { DONE } else { 0 };
        header
    }

    fn decode(header: &[u8; HEADER_LEN]) -> io::Result<Self> {
        if &header[0..4] != MARK {
            return Err(io::Error::new(IoErrorKind::InvalidData, "no record begins there"));
        }
        let [_, _, len, spans] = std::array::from_fn(|i| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&header[4 * i..4 * i + 4]);
            u32::from_le_bytes(bytes)
        });
        let mut written_at = [0; 8];
        written_at.copy_from_slice(&header[16..24]);
        let written_at = u64::from_le_bytes(written_at);
        Ok(Self { len, spans, written_at, is_done: header[DONE_AT] == DONE })
    }
}

/// Begins a record; the last byte is the version.
const MARK: &[u8; 4] = b"PRS\x01";
const HEADER_LEN: usize = 25;
const DONE_AT: usize = 24;
const DONE: u8 = 1;
