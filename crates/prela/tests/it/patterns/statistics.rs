//! What samplers decided, counted.

use super::{request, sampled_by_random_ids};
use prela::Sampler;
use prela::sampling::{AdaptiveSampler, Rule};
use std::thread;

#[test]
fn counts_are_exact_under_threads() {
    let capture = sampled_by_random_ids(Sampler::ratio(0.5).counted());
    assert_eq!(capture.prela().sampling_stats().rate(), None, "of nothing there is no rate");
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| (0..500).for_each(|_| request(&capture)));
        }
    });
    let stats = capture.prela().sampling_stats();
    assert_eq!(stats.total, 4_000, "each trace once, not each span");
    assert_eq!(stats.sampled * 3, capture.spans().len() as u64);
    let rate = stats.rate().expect("there were some");
    assert!((0.4..0.6).contains(&rate), "{rate}");
}

#[test]
fn eight_threads_on_one_sampler_of_each_kind() {
    let limited = Sampler::rate_limited(1.0, 100).counted();
    let adaptive = Sampler::from(AdaptiveSampler::new(0.5).window(50)).counted();
    let rules = Sampler::rules([Rule::keep("requests").name("request")], Sampler::always_off());
    for sampler in [&limited, &adaptive, &rules] {
        let capture = super::sampled_by(sampler);
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| (0..200).for_each(|_| request(&capture)));
            }
        });
        let stats = sampler.stats().expect("counted");
        assert_eq!(stats.total, 1_600, "{sampler:?}");
        assert_eq!(stats.sampled * 3, capture.spans().len() as u64, "{sampler:?}");
        assert_eq!(capture.prela().sampling_stats().total, 1_600);
    }
    // The clock stands still: the burst, and nothing more.
    assert_eq!(limited.stats().expect("counted").sampled, 100);
}

#[test]
fn a_sampler_that_is_not_counted_says_so() {
    assert_eq!(Sampler::ratio(0.5).stats(), None);
    assert_eq!(Sampler::parent_based(Sampler::rate_limited(1.0, 1)).stats(), None);
    let counted = Sampler::ratio(0.5).counted().stats().expect("counted");
    assert_eq!((counted.total, counted.sampled, counted.rate()), (0, 0, None));
}
