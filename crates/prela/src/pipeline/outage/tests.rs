//! Which attempts are reported, by a clock that stands still.

use super::*;
use crate::ErrorKind;

/// Seconds after the beginning at which a line is said; with `+` that it works again.
struct Log {
    outage: Outage,
    begin: Instant,
    lines: Vec<String>,
}

impl Log {
    fn new() -> Self {
        Self { outage: Outage::default(), begin: Instant::now(), lines: Vec::new() }
    }

    fn fail(&mut self, at: f64, error: &Error) {
        self.fail_after(0.0, at, error);
    }

    /// By an attempt that took some seconds.
    fn fail_after(&mut self, took: f64, at: f64, error: &Error) {
        let now = self.begin + Duration::from_secs_f64(at);
        let began = now - Duration::from_secs_f64(took);
        if self.outage.failed(error, began, now).is_some() {
            self.outage.told(now);
            self.lines.push(format!("{at}"));
        }
    }

    fn succeed(&mut self, at: f64) {
        if let Some(lasted) = self.outage.end(self.begin + Duration::from_secs_f64(at)) {
            self.lines.push(format!("+{at} after {}", lasted.as_secs_f64()));
        }
    }
}

fn refused() -> Error {
    let error = Error::new(ErrorKind::Io, "connect").with_retry(Duration::ZERO);
    error.with_contact(Contact::Absent)
}

fn busy() -> Error {
    let error = Error::new(ErrorKind::Io, "come back").with_retry(Duration::ZERO);
    error.with_contact(Contact::Answered)
}

fn broken() -> Error {
    let error = Error::new(ErrorKind::Io, "hang up").with_retry(Duration::ZERO);
    error.with_contact(Contact::Broken)
}

#[test]
fn a_connection_that_never_did_but_break_off_is_told_of_soon() {
    let mut log = Log::new();
    for at in [0.0, 0.1, 0.3, 0.4] {
        log.fail(at, &broken());
    }
    assert_eq!(log.lines, [""; 0]);
    for at in [0.7, 1.5, 3.0] {
        log.fail(at, &broken());
    }
    assert_eq!(log.lines, ["0.7"]);
    // A peer that has taken something is known to be the right one.
    let mut log = Log::new();
    log.succeed(0.0);
    (1..12).for_each(|second| log.fail(f64::from(second), &broken()));
    assert_eq!(log.lines, ["11"]);
}

#[test]
fn a_refused_connection_is_told_of_at_its_second_failure() {
    let mut log = Log::new();
    log.fail(0.0, &refused());
    log.fail(0.1, &refused());
    log.fail(0.2, &refused());
    assert_eq!(log.lines, ["0.1"]);
}

#[test]
fn what_is_over_with_the_next_attempt_is_not_told() {
    let mut log = Log::new();
    for second in 0..100 {
        log.fail(f64::from(second), &refused());
        log.succeed(f64::from(second) + 0.1);
    }
    for second in 100..109 {
        log.fail(f64::from(second), &busy());
    }
    log.succeed(109.5);
    assert_eq!(log.lines, [""; 0]);
}

#[test]
fn what_takes_long_is_told_of_at_once_and_a_busy_peer_after_a_while() {
    let mut log = Log::new();
    log.fail_after(5.0, 10.0, &refused());
    assert_eq!(log.lines, ["10"]);
    // An error that a user's exporter makes does not say whether anybody is there.
    for error in [busy(), Error::new(ErrorKind::Io, "reach nobody").with_retry(Duration::ZERO)] {
        let mut log = Log::new();
        (0..12).for_each(|second| log.fail(f64::from(second), &error));
        log.succeed(12.0);
        assert_eq!(log.lines, ["10", "+12 after 12"]);
    }
}

#[test]
fn lines_come_at_growing_pauses_and_once_when_it_is_over() {
    let mut log = Log::new();
    (0..1000).for_each(|second| log.fail(f64::from(second), &refused()));
    log.succeed(1000.0);
    log.succeed(1001.0);
    assert_eq!(log.lines, ["1", "31", "91", "211", "451", "931", "+1000 after 1000"]);
    let mut log = Log::new();
    (0..24 * 60).for_each(|minute| log.fail(f64::from(minute) * 60.0, &refused()));
    assert!((25..32).contains(&log.lines.len()), "once an hour at the least: {:?}", log.lines);
}

#[test]
fn a_peer_that_comes_and_goes_does_not_fill_the_log() {
    let mut log = Log::new();
    for second in (0..100).map(f64::from) {
        log.fail(second, &refused());
        log.fail(second + 0.1, &refused());
        log.succeed(second + 0.2);
    }
    assert!(log.lines.len() <= 8, "{:?}", log.lines);
}
