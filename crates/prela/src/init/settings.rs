//! What the environment says where the code says nothing.

use crate::env::{self, Environment};
use crate::propagation::{Format, Propagator};
use crate::span::SpanLimits;
use crate::value::Baggage;
use crate::{Error, Resource, Sampler, Value, semconv};
use opentelemetry::Key;

/// Whether a value of the environment that cannot be used is an error.
pub(super) fn is_strict(env: &Environment) -> Result<bool, Error> {
    let choices = [("1", true), ("true", true), ("0", false), ("false", false)];
    env.get(env::PRELA_STRICT)?.map_or(Ok(false), |setting| setting.choice(&choices))
}

pub(super) fn is_disabled(env: &Environment) -> Result<bool, Error> {
    env.get(env::OTEL_SDK_DISABLED)?.map_or(Ok(false), |setting| setting.flag())
}

/// The resource: the service's name first, then the SDK, then what the environment and the code say, the code
/// last.
pub(super) fn resource(
    env: &Environment,
    service_name: Option<&str>,
    given: &[(Key, Value)],
) -> Result<Resource, Error> {
    let attribute = |key: &str, value: &str| match env::decoded(key)? {
        key if key.is_empty() => Err("has no key"),
        key => Ok((key, value.to_owned())),
    };
    // The specification discards all entries for one bad one, the service's name among them.
    let from_env = match env.get(env::OTEL_RESOURCE_ATTRIBUTES)? {
        Some(setting) => setting.pairs(attribute)?,
        None => Vec::new(),
    };
    // Of several the last counts, as for all keys.
    let is_service_name = |key: &str| key == semconv::SERVICE_NAME;
    let given_name = given.iter().rfind(|(key, _)| is_service_name(key.as_str()));
    let is_name = |(key, name): &&(String, String)| is_service_name(key) && !name.trim().is_empty();
    let env_name = from_env.iter().rfind(is_name);
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
        resource.set(key.clone(), value.clone());
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
    let argument = env.get(env::OTEL_TRACES_SAMPLER_ARG)?;
    let Some(name) = env.get(env::OTEL_TRACES_SAMPLER)? else {
        return match argument {
            None => Ok(Sampler::default()),
            Some(argument) => Err(argument.of_no_use_without(env::OTEL_TRACES_SAMPLER)),
        };
    };
    let (root, follows_parent) = name.choice(&[
        ("always_on", (Root::On, false)),
        ("always_off", (Root::Off, false)),
        ("traceidratio", (Root::Ratio, false)),
        ("parentbased_always_on", (Root::On, true)),
        ("parentbased_always_off", (Root::Off, true)),
        ("parentbased_traceidratio", (Root::Ratio, true)),
    ])?;
    let root = match (root, argument) {
        (Root::Ratio, argument) => {
            Sampler::ratio(argument.map_or(Ok(1.0), |argument| argument.share())?)
        }
        (Root::On | Root::Off, Some(argument)) => {
            let taker = "goes with `traceidratio` and `parentbased_traceidratio` only";
            return Err(argument.of_no_use(taker));
        }
        (Root::On, None) => Sampler::always_on(),
        (Root::Off, None) => Sampler::always_off(),
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
        ("tracecontext", Ok(Some(Format::TraceContext))),
        ("baggage", Ok(Some(Format::Baggage))),
        ("b3", Ok(Some(Format::B3))),
        ("b3multi", Ok(Some(Format::B3Multi))),
        ("legacy_ids", Ok(Some(Format::LegacyIds))),
        ("none", Ok(None)),
    ])?;
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

pub(super) fn baggage_to_attributes(env: &Environment) -> Result<Vec<Key>, Error> {
    let Some(setting) = env.get(env::PRELA_BAGGAGE_TO_ATTRIBUTES)? else { return Ok(Vec::new()) };
    setting.each(true, |_, key| match Baggage::default().with(key, String::new()) {
        Some(_) => Ok(key.to_owned().into()),
        None => Err(format!("{} is a key that no baggage can have", env::quoted(key))),
    })
}
