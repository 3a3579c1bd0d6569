//! Consistent probability: thresholds, the randomness they are compared with, and how both stand in
//! `tracestate`.
//!
//! Source: [OpenTelemetry TraceState: Probability Sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).

use opentelemetry::trace::{SpanContext, TraceId, TraceState};

/// Traces whose randomness is below it are left out. Between 0, which keeps all, and 2^56, which keeps
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Threshold(u64);

const RANDOM_BITS: u64 = 1 << 56;
/// Hex digits of a threshold or a randomness.
const DIGITS: usize = 14;

impl Threshold {
    pub(super) const ALL: Self = Self(0);
    pub(super) const NONE: Self = Self(RANDOM_BITS);

    /// The threshold of a ratio, with four significant hex digits as in other SDKs, so that all agree on it.
    pub(super) fn of_ratio(ratio: f64) -> Self {
        if ratio.is_nan() || ratio <= 0.0 {
            return Self::NONE;
        }
        if ratio >= 1.0 {
            return Self::ALL;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "between 0 and 2^56 by the checks, and 2^56 is exact as a double"
        )]
        let kept = ((ratio * RANDOM_BITS as f64).round() as u64).clamp(1, RANDOM_BITS);
        let threshold = RANDOM_BITS - kept;
        // With a low share the threshold begins with `f`s, which are no significant digits.
        let leading = (threshold << 8).leading_ones() / 4;
        let unit = 1_u64 << (4 * 10_u32.saturating_sub(leading));
        let rounded = (threshold + unit / 2) / unit * unit;
        Self(rounded.min(RANDOM_BITS - 1))
    }

    pub(super) fn keeps(self, randomness: u64) -> bool {
        randomness >= self.0
    }

    fn write(self, text: &mut String) {
        let digits = format!("{:014x}", self.0);
        let short = digits.trim_end_matches('0');
        text.push_str("th:");
        text.push_str(if short.is_empty() { "0" } else { short });
    }
}

/// The random bits of W3C Trace Context Level 2.
pub(super) fn low_bits(trace_id: TraceId) -> u64 {
    let [.., a, b, c, d, e, f, g] = trace_id.to_bytes();
    u64::from_be_bytes([0, a, b, c, d, e, f, g])
}

/// Evenly spread bits from an id that is not random, such as a counted one.
pub(super) fn mixed_bits(trace_id: TraceId) -> u64 {
    let id = u128::from_be_bytes(trace_id.to_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "both halves are mixed in")]
    let (high, low) = ((id >> 64) as u64, id as u64);
    // The finalizer of SplitMix64: each bit of the input changes half of the output.
    let mix = |mut bits: u64| {
        bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    mix(mix(high) ^ low) >> 8
}

/// The randomness that `tracestate` gives instead of the trace id's.
pub(super) fn explicit_randomness(parent: &SpanContext) -> Option<u64> {
    let digits = subkeys(parent.trace_state().get(OT)?)
        .find_map(|(key, value)| (key == "rv").then_some(value))?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != DIGITS || !digits.bytes().all(is_hex) {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// The trace state of a decision: its threshold replaces the parent's, and nothing else changes.
///
/// `th` is left out without a known threshold, and where every trace is kept anyway.
pub(super) fn trace_state(
    state: &TraceState,
    chance: Chance,
    sampled: bool,
    rv: Option<u64>,
) -> TraceState {
    let before = state.get(OT);
    let threshold = match chance {
        Chance::OfParent => return state.clone(),
        Chance::Known(threshold) if sampled => Some(threshold),
        Chance::Known(_) | Chance::Unknown => None,
    };
    let threshold = threshold.filter(|threshold| before.is_some() || *threshold > Threshold::ALL);
    if before.is_none() && threshold.is_none() && rv.is_none() {
        return state.clone();
    }
    let mut now = String::new();
    if let Some(threshold) = threshold {
        threshold.write(&mut now);
    }
    let separate = |now: &mut String| {
        if !now.is_empty() {
            now.push(';');
        }
    };
    for (key, value) in subkeys(before.unwrap_or_default()).filter(|(key, _)| *key != "th") {
        separate(&mut now);
        now.push_str(key);
        now.push(':');
        now.push_str(value);
    }
    if let Some(rv) = rv {
        separate(&mut now);
        now.push_str(&format!("rv:{rv:014x}"));
    }
    let changed = if now.is_empty() { state.delete(OT) } else { state.insert(OT, now) };
    changed.unwrap_or_else(|_| state.clone())
}

/// OpenTelemetry's member of `tracestate`.
const OT: &str = "ot";

fn subkeys(member: &str) -> impl Iterator<Item = (&str, &str)> {
    member.split(';').filter_map(|pair| pair.split_once(':'))
}

#[cfg(test)]
mod tests;

/// How likely a trace like this one was to be recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Chance {
    /// As the caller's `tracestate` says.
    OfParent,
    Unknown,
    Known(Threshold),
}
