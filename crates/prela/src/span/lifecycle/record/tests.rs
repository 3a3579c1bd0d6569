//! A span that several threads hold, in every order of what they do to it.

use crate::clock::AnyClock;
use crate::id::AnyIds;
use crate::span::message::{EndedSpan, SpanData};
use crate::span::{Provider, Source, Span, SpanBuilder, SpanIntake, SpanLimits};
use crate::{Sampler, SpanType, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Keeps what ends.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanIntake for Kept {
    fn on_end(&self, span: &EndedSpan<'_>) {
        self.0.lock().unwrap().push(span.to_data());
    }

    fn on_unsampled(&self) {}
    fn on_late(&self, _: bool) {}
    fn remark(&self, _: &str) {}
}

fn source(kept: &Kept) -> Arc<Source> {
    let provider = Provider::new(
        Sampler::always_on(),
        SpanLimits::default(),
        AnyClock::System,
        AnyIds::Random,
        None,
        Box::new(kept.clone()),
        Vec::new(),
    );
    Arc::new(Source { provider: Arc::new(provider), scope: Arc::default() })
}

/// What a thread does to the span, in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Set(&'static str, i64),
    Text(&'static str, &'static str),
    Event,
    End,
    /// Drops its handle. The owner leaves the scope, which ends the span.
    Drop,
}

use Step::{Drop, End, Event, Set, Text};

const OWNER: &[Step] = &[Set("a", 1), Text("b", "of the owner"), Drop];
const WRITER: &[Step] = &[Set("a", 2), Event];
const ENDER: &[Step] = &[End];
const DROPPER: &[Step] = &[Text("b", "of the dropper"), Drop];

/// Every way to shuffle decks without changing the order of any of them, as the numbers of the decks.
fn shuffles(left: &[usize]) -> Vec<Vec<usize>> {
    if left.iter().all(|cards| *cards == 0) {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for deck in (0..left.len()).filter(|deck| left[*deck] > 0) {
        let mut rest = left.to_vec();
        rest[deck] -= 1;
        all.extend(shuffles(&rest).into_iter().map(|order| [vec![deck], order].concat()));
    }
    all
}

/// Whose turn it is.
#[derive(Default)]
struct Turns {
    at: Mutex<usize>,
    changed: Condvar,
}

impl Turns {
    /// Does one step after the other, each when it is its turn.
    fn take(&self, order: &[usize], actor: usize, steps: &[Step], mut act: impl FnMut(Step)) {
        let own = order.iter().enumerate().filter(|(_, of)| **of == actor);
        for ((turn, _), step) in own.zip(steps) {
            let at = self.at.lock().unwrap();
            drop(self.changed.wait_while(at, |at| *at != turn).unwrap());
            act(*step);
            *self.at.lock().unwrap() += 1;
            self.changed.notify_all();
        }
    }
}

fn write(span: &Span, step: Step) {
    match step {
        Set(key, value) => _ = span.set_attribute(key, value),
        Text(key, value) => _ = span.set_attribute(key, value),
        Event => _ = span.add_event("event", [("k", 1)]),
        End => span.end(),
        Drop => {}
    }
}

/// What is recorded if nothing happens at the same time.
fn expected(order: &[usize], decks: &[&[Step]]) -> (BTreeMap<String, Value>, usize) {
    let mut next = vec![0; decks.len()];
    let (mut attributes, mut events) = (BTreeMap::new(), 0);
    for actor in order {
        let step = decks[*actor][next[*actor]];
        next[*actor] += 1;
        match step {
            Set(key, value) => _ = attributes.insert(key.to_owned(), value.into()),
            Text(key, value) => _ = attributes.insert(key.to_owned(), value.into()),
            Event => events += 1,
            End => break,
            Drop if *actor == 0 => break,
            Drop => {}
        }
    }
    (attributes, events)
}

#[test]
fn whatever_the_order_each_write_before_the_end_counts() {
    let decks = [OWNER, WRITER, ENDER, DROPPER];
    let orders = shuffles(&decks.map(<[Step]>::len));
    assert_eq!(orders.len(), 1_680);
    let (kept, source) = {
        let kept = Kept::default();
        let source = source(&kept);
        (kept, source)
    };
    // Miri is slow, so it runs only some of them.
    let step = if cfg!(miri) { 97 } else { 1 };
    for order in orders.iter().step_by(step) {
        let turns = Turns::default();
        thread::scope(|threads| {
            let root = SpanBuilder::new(&source, "span".into(), SpanType::Custom);
            root.in_scope(|span| {
                for (actor, steps) in decks.iter().enumerate().skip(1) {
                    let (turns, mut handle) = (&turns, Some(span.clone()));
                    threads.spawn(move || {
                        turns.take(order, actor, steps, |step| match &handle {
                            Some(_) if step == Drop => handle = None,
                            Some(span) => write(span, step),
                            None => {}
                        });
                    });
                }
                turns.take(order, 0, &OWNER[..2], |step| write(span, step));
                // The scope is left at the owner's last turn, and the others go on once it is.
                let at = turns.at.lock().unwrap();
                let last = order.iter().rposition(|of| *of == 0).unwrap();
                drop(turns.changed.wait_while(at, |at| *at != last).unwrap());
            });
            *turns.at.lock().unwrap() += 1;
            turns.changed.notify_all();
        });
        // Whoever has the memory now begins with none of that.
        SpanBuilder::new(&source, "next".into(), SpanType::Custom).in_scope(|_| ());
        let ended = std::mem::take(&mut *kept.0.lock().unwrap());
        let names: Vec<_> = ended.iter().map(|span| &*span.name).collect();
        assert_eq!(names, ["span", "next"], "{order:?}");
        let of = |span: &SpanData| {
            let own = span.attributes.iter().filter(|(key, _)| key.as_str().len() == 1);
            let own = own.map(|(key, value)| (key.to_string(), value.clone()));
            (own.collect::<BTreeMap<_, _>>(), span.events.len())
        };
        assert_eq!(of(&ended[0]), expected(order, &decks), "{order:?}");
        assert_eq!(of(&ended[1]), (BTreeMap::new(), 0), "{order:?}");
    }
}

/// Threads write at one moment: nothing is torn, and nothing is there twice.
#[test]
fn threads_that_write_at_once_each_leave_what_they_wrote() {
    const THREADS: i64 = if cfg!(miri) { 3 } else { 8 };
    const WRITES: i64 = if cfg!(miri) { 4 } else { 200 };
    let kept = Kept::default();
    let source = source(&kept);
    SpanBuilder::new(&source, "span".into(), SpanType::Custom).in_scope(|span| {
        thread::scope(|threads| {
            for thread in 0..THREADS {
                threads.spawn(move || {
                    for write in 0..WRITES {
                        span.set_attribute(format!("of {thread}"), write);
                        span.set_attribute("last", format!("{thread}: {write}"));
                    }
                });
            }
        });
    });
    let ended = kept.0.lock().unwrap();
    let value = |key: &str| ended[0].attribute(key).cloned();
    for thread in 0..THREADS {
        assert_eq!(value(&format!("of {thread}")), Some(Value::I64(WRITES - 1)));
    }
    let last = value("last").unwrap().to_string();
    assert!(last.ends_with(&format!(": {}", WRITES - 1)), "{last}");
}
