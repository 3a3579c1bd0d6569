//! Which traces are recorded: whole, or not at all.

use prela::opentelemetry::Context;
use prela::opentelemetry::trace::TraceContextExt as _;
use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::testing::Capture;
use prela::{
    Sampler, SpanContext, SpanId, SpanType, TraceContext, TraceFlags, TraceId, TraceState, Value,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn sampled_by(sampler: Sampler) -> Capture {
    Capture::with(|builder| builder.sampler(sampler))
}

fn remote(trace_id: u128, flags: TraceFlags) -> TraceContext {
    let state: TraceState = "vendor=1".parse().expect("valid");
    let (trace_id, span_id) = (TraceId::from(trace_id), SpanId::from(9));
    let span_context = SpanContext::new(trace_id, span_id, flags, true, state);
    Context::new().with_remote_span_context(span_context).into()
}

/// A trace of three spans; how many of them were recorded.
fn trace(capture: &Capture, parent: &TraceContext) -> usize {
    let before = capture.spans().len();
    let tracer = capture.tracer();
    tracer.span("root", SpanType::Agent).parent(parent).in_scope(|root| {
        tracer.span("child", SpanType::Tool).in_scope(|child| {
            assert_eq!(child.trace_id(), root.trace_id());
            assert_eq!(child.parent_span_id(), Some(root.span_id()));
            tracer.span("grandchild", SpanType::Llm).in_scope(|_| ());
        });
    });
    capture.spans().len() - before
}

#[test]
fn the_decision_of_the_root_is_kept() {
    let (sampled, unsampled) = (remote(1, TraceFlags::SAMPLED), remote(2, TraceFlags::NOT_SAMPLED));
    let none = TraceContext::default();
    for (sampler, expected) in [
        (Sampler::always_on(), [3, 3, 3]),
        (Sampler::always_off(), [0, 0, 0]),
        (Sampler::parent_based(Sampler::always_on()), [3, 3, 0]),
        (Sampler::parent_based(Sampler::always_off()), [0, 3, 0]),
        (Sampler::default(), [3, 3, 0]),
    ] {
        let name = format!("{sampler:?}");
        let capture = sampled_by(sampler);
        let counts = [&none, &sampled, &unsampled].map(|parent| trace(&capture, parent));
        assert_eq!(counts, expected, "{name}");
        let stats = capture.prela().stats();
        assert_eq!(stats.ended, 9, "{name}");
        assert_eq!(stats.unsampled, 9 - counts.iter().sum::<usize>() as u64, "{name}");
    }
}

#[test]
fn an_unsampled_trace_still_has_ids_to_send_on() {
    let capture = sampled_by(Sampler::always_off());
    let parent = remote(7, TraceFlags::SAMPLED);
    capture.tracer().span_default("work").parent(&parent).in_scope(|span| {
        assert!(!span.is_recording());
        let cx = prela::trace_context();
        assert_eq!(cx.trace_id(), Some(TraceId::from(7)));
        assert_eq!(cx.span_id(), Some(span.span_id()));
        assert!(!cx.is_sampled());
        assert_eq!(cx.span_context().trace_state().header(), "vendor=1");
    });
}

#[test]
fn a_ratio_is_a_share_of_the_trace_ids() {
    let capture = Capture::with(|builder| {
        builder.sampler(Sampler::ratio(0.25)).id_generator(prela::id::RandomIds::default())
    });
    let mut spans_of_traces = BTreeMap::<_, usize>::new();
    for _ in 0..4_000 {
        trace(&capture, &TraceContext::default());
    }
    for span in capture.spans() {
        *spans_of_traces.entry(span.span_context.trace_id().to_bytes()).or_default() += 1;
    }
    assert!(spans_of_traces.values().all(|count| *count == 3), "whole traces or none");
    // Six standard deviations.
    let share = 1_000_usize.abs_diff(spans_of_traces.len());
    assert!(share < 165, "{} of 4000", spans_of_traces.len());
}

#[test]
fn a_sampler_of_ones_own_is_asked_once_for_a_trace() {
    #[derive(Debug, Default)]
    struct OnlyAgents(Arc<AtomicUsize>);

    impl ShouldSample for OnlyAgents {
        fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
            self.0.fetch_add(1, Ordering::Relaxed);
            let is_wanted = span.span_type == SpanType::Agent
                && span.attributes.contains(&("tier".into(), Value::from("paid")));
            match is_wanted {
                true => Sampling::record().with_attribute("sampler.rule", "paid agents"),
                false => Sampling::drop(),
            }
        }
    }

    let asked = Arc::new(AtomicUsize::new(0));
    let capture = sampled_by(Sampler::custom(OnlyAgents(asked.clone())));
    let tracer = capture.tracer();
    tracer.span("kept", SpanType::Agent).attr("tier", "paid").in_scope(|_| {
        tracer.span("inner", SpanType::Tool).in_scope(|_| ());
    });
    tracer.span("left_out", SpanType::Agent).attr("tier", "free").in_scope(|_| ());
    assert_eq!(
        capture.tree(),
        "kept  agent {tier: paid, sampler.rule: paid agents}\n  inner  tool\n"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_sampler_that_panics_leaves_the_trace_out() {
    #[derive(Debug)]
    struct Rude;

    impl ShouldSample for Rude {
        fn should_sample(&self, _: &SamplingParameters<'_>) -> Sampling {
            panic!("no opinion")
        }
    }

    let capture = sampled_by(Sampler::custom(Rude));
    assert_eq!(trace(&capture, &TraceContext::default()), 0);
    assert_eq!(capture.prela().stats().unsampled, 3);
}

#[test]
fn new_traces_have_the_random_flag_and_remote_ones_keep_theirs() {
    let capture = Capture::with(|builder| builder.id_generator(prela::id::RandomIds::default()));
    let tracer = capture.tracer();
    let flags = |parent: &TraceContext| {
        tracer
            .span_default("work")
            .parent(parent)
            .in_scope(|_| prela::trace_context().span_context().trace_flags())
    };
    assert_eq!(flags(&TraceContext::default()).to_u8(), 0x03);
    assert_eq!(flags(&remote(1, TraceFlags::SAMPLED)).to_u8(), 0x01);
    assert_eq!(flags(&remote(1, TraceFlags::new(0x03))).to_u8(), 0x03);
    let counted = Capture::new().tracer().span_default("work").in_scope(|span| span.span_context());
    assert_eq!(
        counted.trace_flags().to_u8(),
        0x01,
        "ids of one's own are not random by themselves"
    );
}
