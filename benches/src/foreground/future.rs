//! Spans of futures, current at each poll.

use super::{MANY, SDK, ours, peers};
use crate::group::Group;
use crate::measure::Variant;
use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _};
use prela::SpanType;
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll, Waker};

pub(crate) const FUTURE: Group = Group::costs(
    "future",
    "a future that is ready at its tenth poll, in a span with 4 attributes that is current at each poll; a hundred \
     of them in a root",
    "span",
    || {
        let provider = peers::provider();
        let sdk = peers::tracer(&provider);
        let tracer = ours::instance().tracer();
        let with_run = tracer.clone();
        vec![
            Variant::new(SDK, MANY, move || {
                sdk.in_span("root", |_| {
                    for n in 0..MANY {
                        let attributes = peers::four(n);
                        let span = sdk.span_builder("child").with_attributes(attributes).start(&sdk);
                        finish(Polls::default().with_context(Context::current_with_span(span)));
                    }
                });
            })
            .rest(peers::flush(&provider)),
            Variant::new("prela, in_span with attr at the builder", MANY, move || {
                tracer.span("root", SpanType::Custom).in_scope(|_| {
                    for n in 0..MANY {
                        let span = tracer.span("child", SpanType::Custom);
                        let span = span.attr("text", "a short text").attr("whole", n);
                        let span = span.attr("part", 0.5).attr("truth", true);
                        finish(prela::FutureExt::in_span(Polls::default(), span));
                    }
                });
            })
            .rest(ours::flush),
            Variant::new("prela, run and set_attribute", MANY, move || {
                with_run.span("root", SpanType::Custom).in_scope(|_| {
                    for n in 0..MANY {
                        finish(with_run.span("child", SpanType::Custom).run(async |span| {
                            ours::set_four(&span, n);
                            Polls::default().await;
                        }));
                    }
                });
            })
            .rest(ours::flush),
            fastrace(),
        ]
    },
)
.in_both_profiles();

fn fastrace() -> Variant {
    peers::fastrace_reporter();
    let run = || {
        let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
        let _root = root.set_local_parent();
        for n in 0..MANY {
            let span = fastrace::Span::enter_with_local_parent("child");
            let span = span.with_properties(|| peers::four_texts(n));
            finish(fastrace::future::FutureExt::in_span(Polls::default(), span));
        }
    };
    Variant::new("fastrace, spans", MANY, run).rest(fastrace::flush)
}

/// Pending nine times, as a task that waits for its bytes is.
#[derive(Default)]
struct Polls(u32);

impl Future for Polls {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<()> {
        self.0 += 1;
        if black_box(self.0) < 10 { Poll::Pending } else { Poll::Ready(()) }
    }
}

fn finish(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut task = TaskContext::from_waker(Waker::noop());
    while future.as_mut().poll(&mut task).is_pending() {}
}
