use super::*;
use tempfile::TempDir;

fn store(dir: &TempDir) -> DiskStore {
    DiskStore::new(Spool::new(dir.path().join("spool")), 0)
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Everything it gives, in order.
fn rest(store: &mut DiskStore) -> Vec<String> {
    let mut bodies = Vec::new();
    while let Some(record) = store.oldest() {
        bodies.push(String::from_utf8(record.body.to_vec()).unwrap());
        store.done(record.id);
    }
    bodies
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn segments(dir: &TempDir) -> Vec<PathBuf> {
    let mut files = files(dir.path());
    files.retain(|path| path.extension().is_some());
    files
}

#[test]
fn what_comes_first_goes_first() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    for text in ["one", "two", "three"] {
        store.append(&body(text), 1).unwrap();
    }
    assert_eq!(rest(&mut store), ["one", "two", "three"]);
    assert!(store.is_empty());
}

#[test]
fn another_run_takes_over_what_is_left() {
    let dir = TempDir::new().unwrap();
    let mut first = store(&dir);
    for text in ["one", "two", "three"] {
        first.append(&body(text), 2).unwrap();
    }
    let record = first.oldest().unwrap();
    first.done(record.id);
    drop(first);

    let mut second = store(&dir);
    assert_eq!(second.recover(), Leftovers { spans: 4, unreadable: 0 });
    second.append(&body("four"), 1).unwrap();
    let first = second.oldest().unwrap();
    assert_eq!(first.kept_by, KeptBy::EarlierRun);
    assert_eq!(rest(&mut second), ["two", "three", "four"]);
    drop(second);
    assert_eq!(files(dir.path()), [] as [PathBuf; 0], "nothing is left behind");
}

#[test]
fn a_run_that_is_under_way_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let mut first = store(&dir);
    first.append(&body("one"), 1).unwrap();
    let mut second = store(&dir);
    assert_eq!(second.recover(), Leftovers::default());
    second.append(&body("two"), 1).unwrap();
    assert_eq!(rest(&mut second), ["two"]);
    assert_eq!(rest(&mut first), ["one"]);
}

/// The last record cut off at any byte, as by a kill in the middle of a write.
#[test]
fn a_record_that_was_cut_off_is_not_given() {
    let dir = TempDir::new().unwrap();
    let mut written = store(&dir);
    written.append(&body("whole"), 1).unwrap();
    let whole = fs::metadata(&segments(&dir)[0]).unwrap().len();
    written.append(&body("the last one"), 1).unwrap();
    let path = segments(&dir)[0].clone();
    let bytes = fs::read(&path).unwrap();
    drop(written);
    let whole = usize::try_from(whole).unwrap();
    for end in whole..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let (mut segment, unreadable) = Segment::open(path.clone()).unwrap();
        assert_eq!(unreadable, u64::from(end > whole), "cut at {end}");
        let place = segment.first().unwrap();
        assert_eq!(segment.read(place).unwrap(), body("whole"));
        segment.done();
        assert!(segment.is_empty());
    }
}

/// Any byte changed: what is given is what was written, or nothing.
#[test]
fn a_damaged_record_is_not_given() {
    let dir = TempDir::new().unwrap();
    let mut written = store(&dir);
    for text in ["one", "two", "three"] {
        written.append(&body(text), 1).unwrap();
    }
    let path = segments(&dir)[0].clone();
    let bytes = fs::read(&path).unwrap();
    drop(written);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            fs::write(&path, &damaged).unwrap();
            let (mut segment, _) = Segment::open(path.clone()).unwrap();
            while let Some(place) = segment.first() {
                let record = segment.read(place).unwrap();
                assert!([body("one"), body("two"), body("three")].contains(&record));
                segment.done();
            }
        }
    }
}

#[test]
fn what_is_damaged_while_it_waits_is_counted() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    store.append(&body("one"), 3).unwrap();
    store.append(&body("two"), 1).unwrap();
    let path = &segments(&dir)[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[26] ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(rest(&mut store), ["two"]);
    let losses = store.losses();
    assert_eq!((losses.len(), losses[0].spans, losses[0].kept_by), (1, 3, KeptBy::ThisRun));
}

#[test]
fn the_disk_limit_holds() {
    let dir = TempDir::new().unwrap();
    let mut store = DiskStore::new(Spool::new(dir.path()).max_bytes(10_000), 0);
    let record = body(&"x".repeat(900));
    let taken = (0..100).filter(|_| store.append(&record, 1).is_ok()).count();
    assert_eq!(taken, 10);
    let size: u64 = files(dir.path()).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(size <= 10_000, "{size}");
    let error = store.append(&record, 1).unwrap_err();
    assert!(error.to_string().ends_with("its limit of 10000 bytes is reached"), "{error}");
    // Room comes back, a segment at a time.
    assert_eq!(rest(&mut store).len(), 10);
    assert!(store.append(&record, 1).is_ok());
}

#[test]
fn what_is_too_old_is_counted_and_goes() {
    let dir = TempDir::new().unwrap();
    let mut store = DiskStore::new(Spool::new(dir.path()).max_age(Duration::ZERO), 0);
    let segment = store.segment_for(100).unwrap();
    let place = Place { id: 0, offset: 0, len: 0, spans: 2, written_at: 1 };
    segment.append(place, &body("old")).unwrap();
    // Written in the future: the clock was set back.
    let place = Place { id: 1, written_at: u64::MAX, ..place };
    segment.append(place, &body("new")).unwrap();
    assert_eq!(rest(&mut store), ["new"]);
    let losses = store.losses();
    assert_eq!((losses.len(), losses[0].spans), (1, 2));
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("spool"), "a file").unwrap();
    let mut store = store(&dir);
    assert_eq!(store.recover(), Leftovers::default());
    let error = store.append(&body("one"), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(store.is_empty() && store.oldest().is_none());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    store.append(&body("one"), 1).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in files(dir.path()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        for parent in path.ancestors().skip(1).take_while(|it| *it != dir.path()) {
            assert_eq!(mode(parent), 0o700, "{}", parent.display());
        }
    }
}
