//! The counters of samplers, for meters.

use super::Prela;
use crate::semconv;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

impl Prela {
    /// Reports [`sampling_stats`](Self::sampling_stats) to a meter, whenever it collects.
    ///
    /// | counter | attributes |
    /// |---|---|
    /// | `prela.sampler.decisions` | `prela.sampler.decision`: `record` or `drop` |
    /// | `prela.sampler.rule.decisions` | the same, and `prela.sampler.rule` |
    ///
    /// Call it once, after the meter provider is set. [`Builder::metrics`](crate::Builder::metrics) does so by
    /// itself.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// prela.observe(&prela::opentelemetry::global::meter("prela"));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn observe(&self, meter: &Meter) {
        let provider = self.spans();
        let decisions = provider.decisions.clone();
        let _ = meter
            .u64_observable_counter(semconv::PRELA_SAMPLER_DECISIONS_METRIC)
            .with_description("Decisions of samplers about new traces")
            .with_unit("{decision}")
            .with_callback(move |counter| {
                let stats = decisions.stats();
                for (count, decision) in each_decision(stats.total, stats.sampled) {
                    counter.observe(count, &[decision]);
                }
            })
            .build();
        let sampler = provider.sampler.clone();
        let _ = meter
            .u64_observable_counter(semconv::PRELA_SAMPLER_RULE_DECISIONS_METRIC)
            .with_description("Decisions of each rule about new traces")
            .with_unit("{decision}")
            .with_callback(move |counter| {
                for rule in sampler.stats().unwrap_or_default().rules {
                    let name = KeyValue::new(semconv::PRELA_SAMPLER_RULE, rule.name);
                    for (count, decision) in each_decision(rule.total, rule.sampled) {
                        counter.observe(count, &[name.clone(), decision]);
                    }
                }
            })
            .build();
    }
}

fn each_decision(total: u64, sampled: u64) -> [(u64, KeyValue); 2] {
    let decision = |name| KeyValue::new(semconv::PRELA_SAMPLER_DECISION, name);
    [(sampled, decision("record")), (total.saturating_sub(sampled), decision("drop"))]
}
