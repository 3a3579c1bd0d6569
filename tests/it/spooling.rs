//! The spool through outages, restarts and `kill -9`.

use crate::program::role;
use crate::receiver::{Answer, Receiver, Refusal, Transport};
use prela::Prela;
use prela::pipeline::{Overflow, Stats};
use prela::spool::Spool;
use prela_tests::assert_adds_up;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tempfile::TempDir;

const A_WHILE: Duration = Duration::from_secs(60);

fn instance(
    dir: &Path,
    endpoint: &str,
    configure: impl FnOnce(prela::Builder) -> prela::Builder,
) -> Prela {
    let builder = prela::builder()
        .env([] as [(&str, &str); 0])
        .service_name("spooling")
        .exporter(Transport::Http.exporter(endpoint.to_owned()))
        .spool(Spool::new(dir))
        .diagnostics(|_| ());
    configure(builder).build().unwrap()
}

fn end_spans(prela: &Prela, numbers: std::ops::Range<usize>) {
    for number in numbers {
        prela.tracer().span_default(format!("span {number}")).in_scope(|_| ());
    }
}

/// Looks at the numbers until they are as they should be.
#[track_caller]
fn wait_until(prela: &Prela, is_so: impl Fn(&Stats) -> bool) -> Stats {
    let begin = Instant::now();
    loop {
        let stats = prela.stats();
        assert_adds_up(&stats);
        if is_so(&stats) {
            return stats;
        }
        assert!(begin.elapsed() < A_WHILE, "{stats:?}");
        thread::yield_now();
    }
}

fn names(receiver: &Receiver) -> HashSet<String> {
    receiver.spans().iter().map(|span| span.name().to_owned()).collect()
}

#[test]
fn spans_wait_on_disk_until_the_collector_is_back() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let address = refusal.address();
    let prela = instance(dir.path(), &refusal.endpoint(), |it| it.max_batch_size(10));
    end_spans(&prela, 0..100);
    let error = prela.flush(A_WHILE).unwrap_err();
    assert!(error.to_string().contains("100 spans wait in the spool"), "{error}");
    let stats = prela.stats();
    assert_adds_up(&stats);
    assert_eq!((stats.spooled, stats.dropped), (100, 0));

    drop(refusal);
    let receiver = Receiver::start_at(Transport::Http, address);
    let stats = wait_until(&prela, |stats| stats.exported == 100);
    assert_eq!((stats.spooled, receiver.spans().len()), (0, 100));
    let first = receiver.spans()[0].name().to_owned();
    assert_eq!(first, "span 0", "oldest first");
    assert_eq!(prela.shutdown(A_WHILE).undelivered(), 0);
    assert!(is_empty(dir.path()));
}

#[test]
fn what_a_run_leaves_the_next_one_sends() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let prela = instance(dir.path(), &refusal.endpoint(), |it| it);
    end_spans(&prela, 0..50);
    let report = prela.shutdown(A_WHILE);
    assert_adds_up(&report.stats);
    assert_eq!((report.stats.spooled, report.undelivered(), report.timed_out), (50, 0, false));

    // A run that has nothing to do with the collector's being there or not.
    let receiver = Receiver::start(Transport::Http);
    let prela = instance(dir.path(), &receiver.endpoint(), |it| it);
    end_spans(&prela, 50..60);
    let stats = wait_until(&prela, |stats| stats.recovered.exported == 50);
    assert_eq!((stats.recovered.found, stats.recovered.spooled), (50, 0));
    prela.flush(A_WHILE).unwrap();
    assert_eq!(prela.stats().ended, 10, "earlier spans are no spans of this run");
    assert_eq!(names(&receiver).len(), 60);
    drop(prela);
    assert!(is_empty(dir.path()));
}

#[test]
fn two_processes_do_not_disturb_each_other() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let first = instance(dir.path(), &refusal.endpoint(), |it| it);
    end_spans(&first, 0..5);
    first.flush(A_WHILE).unwrap_err();
    let receiver = Receiver::start(Transport::Http);
    let second = instance(dir.path(), &receiver.endpoint(), |it| it);
    end_spans(&second, 5..10);
    second.flush(A_WHILE).unwrap();
    assert_eq!(second.stats().recovered.found, 0);
    assert_eq!((first.stats().spooled, receiver.spans().len()), (5, 5));
}

#[test]
fn a_collector_that_hangs_does_not_keep_shutdown_from_the_disk() {
    for is_under_way in [false, true] {
        let dir = TempDir::new().unwrap();
        let receiver = Receiver::start(Transport::Http);
        receiver.answer([Answer::Held]);
        let prela = instance(dir.path(), &receiver.endpoint(), |it| it.max_batch_size(10));
        if is_under_way {
            end_spans(&prela, 0..10);
            receiver.wait_for_requests(1);
            end_spans(&prela, 10..100);
        } else {
            end_spans(&prela, 0..100);
        }
        let report = prela.shutdown(Duration::from_secs(1));
        assert_adds_up(&report.stats);
        assert_eq!((report.stats.spooled, report.undelivered()), (100, 0));
        assert!(!report.timed_out);
    }
}

#[test]
fn a_disk_that_takes_nothing_is_counted() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("taken"), "a file").unwrap();
    let refusal = Refusal::new();
    let prela = instance(&dir.path().join("taken"), &refusal.endpoint(), |it| it);
    end_spans(&prela, 0..7);
    let error = prela.flush(A_WHILE).unwrap_err();
    assert!(error.to_string().contains("write to the spool"), "{error}");
    let stats = prela.stats();
    assert_adds_up(&stats);
    assert_eq!((stats.dropped_by.spool, stats.spooled), (7, 0));
}

#[test]
fn the_limit_of_the_disk_is_counted() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let limit = 20_000;
    let prela = instance(dir.path(), &refusal.endpoint(), |it| {
        it.max_batch_size(10).spool(Spool::new(dir.path()).max_bytes(limit))
    });
    end_spans(&prela, 0..1_000);
    prela.flush(A_WHILE).unwrap_err();
    let stats = prela.stats();
    assert_adds_up(&stats);
    assert!(stats.spooled > 0 && stats.dropped_by.spool > 0, "{stats:?}");
    assert!(size(dir.path()) <= limit);
}

/// The variable that makes the outage below longer than in a usual run: a minute by hand.
const OUTAGE: &str = "PRELA_TEST_OUTAGE_SECONDS";

#[test]
fn an_outage_under_load_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let address = refusal.address();
    let prela = instance(dir.path(), &refusal.endpoint(), |it| it.overflow(Overflow::Spool));
    let seconds: usize = env::var(OUTAGE).map_or(1, |seconds| seconds.parse().unwrap());
    let begin = Instant::now();
    for tenth in 0..seconds * 10 {
        end_spans(&prela, tenth * 1_000..(tenth + 1) * 1_000);
        if seconds > 1 {
            let due = begin + Duration::from_millis(100) * (tenth as u32 + 1);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    drop(refusal);
    let receiver = Receiver::start_at(Transport::Http, address);
    let count = seconds * 10_000;
    let stats = wait_until(&prela, |stats| stats.exported == count as u64);
    assert_eq!((stats.ended, stats.dropped), (count as u64, 0));
    assert_eq!(names(&receiver).len(), count);
}

#[test]
fn what_was_spooled_survives_kill_9() {
    let dir = TempDir::new().unwrap();
    let refusal = Refusal::new();
    let random = RandomState::new();
    let mut promised: BTreeMap<usize, usize> = BTreeMap::new();
    let mut arrived: HashSet<String> = HashSet::new();
    let mut drain = || {
        let receiver = Receiver::start(Transport::Http);
        let prela = instance(dir.path(), &receiver.endpoint(), |it| it);
        prela.flush(A_WHILE).unwrap();
        let stats = prela.shutdown(A_WHILE).stats;
        assert_eq!((stats.recovered.spooled, stats.recovered.dropped), (0, 0), "{stats:?}");
        // Each message could be decoded, and has spans that somebody ended.
        for name in names(&receiver) {
            let (number, n) = name.split_once(' ').expect("a span of ours");
            assert!(number.parse::<usize>().is_ok() && n.parse::<usize>().is_ok(), "{name}");
            arrived.insert(name);
        }
    };
    for number in 0..KILLS {
        let mut victim = role("spooling")
            .arg(dir.path())
            .args([refusal.endpoint(), number.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(victim.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            let counts = stdout.lines().map_while(Result::ok);
            let counts = counts.filter_map(|line| line.strip_prefix("spooled ")?.parse().ok());
            for count in counts {
                let _ = sender.send(count);
            }
        });
        // It has begun to write, or nearly; then any moment will do.
        let mut last: usize = lines.recv_timeout(A_WHILE).unwrap_or_default();
        let moment = Duration::from_micros(random.hash_one(number) % 20_000);
        thread::sleep(moment);
        victim.kill().unwrap();
        victim.wait().unwrap();
        reader.join().unwrap();
        last = lines.try_iter().last().unwrap_or(last);
        promised.insert(number, last);
        if number % 40 == 39 {
            drain();
        }
    }
    drain();
    assert!(is_empty(dir.path()));
    assert_eq!(promised.len(), KILLS);
    for (number, promised) in promised {
        let prefix = format!("{number} ");
        let count = arrived.iter().filter(|name| name.starts_with(&prefix)).count();
        assert!(count >= promised && promised > 0, "{number}: {count} of {promised} arrived");
    }
}

const KILLS: usize = 200;

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_empty(dir: &Path) -> bool {
    files(dir).is_empty()
}

fn size(dir: &Path) -> u64 {
    files(dir).iter().map(|path| fs::metadata(path).unwrap().len()).sum()
}
