//! Attempts, and what comes after the last one.

use super::gated::Answer;
use super::{LONG, adds_up, end_spans, gated};
use prela::ErrorKind;
use std::time::{Duration, Instant};

const NOW: Duration = Duration::ZERO;

#[test]
fn a_batch_comes_again_until_it_is_taken() {
    let (prela, gate, lines) = gated(|builder| builder);
    (0..3).for_each(|_| gate.answer(Answer::Retry(NOW)));
    gate.answer(Answer::Take);
    end_spans(&prela, 3);
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped), (3, 0));
    assert_eq!(gate.batches(), [3, 3, 3, 3]);
    assert_eq!(lines.take(), [""; 0], "nothing was lost");
}

#[test]
fn while_it_waits_for_another_attempt_it_is_in_flight() {
    let (prela, gate, _) = gated(|builder| builder);
    gate.answer(Answer::Retry(Duration::from_secs(20)));
    end_spans(&prela, 3);
    let error = prela.flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "flush: 3 spans did not reach gated in time: be busy");
    adds_up(&prela.stats());
    assert_eq!(prela.stats().in_flight, 3);
}

#[test]
fn the_time_that_a_peer_asks_for_is_given() {
    let (prela, gate, _) = gated(|builder| builder);
    let asked = Duration::from_millis(150);
    gate.answer(Answer::Retry(asked));
    gate.answer(Answer::Take);
    let begin = Instant::now();
    end_spans(&prela, 1);
    prela.flush(LONG).unwrap();
    assert!(begin.elapsed() >= asked);
}

#[test]
fn a_peer_that_asks_for_more_than_there_is_loses_the_batch() {
    let (prela, gate, _) = gated(|builder| builder.export_timeout(Duration::from_secs(5)));
    gate.answer(Answer::Retry(LONG));
    end_spans(&prela, 1);
    // At once: there is nothing to wait for.
    let error = prela.flush(LONG).unwrap_err();
    assert_eq!(error.to_string(), "flush: 1 span could not be exported to gated: be busy");
    adds_up(&prela.stats());
}

#[test]
fn the_time_for_a_batch_ends() {
    let (prela, gate, _) = gated(|builder| builder.export_timeout(Duration::from_millis(30)));
    (0..1000).for_each(|_| gate.answer(Answer::Retry(NOW)));
    end_spans(&prela, 2);
    assert!(prela.flush(LONG).is_err());
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!(stats.dropped_by.export_failed, 2);
}

#[test]
fn a_batch_that_is_too_large_comes_in_halves() {
    let (prela, gate, _) = gated(|builder| builder);
    for answer in
        [Answer::TooLarge, Answer::Take, Answer::TooLarge, Answer::Reject(1), Answer::Take]
    {
        gate.answer(answer);
    }
    end_spans(&prela, 8);
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!(gate.batches(), [8, 4, 4, 2, 2]);
    assert_eq!((stats.exported, stats.rejected), (7, 1));
}

#[test]
fn one_span_that_is_too_large_is_lost_alone() {
    let (prela, gate, _) = gated(|builder| builder);
    for answer in [Answer::TooLarge, Answer::TooLarge, Answer::Take] {
        gate.answer(answer);
    }
    end_spans(&prela, 2);
    let error = prela.flush(LONG).unwrap_err();
    assert_eq!(error.to_string(), "flush: 1 span could not be exported to gated: take so much");
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped_by.too_large), (1, 1));
}

/// Shutting down with a peer that is not there: a few attempts for all batches, not for each.
#[test]
fn last_attempts_are_bounded() {
    let (prela, gate, _) = gated(|builder| builder.max_batch_size(1).max_queue_size(1000));
    (0..1000).for_each(|_| gate.answer(Answer::Retry(NOW)));
    end_spans(&prela, 100);
    let begin = Instant::now();
    let report = prela.shutdown(LONG);
    assert!(begin.elapsed() < LONG / 4, "it gave up");
    adds_up(&report.stats);
    assert!(!report.timed_out);
    assert_eq!((report.stats.dropped_by.export_failed, report.undelivered()), (100, 100));
    // Three, and what was under way when the shutdown began.
    let attempts = gate.batches().len();
    assert!((3..10).contains(&attempts), "{attempts} attempts for 100 batches");
}

/// An exporter of one's own says that its peer is there by a time to wait, or by the kind of its error.
#[test]
fn attempts_go_on_while_the_peer_gives_signs_of_life() {
    for busy in [|| Answer::Busy, || Answer::Retry(Duration::from_millis(5))] {
        let (prela, gate, lines) = gated(|builder| builder.max_batch_size(10).max_queue_size(100));
        for _ in 0..5 {
            (0..4).for_each(|_| gate.answer(busy()));
            gate.answer(Answer::Take);
        }
        end_spans(&prela, 50);
        let report = prela.shutdown(LONG);
        adds_up(&report.stats);
        assert_eq!((report.stats.exported, report.timed_out), (50, false));
        assert_eq!(gate.batches(), [10; 25]);
        assert_eq!(lines.take(), [""; 0]);
    }
}

/// A peer that is not there once or twice, between signs of life, is not given up.
#[test]
fn a_success_begins_the_count_anew() {
    let (prela, gate, _) = gated(|builder| builder.max_batch_size(10).max_queue_size(100));
    for _ in 0..5 {
        (0..2).for_each(|_| gate.answer(Answer::Retry(NOW)));
        gate.answer(Answer::Take);
    }
    end_spans(&prela, 50);
    assert_eq!(prela.shutdown(LONG).stats.exported, 50);
}

#[test]
fn a_pause_beyond_the_deadline_ends_the_attempts() {
    let (prela, gate, lines) = gated(|builder| builder.max_batch_size(100));
    gate.answer(Answer::Retry(LONG * 2));
    end_spans(&prela, 50);
    let begin = Instant::now();
    let report = prela.shutdown(LONG);
    assert!(begin.elapsed() < LONG / 4);
    let said = "be busy; the receiver asked to wait 120s, longer than the shutdown had left";
    assert_eq!(report.stats.exporters[0].last_error.as_deref(), Some(said));
    let line = format!("prela: 50 of 50 spans could not be delivered to gated: {said}");
    assert_eq!(lines.take(), [line]);
}

/// What is queued behind a batch that fails stays there while the peer is left alone.
#[test]
fn the_queue_waits_while_a_peer_is_left_alone() {
    let (prela, gate, _) =
        gated(|builder| builder.max_batch_size(1).export_timeout(Duration::from_secs(5)));
    gate.answer(Answer::Retry(LONG));
    end_spans(&prela, 4);
    assert!(prela.flush(Duration::from_millis(100)).is_err());
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.dropped_by.export_failed, stats.dropped), (1, 1));
}
