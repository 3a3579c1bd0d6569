//! What the tests and the processes that they start both check.

use prela::Stats;

/// Every span is somewhere, and in one place only.
#[track_caller]
pub fn assert_adds_up(stats: &Stats) {
    let Stats { unsampled, exported, rejected, dropped, queued, in_flight, spooled, .. } = *stats;
    let sum = unsampled + exported + rejected + dropped + queued + in_flight + spooled;
    assert_eq!(stats.ended, sum, "{stats:?}");
    for lane in &stats.exporters {
        let sum = lane.exported + lane.rejected + lane.dropped + lane.queued + lane.in_flight;
        assert_eq!(lane.ended, sum + lane.spooled, "{lane:?}");
    }
}
