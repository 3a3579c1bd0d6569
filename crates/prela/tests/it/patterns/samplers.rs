//! Which traces are recorded: adaptive, limited, by user, by rule, and several at once.

use super::{request, sampled_by, sampled_by_random_ids, spans_of_each_trace};
use prela::opentelemetry::Context;
use prela::opentelemetry::trace::TraceContextExt as _;
use prela::sampling::{AdaptiveSampler, Rule};
use prela::testing::Capture;
use prela::{
    ErrorKind, Sampler, SpanContext, SpanId, SpanType, TraceContext, TraceFlags, TraceId,
    TraceState, baggage,
};
use std::time::Duration;

#[test]
fn a_share_of_the_traces_each_of_them_whole() {
    let capture = sampled_by_random_ids(0.5);
    for _ in 0..200 {
        request(&capture);
    }
    let traces = spans_of_each_trace(&capture);
    assert!(traces.iter().all(|spans| *spans == 3), "no trace is partial");
    // Six standard deviations.
    assert!((58..=142).contains(&traces.len()), "{}", traces.len());
}

#[test]
fn one_function_decides_for_the_trace_that_it_begins() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let high_volume = || {
        tracer.span("high_volume", SpanType::Custom).sample_with(0.0).in_scope(|_| {
            tracer.span("inner", SpanType::Custom).sample_with(1.0).in_scope(|_| ());
        });
    };
    high_volume();
    assert_eq!(capture.tree(), "", "an unsampled call makes no spans");
    tracer.span("request", SpanType::Agent).in_scope(|_| high_volume());
    assert_eq!(
        capture.tree(),
        "request  agent\n  high_volume  custom\n    inner  custom\n",
        "within a trace the decision is made"
    );
}

#[test]
fn the_traces_of_some_users() {
    let capture = sampled_by(Sampler::users(["user_123", "user_456"]));
    let tracer = capture.tracer();
    let beta_feature = |user: &str| {
        tracer.span("beta_feature", SpanType::Custom).attr("user.id", user).in_scope(|_| {
            tracer.span("step", SpanType::Tool).in_scope(|_| ());
        });
    };
    for user in ["user_123", "user_789", "user_456"] {
        beta_feature(user);
    }
    baggage::scope([("user.id", "user_456")], || {
        tracer.span_default("by_baggage").in_scope(|_| ())
    });
    baggage::scope([("user.id", "user_1")], || tracer.span_default("not_theirs").in_scope(|_| ()));
    assert_eq!(
        capture.tree(),
        "beta_feature  custom {user.id: user_123, user.traced: true}\n  step  tool\n\
         beta_feature  custom {user.id: user_456, user.traced: true}\n  step  tool\n\
         by_baggage  custom {user.id: user_456, user.traced: true}\n"
    );
}

#[test]
fn a_remote_parent_decides_for_users_only_if_the_sampler_follows_it() {
    let caller = remote(TraceFlags::SAMPLED, "");
    for (sampler, expected) in
        [(Sampler::users(["ann"]), 0), (Sampler::parent_based(Sampler::users(["ann"])), 1)]
    {
        let capture = sampled_by(sampler);
        capture
            .tracer()
            .span_default("handle")
            .attr("user.id", "bob")
            .parent(&caller)
            .in_scope(|_| ());
        assert_eq!(capture.spans().len(), expected, "the policy is the program's to choose");
    }
}

#[test]
fn a_condition_decides_for_its_trace() {
    let capture = sampled_by(Sampler::always_off());
    let tracer = capture.tracer();
    for is_beta in [true, false] {
        tracer.span("feature", SpanType::Custom).attr("beta", is_beta).trace_if(is_beta).in_scope(
            |_| {
                tracer.span("step", SpanType::Tool).in_scope(|_| ());
            },
        );
    }
    assert_eq!(capture.tree(), "feature  custom {beta: true}\n  step  tool\n");

    let (kept, left_out) = (remote(TraceFlags::SAMPLED, ""), remote(TraceFlags::default(), ""));
    tracer.span_default("kept").trace_if(false).parent(&kept).in_scope(|_| ());
    tracer.span_default("left_out").trace_if(true).parent(&left_out).in_scope(|_| ());
    assert!(capture.tree().contains("kept") && !capture.tree().contains("left_out"));
}

#[test]
fn the_share_falls_as_the_traffic_rises() {
    // Asked until one is kept: only a kept trace says its share.
    let at = |per_second| {
        let capture = sampled_by(AdaptiveSampler::new(0.1));
        let mut last = String::new();
        for _ in 0..3_000 {
            let kept = capture.tracer().span_default("request").in_scope(|span| {
                span.is_recording().then(|| span.span_context().trace_state().header())
            });
            last = kept.unwrap_or(last);
            capture.clock().advance(Duration::from_secs(1) / per_second);
        }
        last.split(';').next().unwrap_or_default().to_owned()
    };
    assert_eq!(at(10), "ot=th:e666", "a tenth");
    assert_eq!(at(50), "ot=th:e666", "50 a second is not above 50");
    assert_eq!(at(75), "ot=th:f3333", "a twentieth");
    assert_eq!(at(100), "ot=th:f3333", "100 a second is not above 100");
    assert_eq!(at(200), "ot=th:fd70a", "a hundredth");
}

#[test]
fn the_first_trace_is_kept_and_silence_brings_the_share_back() {
    let capture = sampled_by(AdaptiveSampler::new(0.0).window(10).above(0.5, 0.0));
    request(&capture);
    assert_eq!(capture.spans().len(), 3, "the first of all");
    request(&capture);
    assert_eq!(capture.spans().len(), 3);

    // Everything at a low rate, nothing at a high one.
    let capture = sampled_by(AdaptiveSampler::new(1.0).window(10).above(5.0, 0.0));
    let burst = || {
        let before = capture.spans().len();
        for _ in 0..20 {
            capture.tracer().span_default("request").in_scope(|_| ());
            capture.clock().advance(Duration::from_millis(10));
        }
        capture.spans().len() - before
    };
    assert_eq!(burst(), 1);
    capture.clock().advance(Duration::from_secs(60));
    // Of the last ten traces the oldest was before the silence, for nine traces more.
    assert_eq!(burst(), 9);
}

#[test]
fn an_adaptive_sampler_may_be_that_of_one_function() {
    let adaptive = Sampler::adaptive(0.1).counted();
    let capture = Capture::new();
    for _ in 0..1_000 {
        capture
            .tracer()
            .span("high_traffic_endpoint", SpanType::Custom)
            .sample_with(&adaptive)
            .in_scope(|_| ());
        capture.clock().advance(Duration::from_millis(100));
    }
    let stats = adaptive.stats().expect("counted");
    assert_eq!(stats.total, 1_000);
    assert_eq!(stats.sampled, capture.spans().len() as u64);
    // Six standard deviations.
    assert!((43..=158).contains(&stats.sampled), "{}", stats.sampled);
}

#[test]
fn rules_force_on_and_off() {
    let capture = sampled_by(Sampler::rules(
        [
            Rule::drop("health checks").name("GET /health"),
            Rule::keep("debugged").baggage("debug", "1"),
            Rule::keep("paid agents").span_type(SpanType::Agent).attr("plan", "pro"),
            Rule::sample("bulk", Sampler::always_off()).name_prefix("batch_"),
            Rule::keep("many items").when(
                |span| matches!(span.attribute("items"), Some(prela::Value::I64(n)) if *n > 9),
            ),
        ],
        Sampler::always_off(),
    ));
    let tracer = capture.tracer();
    baggage::scope([("debug", "1")], || {
        tracer.span_default("GET /health").in_scope(|_| ());
        tracer.span_default("looked_at").in_scope(|_| ());
    });
    tracer.span("plan", SpanType::Agent).attr("plan", "pro").in_scope(|_| ());
    tracer.span("plan", SpanType::Tool).attr("plan", "pro").in_scope(|_| ());
    tracer.span_default("batch_1").attr("items", 10).in_scope(|_| ());
    tracer.span_default("single").attr("items", 10).in_scope(|_| ());
    assert_eq!(
        capture.tree(),
        "looked_at  custom {prela.sampler.rule: debugged}\n\
         plan  agent {plan: pro, prela.sampler.rule: paid agents}\n\
         single  custom {items: 10, prela.sampler.rule: many items}\n"
    );
    let stats = capture.prela().sampling_stats();
    assert_eq!((stats.total, stats.sampled), (6, 3));
    let rules: Vec<_> =
        stats.rules.iter().map(|rule| (rule.name.as_str(), rule.total, rule.sampled)).collect();
    assert_eq!(
        rules,
        [
            ("health checks", 1, 0),
            ("debugged", 1, 1),
            ("paid agents", 1, 1),
            ("bulk", 1, 0),
            ("many items", 1, 1)
        ]
    );
}

#[test]
fn a_rate_limit_is_kept_and_a_burst_allowed() {
    let capture = sampled_by(Sampler::rate_limited(2.0, 3));
    let kept = |times: usize| {
        let before = capture.spans().len();
        for _ in 0..times {
            capture.tracer().span_default("request").in_scope(|_| ());
        }
        capture.spans().len() - before
    };
    assert_eq!(kept(10), 3, "a burst");
    capture.clock().advance(Duration::from_millis(499));
    assert_eq!(kept(10), 0);
    capture.clock().advance(Duration::from_millis(1));
    assert_eq!(kept(10), 1);
    capture.clock().advance(Duration::from_secs(60));
    assert_eq!(kept(10), 3, "a long quiet time saves no more than the burst");

    // Python's, at half a trace a second, never keeps any.
    let capture = sampled_by(Sampler::rate_limited(0.5, 1));
    for _ in 0..10 {
        capture.tracer().span_default("request").in_scope(|_| ());
        capture.clock().advance(Duration::from_secs(1));
    }
    assert_eq!(capture.spans().len(), 5);
}

#[test]
fn any_takes_what_one_takes_and_all_what_each_takes() {
    let users = || Sampler::users(["ann"]);
    for (sampler, expected) in [
        (Sampler::any([users(), Sampler::always_off()]), ["ann"].as_slice()),
        (Sampler::any([Sampler::always_off(), Sampler::always_on()]), &["ann", "bob"]),
        (Sampler::all([users(), Sampler::always_on()]), &["ann"]),
        (Sampler::all([Sampler::always_on(), Sampler::always_off()]), &[]),
        (Sampler::all([users(), Sampler::rate_limited(1.0, 1)]), &["ann"]),
    ] {
        let name = format!("{sampler:?}");
        let capture = sampled_by(sampler);
        for user in ["bob", "ann"] {
            capture.tracer().span_default("request").attr("user.id", user).in_scope(|_| ());
        }
        let spans = capture.spans();
        let mut kept: Vec<_> =
            spans.iter().filter_map(|span| super::text(span, "user.id")).collect();
        kept.sort_unstable();
        assert_eq!(kept, expected, "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_an_error_at_build() {
    #[rustfmt::skip]
    let wrong = [
        (Sampler::ratio(1.5), "ratio `1.5` is not between 0 and 1"),
        (Sampler::ratio(-0.1), "ratio `-0.1` is not between 0 and 1"),
        (Sampler::parent_based(Sampler::ratio(f64::NAN)), "ratio `NaN` is not between 0 and 1"),
        (Sampler::rate_limited(0.0, 1), "rate_limited rate `0` is not above 0"),
        (Sampler::rate_limited(f64::INFINITY, 1), "rate_limited rate `inf` is not above 0"),
        (Sampler::rate_limited(1.0, 0), "rate_limited burst `0` is not above 0"),
        (AdaptiveSampler::new(1.5).into(), "adaptive base rate `1.5` is not between 0 and 1"),
        (AdaptiveSampler::new(0.1).window(0).into(), "adaptive window `0` is not from 2 to 1000000"),
        (AdaptiveSampler::new(0.1).above(-1.0, 0.5).into(), "adaptive step above `-1` is not a rate"),
        (AdaptiveSampler::new(0.1).above(1.0, 2.0).into(), "adaptive factor `2` is not between 0 and 1"),
        (Sampler::any([]), "any has no samplers"),
        (Sampler::all([Sampler::ratio(2.0)]), "all: ratio `2` is not between 0 and 1"),
        (Sampler::rules([Rule::keep("")], true.into()), "rule 1 has no name"),
        (Sampler::rules([Rule::keep("a"), Rule::drop("a")], true.into()), "rule `a` is given twice"),
        (Sampler::rules([Rule::sample("a", 7.0)], true.into()), "rule `a`: ratio `7` is not between 0 and 1"),
        (Sampler::ratio(9.0).counted(), "ratio `9` is not between 0 and 1"),
    ];
    for (sampler, problem) in wrong {
        let capture = prela::builder()
            .env([("OTEL_TRACES_EXPORTER", "none")])
            .service_name("test")
            .sampler(sampler)
            .build();
        let error = capture.expect_err(problem);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), format!("set sampler: {problem}"));
    }
}

#[test]
fn a_span_passes_over_a_sampler_that_is_in_error() {
    let capture = Capture::new();
    capture.tracer().span_default("kept").sample_with(1.5).in_scope(|_| ());
    assert_eq!(capture.tree(), "kept  custom\n");
}

pub(super) fn remote(flags: TraceFlags, state: &str) -> TraceContext {
    remote_id(u128::MAX, flags, state)
}

pub(super) fn remote_id(trace_id: u128, flags: TraceFlags, state: &str) -> TraceContext {
    let state: TraceState =
        if state.is_empty() { TraceState::NONE } else { state.parse().unwrap() };
    let ids = (TraceId::from(trace_id), SpanId::from(9));
    let span_context = SpanContext::new(ids.0, ids.1, flags, true, state);
    Context::new().with_remote_span_context(span_context).into()
}
