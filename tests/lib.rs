//! What the tests and the processes that they start both check.

use prela::pipeline::Stats;

/// Every span is somewhere, and in one place only.
#[track_caller]
pub fn assert_adds_up(stats: &Stats) {
    let Stats { unsampled, exported, rejected, dropped, queued, in_flight, spooled, .. } = *stats;
    let sum = unsampled + exported + rejected + dropped + queued + in_flight + spooled;
    assert_eq!(stats.ended, sum, "{stats:?}");
    for exporter in &stats.exporters {
        let sum = exporter.exported
            + exporter.rejected
            + exporter.dropped
            + exporter.queued
            + exporter.in_flight;
        assert_eq!(exporter.ended, sum + exporter.spooled, "{exporter:?}");
    }
}
