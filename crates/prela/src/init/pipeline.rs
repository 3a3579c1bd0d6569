//! What the code and the environment say about the pipeline from spans to exporters.

use crate::Error;
use crate::env::{self, Environment, Variable};
use crate::pipeline::TailRule;
use crate::pipeline::{DropHandler, Overflow, PipelineSettings};
use crate::redact::Redactor;
use std::time::Duration;

/// Reads zero, in a variable or in code, as no limit.
pub(super) fn unless_zero(time: Duration) -> Duration {
    if time.is_zero() { Duration::MAX } else { time }
}

pub(super) const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The pipeline settings made in code; none where not set.
#[derive(Clone, Default)]
pub(super) struct PipelineOptions {
    pub(super) max_queue_size: Option<usize>,
    pub(super) max_queue_bytes: Option<usize>,
    pub(super) overflow: Option<Overflow>,
    pub(super) on_drop: Option<DropHandler>,
    pub(super) redactor: Option<Redactor>,
    pub(super) payload_limit: Option<usize>,
    pub(super) tail: Option<TailRule>,
    #[cfg(feature = "spool")]
    pub(super) spool: Option<crate::spool::Spool>,
    pub(super) max_batch_size: Option<usize>,
    pub(super) schedule_delay: Option<Duration>,
    pub(super) export_timeout: Option<Duration>,
}

pub(super) fn settings(
    env: &Environment,
    given: &PipelineOptions,
) -> Result<PipelineSettings, Error> {
    let size = |given: Option<usize>, variable, default| match given {
        Some(size) => Ok(size),
        None => env.get(variable)?.map_or(Ok(default), |setting| setting.size()),
    };
    let max_queue_size = size(given.max_queue_size, env::OTEL_BSP_MAX_QUEUE_SIZE, 65_536)?;
    #[cfg(feature = "spool")]
    let spool = given.spool.clone().map_or_else(|| spool(env), |spool| Ok(Some(spool)))?;
    #[cfg(feature = "spool")]
    let has_spool = spool.is_some();
    #[cfg(not(feature = "spool"))]
    let has_spool = no_spool(env)?;
    Ok(PipelineSettings {
        item: "span",
        max_queue_size,
        max_queue_bytes: size(given.max_queue_bytes, env::PRELA_MAX_QUEUE_BYTES, 64 << 20)?,
        overflow: given.overflow.map_or_else(|| overflow(env, has_spool), Ok)?,
        on_drop: given.on_drop.clone(),
        redactor: given.redactor.clone().map_or_else(|| redactor(env), |it| Ok(Some(it)))?,
        payload_limit: given.payload_limit.map_or_else(|| payload_limit(env), |it| Ok(Some(it)))?,
        tail: given.tail.clone().map_or_else(|| tail_rule(env), |rule| Ok(Some(rule)))?,
        #[cfg(feature = "spool")]
        spool,
        max_batch_size: batch_size(
            env,
            (given.max_batch_size, env::OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512),
            max_queue_size,
        )?,
        schedule_delay: schedule_delay(
            env,
            (given.schedule_delay, env::OTEL_BSP_SCHEDULE_DELAY, Duration::from_secs(1)),
        )?,
        export_timeout: export_timeout(
            env,
            (given.export_timeout, env::OTEL_BSP_EXPORT_TIMEOUT, Duration::from_secs(30)),
        )?,
    })
}

/// The settings of the pipeline of log records: those of spans, where the environment says nothing else.
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(super) fn for_logs(
    env: &Environment,
    given: &PipelineOptions,
    spans: &PipelineSettings,
) -> Result<PipelineSettings, Error> {
    let max_queue_size = match given.max_queue_size {
        Some(size) => size,
        None => {
            let setting = env.get(env::OTEL_BLRP_MAX_QUEUE_SIZE)?;
            setting.map_or(Ok(spans.max_queue_size), |setting| setting.size())?
        }
    };
    let batch = env::OTEL_BLRP_MAX_EXPORT_BATCH_SIZE;
    let batch = (given.max_batch_size, batch, spans.max_batch_size);
    let delay = (given.schedule_delay, env::OTEL_BLRP_SCHEDULE_DELAY, spans.schedule_delay);
    let timeout = (given.export_timeout, env::OTEL_BLRP_EXPORT_TIMEOUT, spans.export_timeout);
    Ok(PipelineSettings {
        max_queue_size,
        max_batch_size: batch_size(env, batch, max_queue_size)?,
        schedule_delay: schedule_delay(env, delay)?,
        export_timeout: export_timeout(env, timeout)?,
        ..spans.clone()
    })
}

/// The settings of the pipeline of metrics.
#[cfg(all(feature = "metrics", feature = "__otlp"))]
pub(super) fn for_metrics(
    env: &Environment,
    given: &PipelineOptions,
    spans: &PipelineSettings,
) -> Result<PipelineSettings, Error> {
    let timeout = (given.export_timeout, env::OTEL_METRIC_EXPORT_TIMEOUT, spans.export_timeout);
    Ok(PipelineSettings { export_timeout: export_timeout(env, timeout)?, ..spans.clone() })
}

/// What the code says, the variable that is asked where it says nothing, and what holds without either.
type Sources<T> = (Option<T>, Variable, T);

pub(super) fn shutdown_timeout(env: &Environment) -> Result<Duration, Error> {
    let setting = env.get(env::PRELA_SHUTDOWN_TIMEOUT)?;
    setting.map_or(Ok(Duration::from_millis(1500)), |setting| setting.milliseconds())
}

/// The batch size: no more than the queue holds.
fn batch_size(
    env: &Environment,
    (given, variable, default): Sources<usize>,
    max_queue_size: usize,
) -> Result<usize, Error> {
    if let Some(size) = given {
        return Ok(size.min(max_queue_size));
    }
    let Some(setting) = env.get(variable)? else { return Ok(max_queue_size.min(default)) };
    match setting.size()? {
        size if size <= max_queue_size => Ok(size),
        _ => Err(setting.replaced("is more than the queue holds", max_queue_size.to_string())),
    }
}

/// The schedule delay: no more than a year, so that adding it to a time cannot overflow.
fn schedule_delay(
    env: &Environment,
    (given, variable, default): Sources<Duration>,
) -> Result<Duration, Error> {
    if let Some(delay) = given {
        return Ok(delay.min(A_YEAR));
    }
    let Some(setting) = env.get(variable)? else { return Ok(default) };
    match setting.milliseconds()? {
        delay if delay <= A_YEAR => Ok(delay),
        _ => Err(setting.replaced("is more than a year", A_YEAR.as_millis().to_string())),
    }
}

fn export_timeout(
    env: &Environment,
    (given, variable, default): Sources<Duration>,
) -> Result<Duration, Error> {
    match (given, env.get(variable)?) {
        (Some(time), _) => Ok(time),
        (None, Some(setting)) => setting.milliseconds().map(unless_zero),
        (None, None) => Ok(default),
    }
}

fn payload_limit(env: &Environment) -> Result<Option<usize>, Error> {
    env.get(env::PRELA_PAYLOAD_LIMIT)?.map(|setting| setting.number()).transpose()
}

fn overflow(env: &Environment, has_spool: bool) -> Result<Overflow, Error> {
    let Some(setting) = env.get(env::PRELA_OVERFLOW)? else { return Ok(Overflow::default()) };
    if let Some(time) = after(setting.value, "block:") {
        return match time.parse().map(Duration::from_millis) {
            Ok(time) => Ok(Overflow::Block(time)),
            Err(_) => Err(setting.error("has no whole number of milliseconds after `block:`")),
        };
    }
    // `block:` was read above; it is listed for the error text.
    let chosen = setting.choice(&[
        ("drop_newest", Some(Overflow::DropNewest)),
        ("drop_oldest", Some(Overflow::DropOldest)),
        ("block:1000", None),
        ("spool", Some(Overflow::Spool)),
    ])?;
    match chosen {
        Some(Overflow::Spool) if !has_spool => {
            let error = setting.error("is of no use without PRELA_SPOOL_DIR");
            Err(error.needing(env::PRELA_SPOOL_DIR.name()))
        }
        chosen => Ok(chosen.unwrap_or_default()),
    }
}

#[cfg(feature = "spool")]
fn spool(env: &Environment) -> Result<Option<crate::spool::Spool>, Error> {
    let Some(dir) = env.get(env::PRELA_SPOOL_DIR)? else { return no_spool(env).map(|_| None) };
    let mut spool = crate::spool::Spool::new(dir.value);
    if let Some(setting) = env.get(env::PRELA_SPOOL_MAX_BYTES)? {
        spool = spool.max_bytes(u64::try_from(setting.size()?).unwrap_or(u64::MAX));
    }
    if let Some(setting) = env.get(env::PRELA_SPOOL_MAX_AGE)? {
        let age = setting.milliseconds()?;
        // The spool counts whole seconds.
        if age < Duration::from_secs(1) {
            return Err(setting.error("is less than 1000 milliseconds"));
        }
        spool = spool.max_age(age);
    }
    Ok(Some(spool))
}

/// Returns false, or an error if the environment asks for a spool that cannot be had.
fn no_spool(env: &Environment) -> Result<bool, Error> {
    #[cfg(not(feature = "spool"))]
    if let Some(setting) = env.get(env::PRELA_SPOOL_DIR)? {
        return Err(setting.error("needs the feature `spool` of prela"));
    }
    for variable in [env::PRELA_SPOOL_MAX_BYTES, env::PRELA_SPOOL_MAX_AGE] {
        if let Some(setting) = env.get(variable)? {
            return Err(setting.of_no_use_without(env::PRELA_SPOOL_DIR));
        }
    }
    Ok(false)
}

fn redactor(env: &Environment) -> Result<Option<Redactor>, Error> {
    let Some(setting) = env.get(env::PRELA_REDACT)? else {
        // What was meant is unknown, so everything known is taken out.
        let all = env.has_left_out(&[env::PRELA_REDACT]);
        return Ok(all.then(|| Redactor::new().everything_known()));
    };
    let words = setting.value.split(',').map(str::trim).filter(|word| !word.is_empty());
    let (mut redactor, mut known, mut unknown) = (Redactor::new(), Vec::new(), Vec::new());
    for word in words.clone() {
        let after = |prefix| after(word, prefix).filter(|key| !key.is_empty());
        redactor = match word.to_ascii_lowercase().as_str() {
            "none" if words.clone().count() == 1 => return Ok(None),
            "all" => redactor.everything_known(),
            "api_keys" => redactor.api_keys(),
            "bearer_tokens" => redactor.bearer_tokens(),
            "emails" => redactor.emails(),
            "card_numbers" => redactor.card_numbers(),
            _ => match (after("key:"), after("keys_with:")) {
                (Some(key), _) => redactor.key(key),
                (None, Some(part)) => redactor.keys_with(part),
                (None, None) => {
                    unknown.push(word);
                    continue;
                }
            },
        };
        known.push(word.to_owned());
    }
    if unknown.is_empty() {
        return Ok(Some(redactor));
    }
    let problems: Vec<_> = unknown.iter().take(5).map(|word| env::quoted(word)).collect();
    let problem = format!("has {}, which is none of {WORDS}", problems.join(", "));
    // Better to take out too much than to leave in what was meant.
    let keys = unknown.iter().filter(|word| !word.contains(':')).map(|key| format!("key:{key}"));
    let instead: Vec<_> = known.into_iter().chain(["all".to_owned()]).chain(keys).collect();
    Err(setting.replaced(&problem, instead.join(",")))
}

const WORDS: &str = "`all`, `api_keys`, `bearer_tokens`, `emails`, `card_numbers`, `key:` and a key, \
                     `keys_with:` and a part of keys";

fn tail_rule(env: &Environment) -> Result<Option<TailRule>, Error> {
    let Some(setting) = env.get(env::PRELA_KEEP_TRACES)? else { return Ok(None) };
    let conditions = setting.each(true, |_, word| {
        let millis =
            after(word, "longer_than:").map(|time| time.parse().map(Duration::from_millis));
        match millis {
            Some(Ok(time)) => Ok(Some(time)),
            None if word.eq_ignore_ascii_case("errors") => Ok(None),
            _ => Err(format!(
                "{} is none of `errors`, `longer_than:` and milliseconds",
                env::quoted(word)
            )),
        }
    })?;
    let rule = |rule: TailRule, condition: Option<Duration>| match condition {
        Some(time) => rule.longer_than(time),
        None => rule.with_errors(),
    };
    let has_one = !conditions.is_empty();
    Ok(has_one.then(|| conditions.into_iter().fold(TailRule::new(), rule)))
}

/// The text after `prefix`, which is lower case and matches any case.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (before, after) = text.split_at_checked(prefix.len())?;
    before.eq_ignore_ascii_case(prefix).then(|| after.trim())
}
