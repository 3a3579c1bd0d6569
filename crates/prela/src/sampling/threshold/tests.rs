//! Thresholds as other SDKs write them.

use super::*;

#[test]
fn thresholds_have_four_significant_digits() {
    for (ratio, expected) in [
        (1.0, "th:0"),
        (0.5, "th:8"),
        (0.25, "th:c"),
        (0.1, "th:e666"),
        (1.0 / 3.0, "th:aaab"),
        (0.01, "th:fd70a"),
        (0.001, "th:ffbe77"),
        (1e-6, "th:ffffef39"),
        (f64::MIN_POSITIVE, "th:ffffffffffffff"),
    ] {
        let mut text = String::new();
        Threshold::of_ratio(ratio).write(&mut text);
        assert_eq!(text, expected, "{ratio}");
    }
    for ratio in [0.0, -1.0, f64::NAN] {
        assert_eq!(Threshold::of_ratio(ratio), Threshold::NONE);
        assert!(!Threshold::of_ratio(ratio).keeps(RANDOM_BITS - 1));
    }
}

#[test]
fn mixed_bits_are_spread() {
    let kept = |ratio| {
        let threshold = Threshold::of_ratio(ratio);
        (1..=100_000_u128).filter(|id| threshold.keeps(mixed_bits(TraceId::from(*id)))).count()
    };
    for (ratio, expected) in [(0.5, 50_000_usize), (0.1, 10_000), (0.9, 90_000)] {
        // More than six standard deviations.
        assert!(kept(ratio).abs_diff(expected) < 1_000, "{}", kept(ratio));
    }
}
