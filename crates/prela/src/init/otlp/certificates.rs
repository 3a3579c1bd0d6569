//! Certificates and keys, in files that the environment names.

use crate::Error;
use crate::env::{self, Environment, Variable};
use crate::otlp::{Identity, Pem};

/// The authorities to trust; none: the system's.
pub(super) fn authorities(env: &Environment) -> Result<Option<Pem>, Error> {
    file(env, [env::OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE, env::OTEL_EXPORTER_OTLP_CERTIFICATE])
}

/// What to show to a collector that asks who its client is.
pub(super) fn identity(env: &Environment) -> Result<Option<Identity>, Error> {
    let certificate = [
        env::OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,
        env::OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE,
    ];
    let key = [env::OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY, env::OTEL_EXPORTER_OTLP_CLIENT_KEY];
    let alone = |pem: Pem, other: [Variable; 2]| {
        let error = pem.unusable(&format!("is of no use without {}", other[1].name()));
        Err(other.into_iter().fold(error, |error, other| error.needing(other.name())))
    };
    match (file(env, certificate)?, file(env, key)?) {
        (Some(certificate), Some(key)) => Ok(Some(Identity { certificate, key })),
        (Some(given), None) => alone(given, key),
        (None, Some(given)) => alone(given, certificate),
        (None, None) => Ok(None),
    }
}

/// The content of the file that the first of these variables names.
fn file(env: &Environment, variables: [Variable; 2]) -> Result<Option<Pem>, Error> {
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    let content = std::fs::read(setting.value)
        .map_err(|error| setting.error("cannot be read").with_source(error))?;
    let origin = setting.shown();
    Ok(Some(Pem { content, origin, variable: Some(setting.variable) }))
}
