//! What the environment says where the code says nothing.

use crate::env::{self, Environment};
use crate::pipeline::{DropHandler, Overflow, PipelineSettings};
use crate::propagation::{Format, Propagator};
use crate::{Error, Redactor, Resource, Sampler, SpanLimits, TailRule, Value, semconv};
use opentelemetry::Key;
use std::time::Duration;

/// Zero, in a variable or in code: no limit.
pub(super) fn unless_zero(time: Duration) -> Duration {
    if time.is_zero() { Duration::MAX } else { time }
}

pub(super) fn is_disabled(env: &Environment) -> Result<bool, Error> {
    let disabled = env.get(env::OTEL_SDK_DISABLED)?;
    disabled.map_or(Ok(false), |setting| setting.choice(&[("true", true), ("false", false)]))
}

/// The service's name first, then the SDK, then what the environment and the code say, the code last.
pub(super) fn resource(
    env: &Environment,
    service_name: Option<String>,
    given: Vec<(Key, Value)>,
) -> Result<Resource, Error> {
    let from_env = match env.get(env::OTEL_RESOURCE_ATTRIBUTES)? {
        Some(setting) => setting.entries()?,
        None => Vec::new(),
    };
    let is_service_name = |key: &str| key == semconv::SERVICE_NAME;
    let given_name = given.iter().find(|(key, _)| is_service_name(key.as_str()));
    let env_name = from_env.iter().find(|(key, _)| is_service_name(key));
    let name = match (service_name, given_name) {
        (Some(name), _) => Value::from(name),
        (None, Some((_, name))) => name.clone(),
        (None, None) => {
            let set = env.first(&[env::PRELA_SERVICE_NAME, env::OTEL_SERVICE_NAME])?;
            match (set, env_name) {
                (Some(setting), _) => setting.value.into(),
                (None, Some((_, name))) => name.clone().into(),
                (None, None) => unknown_service().into(),
            }
        }
    };

    let mut resource = Resource::default();
    resource.set(semconv::SERVICE_NAME, name.clone());
    resource.set(semconv::TELEMETRY_SDK_NAME, "prela");
    resource.set(semconv::TELEMETRY_SDK_LANGUAGE, "rust");
    resource.set(semconv::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
    for (key, value) in from_env {
        resource.set(key, value);
    }
    for (key, value) in given {
        resource.set(key, value);
    }
    resource.set(semconv::SERVICE_NAME, name);
    Ok(resource)
}

fn unknown_service() -> String {
    let mut name = "unknown_service".to_owned();
    if let Some(program) = env::program_name() {
        name.push(':');
        name.push_str(&program);
    }
    name
}

pub(super) fn sampler(env: &Environment) -> Result<Sampler, Error> {
    if let Some(rate) = env.get(env::PRELA_SAMPLE_RATE)? {
        return Ok(Sampler::parent_based(Sampler::ratio(rate.share()?)));
    }
    let Some(name) = env.get(env::OTEL_TRACES_SAMPLER)? else { return Ok(Sampler::default()) };
    let (root, follows_parent) = name.choice(&[
        ("always_on", (Root::On, false)),
        ("always_off", (Root::Off, false)),
        ("traceidratio", (Root::Ratio, false)),
        ("parentbased_always_on", (Root::On, true)),
        ("parentbased_always_off", (Root::Off, true)),
        ("parentbased_traceidratio", (Root::Ratio, true)),
    ])?;
    let root = match root {
        Root::On => Sampler::always_on(),
        Root::Off => Sampler::always_off(),
        Root::Ratio => {
            let share = env.get(env::OTEL_TRACES_SAMPLER_ARG)?;
            Sampler::ratio(share.map_or(Ok(1.0), |share| share.share())?)
        }
    };
    Ok(if follows_parent { Sampler::parent_based(root) } else { root })
}

#[derive(Clone, Copy)]
enum Root {
    On,
    Off,
    Ratio,
}

pub(super) fn propagator(env: &Environment) -> Result<Propagator, Error> {
    let Some(setting) = env.get(env::OTEL_PROPAGATORS)? else { return Ok(Propagator::default()) };
    let named = setting.choices(&[
        ("tracecontext", Some(Format::TraceContext)),
        ("baggage", Some(Format::Baggage)),
        ("b3", Some(Format::B3)),
        ("b3multi", Some(Format::B3Multi)),
        ("legacy_ids", Some(Format::LegacyIds)),
        ("none", None),
    ])?;
    if named.len() > 1 && named.contains(&None) {
        return Err(setting.error("has `none` beside others"));
    }
    Ok(named.into_iter().flatten().fold(Propagator::none(), Propagator::with))
}

pub(super) fn span_limits(env: &Environment) -> Result<SpanLimits, Error> {
    let count = |variables: &[_], default| {
        env.first(variables)?.map_or(Ok(default), |setting| setting.number())
    };
    let length =
        [env::OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT, env::OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT];
    let default = SpanLimits::default();
    let all = env::OTEL_ATTRIBUTE_COUNT_LIMIT;
    Ok(SpanLimits {
        attributes: count(&[env::OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, all], default.attributes)?,
        attribute_value_length: env.first(&length)?.map(|setting| setting.number()).transpose()?,
        events: count(&[env::OTEL_SPAN_EVENT_COUNT_LIMIT], default.events)?,
        links: count(&[env::OTEL_SPAN_LINK_COUNT_LIMIT], default.links)?,
        attributes_per_event: count(
            &[env::OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT, all],
            default.attributes_per_event,
        )?,
        attributes_per_link: count(
            &[env::OTEL_LINK_ATTRIBUTE_COUNT_LIMIT, all],
            default.attributes_per_link,
        )?,
    })
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What the code says of the pipeline; none where it says nothing.
#[derive(Clone, Default)]
pub(super) struct Given {
    pub(super) max_queue_size: Option<usize>,
    pub(super) max_queue_bytes: Option<usize>,
    pub(super) overflow: Overflow,
    pub(super) on_drop: Option<DropHandler>,
    pub(super) redactor: Option<Redactor>,
    pub(super) payload_limit: Option<usize>,
    pub(super) tail: Option<TailRule>,
    #[cfg(feature = "spool")]
    pub(super) spool: Option<crate::Spool>,
    pub(super) max_batch_size: Option<usize>,
    pub(super) schedule_delay: Option<Duration>,
    pub(super) export_timeout: Option<Duration>,
}

pub(super) fn pipeline(env: &Environment, given: Given) -> Result<PipelineSettings, Error> {
    let size = |given: Option<usize>, variable, default| match given {
        Some(size) => Ok(size),
        None => env.get(variable)?.map_or(Ok(default), |setting| setting.size()),
    };
    let time = |given: Option<Duration>, variable, default| match given {
        Some(time) => Ok(time),
        None => env.get(variable)?.map_or(Ok(default), |setting| setting.milliseconds()),
    };
    let max_queue_size = size(given.max_queue_size, env::OTEL_BSP_MAX_QUEUE_SIZE, 65_536)?;
    let max_batch_size = size(given.max_batch_size, env::OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512)?;
    let schedule_delay =
        time(given.schedule_delay, env::OTEL_BSP_SCHEDULE_DELAY, Duration::from_secs(1))?;
    let export_timeout =
        time(given.export_timeout, env::OTEL_BSP_EXPORT_TIMEOUT, Duration::from_secs(30))?;
    Ok(PipelineSettings {
        max_queue_size,
        max_queue_bytes: given.max_queue_bytes.unwrap_or(64 << 20),
        overflow: given.overflow,
        on_drop: given.on_drop,
        redactor: given.redactor,
        payload_limit: given.payload_limit,
        tail: given.tail,
        #[cfg(feature = "spool")]
        spool: given.spool,
        max_batch_size: max_batch_size.min(max_queue_size),
        // So that a deadline can be counted from any moment.
        schedule_delay: schedule_delay.min(A_YEAR),
        export_timeout: unless_zero(export_timeout),
    })
}
