//! Consistent probability: the share is right, services agree, and a backend can count.

use super::samplers::{remote, remote_id};
use super::{sampled_by, sampled_by_random_ids};
use prela::id::{IdGenerator as _, RandomIds};
use prela::{Sampler, SpanId, TraceContext, TraceFlags};
use std::collections::HashSet;

/// Whether one sampler keeps a trace with this id, and the trace state that goes on.
fn decision(capture: &prela::testing::Capture, parent: &TraceContext) -> (bool, String) {
    capture.tracer().span_default("work").parent(parent).in_scope(|span| {
        let span_context = span.span_context();
        (span_context.is_sampled(), span_context.trace_state().header())
    })
}

const RANDOM: TraceFlags = TraceFlags::new(0x02);

#[test]
fn the_share_of_a_million_ids_is_right() {
    const IDS: u32 = 1_000_000;
    const RATIO: f64 = 0.1;
    let ids = RandomIds::default();
    let asked = Asked::default();
    let capture = sampled_by(Sampler::all([Sampler::ratio(RATIO), Sampler::custom(asked.clone())]));
    let tracer = capture.tracer();
    for _ in 0..IDS {
        let trace_id = u128::from_be_bytes(ids.new_trace_id().to_bytes());
        let parent = remote_id(trace_id, RANDOM, "");
        let _span = tracer.span_default("work").parent(&parent).start();
    }
    let expected = f64::from(IDS) * RATIO;
    let deviation = (expected * (1.0 - RATIO)).sqrt();
    let kept = asked.count();
    assert!((kept - expected).abs() < 5.0 * deviation, "{kept} of {expected}");
}

/// Counts what reaches it, and keeps nothing, so that nothing is exported.
#[derive(Clone, Debug, Default)]
struct Asked(std::sync::Arc<std::sync::atomic::AtomicU32>);

impl Asked {
    fn count(&self) -> f64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed).into()
    }
}

impl prela::sampling::ShouldSample for Asked {
    fn should_sample(
        &self,
        _: &prela::sampling::SamplingParameters<'_>,
    ) -> prela::sampling::Sampling {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        prela::sampling::Sampling::drop()
    }
}

#[test]
fn services_that_sample_on_their_own_keep_subsets() {
    let ids = RandomIds::default();
    let services = [0.1, 0.3, 0.7].map(|ratio| sampled_by(Sampler::ratio(ratio)));
    for _ in 0..2_000 {
        let trace_id = u128::from_be_bytes(ids.new_trace_id().to_bytes());
        let parent = remote_id(trace_id, RANDOM, "");
        let kept = services.each_ref().map(|service| decision(service, &parent).0);
        assert!(kept.is_sorted(), "{kept:?}: who keeps less keeps nothing else");
    }
}

#[test]
fn the_threshold_is_sent_on() {
    for (sampler, before, expected) in [
        (Sampler::ratio(0.5), "", (true, "ot=th:8")),
        (Sampler::ratio(0.5), "a=b", (true, "ot=th:8,a=b")),
        (Sampler::ratio(0.5), "a=b,ot=x:y;th:c", (true, "ot=th:8;x:y,a=b")),
        // The caller's own randomness, too low.
        (Sampler::ratio(0.5), "ot=rv:7fffffffffffff;th:c", (false, "ot=rv:7fffffffffffff")),
        (Sampler::ratio(0.5), "ot=rv:80000000000000", (true, "ot=th:8;rv:80000000000000")),
        // What is no randomness is not used: the id's is high.
        (Sampler::ratio(0.5), "ot=rv:0", (true, "ot=th:8;rv:0")),
        (Sampler::always_off(), "ot=th:c", (false, "")),
        (Sampler::always_on(), "ot=th:c", (true, "ot=th:0")),
        (Sampler::always_on(), "a=b", (true, "a=b")),
        (Sampler::rate_limited(1.0, 1), "ot=th:c", (true, "")),
        (Sampler::parent_based(Sampler::ratio(0.5)), "ot=th:c", (true, "ot=th:c")),
        (Sampler::any([Sampler::ratio(0.25), Sampler::ratio(0.5)]), "", (true, "ot=th:8")),
        (Sampler::all([Sampler::ratio(0.25), Sampler::ratio(0.5)]), "", (true, "ot=th:c")),
        (Sampler::any([Sampler::ratio(0.25), Sampler::rate_limited(1.0, 1)]), "", (true, "")),
    ] {
        let name = format!("{sampler:?} of {before:?}");
        let (kept, state) = decision(&sampled_by(sampler), &remote(TraceFlags::SAMPLED, before));
        assert_eq!((kept, state.as_str()), expected, "{name}");
    }
}

#[test]
fn the_threshold_is_on_every_span_and_in_the_header() {
    let capture = sampled_by_random_ids(Sampler::ratio(0.5));
    let tracer = capture.tracer();
    let mut sent = HashSet::new();
    for _ in 0..100 {
        tracer.span_default("root").in_scope(|root| {
            tracer.span_default("child").in_scope(|_| {
                let mut headers = std::collections::HashMap::<String, String>::new();
                prela::inject(&mut headers);
                if root.is_recording() {
                    sent.extend(headers.remove("tracestate"));
                }
            });
        });
    }
    assert_eq!(sent, HashSet::from(["ot=th:8".to_owned()]));
    assert!(
        capture.spans().iter().all(|span| span.span_context.trace_state().header() == "ot=th:8")
    );
}

#[test]
fn ids_that_are_not_random_come_with_randomness() {
    // 1, 2, 3 … as the testing ids are, say nothing: what is drawn from them is told.
    let capture = sampled_by(Sampler::ratio(0.5));
    let downstream = sampled_by(Sampler::ratio(0.5));
    let mut kept = 0;
    for _ in 0..400 {
        let span = capture.tracer().span_default("root").start();
        let (is_kept, cx) = (span.is_recording(), span.context());
        let state = span.span_context().trace_state().header();
        assert!(state.contains("rv:"), "{state}");
        let remote = remote_id(1, TraceFlags::default(), &state);
        assert_eq!(decision(&downstream, &remote).0, is_kept, "{state}");
        assert_ne!(cx.span_id(), Some(SpanId::INVALID));
        kept += usize::from(is_kept);
    }
    assert!((140..=260).contains(&kept), "{kept}");
}
