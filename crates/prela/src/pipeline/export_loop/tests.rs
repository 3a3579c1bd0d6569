//! Export loops whose batches are encoded, with a scripted exporter and a disk in memory.

use super::*;
use crate::ErrorKind;
use crate::export::{Encode, EncodedExporter, ExportFuture, Exported};
use crate::pipeline::drop_handler::DropNotifier;
use crate::pipeline::shards::{Limits, Size};
use crate::pipeline::worker::Workers;
use crate::pipeline::{Diagnostics, ExporterStats, Overflow};
use crate::span::EncodedSpan;
use crate::store::{KeptBy, Leftovers, LostBatch};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::collections::VecDeque;
use std::sync::Mutex;

const A_WHILE: Duration = Duration::from_secs(60);

/// What came to the exporter, and what it answers.
#[derive(Clone, Debug, Default)]
struct Wire(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
struct Script {
    bodies: Vec<Bytes>,
    answers: VecDeque<Result<(), ErrorKind>>,
}

impl Wire {
    fn answering(answers: impl IntoIterator<Item = Result<(), ErrorKind>>) -> Self {
        let answers = answers.into_iter().collect();
        Self(Arc::new(Mutex::new(Script { bodies: Vec::new(), answers })))
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().bodies.clone()
    }

    fn counts(&self) -> Vec<usize> {
        self.bodies().into_iter().map(|body| spans(&body).len()).collect()
    }
}

impl EncodedExporter for Wire {
    fn name(&self) -> String {
        "wire".to_owned()
    }

    fn encoder(&self) -> Encode {
        crate::otlp::encode::request
    }

    fn send(&mut self, body: Bytes) -> ExportFuture<'_, Exported> {
        let mut wire = self.0.lock().unwrap();
        wire.bodies.push(body);
        // Unless the test says otherwise, nobody is there.
        let answer = wire.answers.pop_front().unwrap_or(Err(ErrorKind::Io));
        drop(wire);
        Box::pin(async move {
            answer.map(|()| Exported::all()).map_err(|kind| {
                let error = Error::new(kind, "reach nobody");
                if kind == ErrorKind::Io { error.with_retry(Duration::ZERO) } else { error }
            })
        })
    }

    fn for_fork(&self) -> Box<dyn EncodedExporter> {
        Box::new(self.clone())
    }
}

/// A disk in memory, which can be full.
#[derive(Default)]
struct Disk {
    records: VecDeque<(Bytes, u64)>,
    is_full: bool,
    earlier: u64,
    damaged: bool,
    done: u64,
}

impl Store for Disk {
    fn recover(&mut self) -> Leftovers {
        Leftovers { spans: self.earlier, unreadable: 0 }
    }

    fn append(&mut self, body: &Bytes, spans: u64) -> Result<(), Error> {
        if self.is_full {
            return Err(Error::new(ErrorKind::Io, "find room"));
        }
        self.records.push_back((body.clone(), spans));
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn oldest(&mut self) -> Option<SpooledBatch> {
        if self.damaged {
            return None;
        }
        let (body, spans) = self.records.front()?.clone();
        Some(SpooledBatch {
            id: self.done,
            body,
            spans,
            kept_by: if self.earlier == 0 { KeptBy::ThisRun } else { KeptBy::EarlierRun },
        })
    }

    fn done(&mut self, id: u64) {
        assert_eq!(id, self.done);
        self.done += 1;
        self.records.pop_front();
    }

    fn losses(&mut self) -> Vec<LostBatch> {
        if !std::mem::take(&mut self.damaged) {
            return Vec::new();
        }
        let (_, spans) = self.records.pop_front().unwrap();
        vec![LostBatch {
            spans,
            kept_by: if self.earlier == 0 { KeptBy::ThisRun } else { KeptBy::EarlierRun },
            error: Error::new(ErrorKind::Io, "read it"),
        }]
    }
}

fn spans(body: &Bytes) -> Vec<String> {
    let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.flat_map(|scope| scope.spans.iter().map(|span| span.name.clone())).collect()
}

fn span(name: String) -> EncodedSpan {
    let memory = crate::export::MemoryExporter::new();
    let builder = crate::builder().env([("", ""); 0]).exporter(memory.clone());
    let prela = builder.build().unwrap();
    drop(prela.tracer().span_default(name).start());
    prela.flush(A_WHILE).unwrap();
    EncodedSpan::rewritten(&memory.take()[0])
}

/// Ends `count` spans, drives an exporter for them until all have a fate, and shuts down.
fn deliver(wire: &Wire, disk: Option<Disk>, count: usize) -> ExporterStats {
    let limits = Limits {
        queue: Size { spans: 1000, bytes: 1 << 20 },
        batch: Size { spans: 8, bytes: 1 << 20 },
        wakes_at_first: false,
    };
    let drops = Arc::new(DropNotifier::new(None));
    let (name, diagnostics) = ("wire".to_owned(), Diagnostics::new(Arc::new(|_| ())));
    let queue =
        ExporterQueue::new(name, "span", false, limits, Overflow::DropNewest, drops, diagnostics);
    let queue = Arc::new(queue);
    let settings = PipelineSettings {
        item: "span",
        max_queue_size: 1000,
        max_queue_bytes: 1 << 20,
        max_batch_size: 8,
        schedule_delay: A_WHILE,
        export_timeout: A_WHILE,
        overflow: Overflow::DropNewest,
        on_drop: None,
        redactor: None,
        payload_limit: None,
        tail: None,
        #[cfg(feature = "spool")]
        spool: None,
    };
    let store = disk.map(|disk| -> Box<dyn Store> { Box::new(disk) });
    let exporter = AnyExporter::Encoded(Box::new(wire.clone()));
    let export_loop = ExportLoop::new(queue.clone(), exporter, store, Arc::default(), &settings);
    for n in 0..count {
        queue.push(&span(format!("span {n}")).ended());
    }
    let workers = Workers::start(vec![export_loop], async {}).unwrap();
    let _ = queue.wait_for_flush(&queue.request_flush(), None);
    queue.close(None);
    assert!(workers.wait(A_WHILE));
    let stats = queue.stats();
    let sum = stats.exported + stats.rejected + stats.dropped + stats.spooled;
    assert_eq!(stats.ended, sum, "{stats:?}");
    stats
}

#[test]
fn the_same_bytes_serve_every_attempt() {
    let wire = Wire::answering([Err(ErrorKind::Io), Err(ErrorKind::Timeout), Ok(())]);
    let stats = deliver(&wire, None, 3);
    assert_eq!(stats.exported, 3);
    let bodies = wire.bodies();
    assert_eq!(spans(&bodies[0]), ["span 0", "span 1", "span 2"]);
    let places: Vec<_> = bodies.iter().map(|body| body.as_ptr()).collect();
    assert_eq!(places, [places[0]; 3], "not encoded again, and not copied");
}

#[test]
fn bytes_that_are_too_many_go_in_halves() {
    let wire = Wire::answering([
        Err(ErrorKind::TooLarge),
        Err(ErrorKind::TooLarge),
        Err(ErrorKind::TooLarge),
        Ok(()),
        Ok(()),
    ]);
    let stats = deliver(&wire, None, 4);
    assert_eq!(wire.counts(), [4, 2, 1, 1, 2]);
    assert_eq!((stats.exported, stats.dropped_by.too_large), (3, 1));
}

#[test]
fn what_cannot_be_sent_goes_to_the_disk_as_it_is() {
    let wire = Wire::default();
    let stats = deliver(&wire, Some(Disk::default()), 12);
    assert_eq!((stats.spooled, stats.dropped), (12, 0));
}

#[test]
fn a_full_disk_is_counted() {
    let stats = deliver(&Wire::default(), Some(Disk { is_full: true, ..Disk::default() }), 12);
    assert_eq!((stats.spooled, stats.dropped_by.spool), (0, 12));
    assert_eq!(stats.last_error.as_deref(), Some("find room"));
}

/// A record of four spans, as another run left it.
fn record() -> (Bytes, u64) {
    let spans: Vec<_> = (0..4).map(|n| span(format!("earlier {n}"))).collect();
    (crate::otlp::encode::request(&Resource::default(), &spans), 4)
}

#[test]
fn a_record_that_is_too_large_goes_in_halves() {
    let wire = Wire::answering([Err(ErrorKind::TooLarge), Ok(()), Err(ErrorKind::Rejected)]);
    let disk = Disk { records: [record()].into(), earlier: 4, ..Disk::default() };
    let stats = deliver(&wire, Some(disk), 0);
    assert_eq!(wire.counts(), [4, 2, 2]);
    let recovered = stats.recovered;
    assert_eq!((recovered.found, recovered.exported, recovered.dropped), (4, 2, 2));
    assert_eq!((recovered.spooled, stats.ended), (0, 0));
}

/// Half of a record is taken, and then nobody is there: all of it comes again, and is counted once.
#[test]
fn a_record_is_counted_when_it_is_done() {
    let wire = Wire::answering([Err(ErrorKind::TooLarge), Ok(()), Err(ErrorKind::Io), Ok(())]);
    let disk = Disk { records: [record()].into(), earlier: 4, ..Disk::default() };
    let recovered = deliver(&wire, Some(disk), 0).recovered;
    assert_eq!(wire.counts(), [4, 2, 2, 4]);
    assert_eq!((recovered.found, recovered.exported, recovered.spooled), (4, 4, 0));
}

#[test]
fn a_damaged_record_is_counted_and_not_sent() {
    let disk = Disk { records: [record()].into(), earlier: 4, damaged: true, ..Disk::default() };
    let wire = Wire::default();
    let recovered = deliver(&wire, Some(disk), 0).recovered;
    assert_eq!(wire.counts(), [] as [usize; 0]);
    assert_eq!((recovered.found, recovered.dropped, recovered.spooled), (4, 4, 0));
}
