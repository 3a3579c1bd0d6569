use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

/// A directory of its own for each test, which does not exist yet.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("prela-file-{}-{number}", std::process::id()));
        // Left over by a process that had our id.
        let _may_not_exist = fs::remove_dir_all(&dir);
        Self(dir)
    }

    fn exporter(&self) -> FileExporter {
        FileExporter::new(self.0.join("traces"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join("traces").join(name)
    }

    /// Names and contents.
    #[track_caller]
    fn check(&self, expected: &[(&str, &str)]) {
        let mut files: Vec<(String, String)> = fs::read_dir(self.0.join("traces"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|it| {
                let content = fs::read_to_string(it.path()).unwrap();
                (it.file_name().into_string().unwrap(), content)
            })
            .collect();
        files.sort();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(name, content)| ((*name).into(), (*content).into())).collect();
        assert_eq!(files, expected);
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _may_not_exist = fs::remove_dir_all(&self.0);
    }
}

/// The given day of 1970.
fn day(day: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs((day - 1) * 86_400)
}

#[test]
fn a_date_has_its_files() {
    let dir = TempDir::new();
    let mut exporter = dir.exporter();
    exporter.append(b"a\n", day(1)).unwrap();
    exporter.append(b"b\n", day(2) - Duration::from_nanos(1)).unwrap();
    exporter.append(b"c\n", day(2)).unwrap();
    dir.check(&[("traces-1970-01-01-001.jsonl", "a\nb\n"), ("traces-1970-01-02-001.jsonl", "c\n")]);
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let dir = TempDir::new();
    let mut exporter = dir.exporter().max_file_size(5);
    for line in ["a\n", "b\n", "c\n", "longer than the limit\n", "d\n"] {
        exporter.append(line.as_bytes(), day(1)).unwrap();
    }
    dir.check(&[
        ("traces-1970-01-01-001.jsonl", "a\nb\n"),
        ("traces-1970-01-01-002.jsonl", "c\n"),
        ("traces-1970-01-01-003.jsonl", "longer than the limit\n"),
        ("traces-1970-01-01-004.jsonl", "d\n"),
    ]);
}

#[test]
fn another_start_goes_on_in_the_newest_file() {
    let dir = TempDir::new();
    dir.exporter().max_file_size(2).append(b"a\n", day(1)).unwrap();
    dir.exporter().max_file_size(2).append(b"b\n", day(1)).unwrap();
    dir.exporter().append(b"c\n", day(1)).unwrap();
    dir.check(&[("traces-1970-01-01-001.jsonl", "a\n"), ("traces-1970-01-01-002.jsonl", "b\nc\n")]);
}

#[test]
fn a_torn_line_is_left_alone() {
    let dir = TempDir::new();
    dir.exporter().append(b"{\"resourceSp", day(1)).unwrap();
    dir.exporter().append(b"a\n", day(1)).unwrap();
    dir.check(&[
        ("traces-1970-01-01-001.jsonl", "{\"resourceSp"),
        ("traces-1970-01-01-002.jsonl", "a\n"),
    ]);
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = TempDir::new();
    fs::create_dir_all(dir.path("traces-1970-01-01-007.jsonl")).unwrap();
    fs::write(dir.path("traces-1970-01-01-4294967295.jsonl"), "").unwrap();
    dir.exporter().append(b"a\n", day(1)).unwrap();
    assert_eq!(fs::read(dir.path("traces-1970-01-01-008.jsonl")).unwrap(), b"a\n");
}

#[test]
fn a_removed_file_is_made_again() {
    let dir = TempDir::new();
    let mut exporter = dir.exporter();
    exporter.append(b"a\n", day(1)).unwrap();
    fs::remove_dir_all(&dir.0).unwrap();
    exporter.append(b"b\n", day(1)).unwrap();
    dir.check(&[("traces-1970-01-01-001.jsonl", "b\n")]);
}

#[test]
fn lines_of_several_writers_stay_whole() {
    let dir = TempDir::new();
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let mut exporter = dir.exporter().max_file_size(200_000);
            let mut line = vec![b'a' + writer; 9_999];
            line.push(b'\n');
            scope.spawn(move || {
                for _ in 0..20 {
                    exporter.append(&line, day(1)).unwrap();
                }
            });
        }
    });
    let mut lines = [0; 8];
    for entry in fs::read_dir(dir.0.join("traces")).unwrap() {
        for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let writer = line.as_bytes()[0];
            assert_eq!(line.len(), 9_999);
            assert!(line.bytes().all(|byte| byte == writer));
            lines[usize::from(writer - b'a')] += 1;
        }
    }
    assert_eq!(lines, [20; 8]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new();
    dir.exporter().append(b"a\n", day(1)).unwrap();
    let file = fs::metadata(dir.path("traces-1970-01-01-001.jsonl")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_error_names_the_path() {
    let dir = TempDir::new();
    fs::create_dir_all(&dir.0).unwrap();
    fs::write(dir.0.join("traces"), "a file").unwrap();
    let error = dir.exporter().append(b"a\n", day(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let path = dir.0.join("traces");
    assert_eq!(error.to_string(), format!("create the directory {}", path.display()));
}

#[test]
fn dates_beyond_the_calendar_do_not_panic() {
    assert_eq!(date(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01");
    assert_eq!(date(UNIX_EPOCH + Duration::from_secs(1 << 40)), "9999-12-31");
}
