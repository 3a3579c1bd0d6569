//! Reads certificates and keys from the files that the environment names.

use super::variables::Variables;
use crate::Error;
use crate::env::{Environment, Variable};
use crate::otlp::transport::{Identity, Pem};

/// The authorities to trust; none for those of the system.
pub(super) fn authorities(env: &Environment, of: &Variables) -> Result<Option<Pem>, Error> {
    file(env, of.certificate)
}

/// The client's certificate and key, for a collector that asks for them.
pub(super) fn identity(env: &Environment, of: &Variables) -> Result<Option<Identity>, Error> {
    let (certificate, key) = (of.client_certificate, of.client_key);
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
    if is_content(setting.value) {
        return Err(setting.hidden("it must be the path of a file, not its content"));
    }
    let unreadable = |error| setting.error("cannot be read").with_source(error);
    // Reading a pipe may never begin, and reading a device never end.
    let file = std::fs::metadata(setting.value).map_err(unreadable)?;
    if !file.is_file() {
        return Err(setting.error("is not a file"));
    }
    if file.len() > LARGEST {
        return Err(setting.error("is larger than 16 MiB"));
    }
    let content = std::fs::read(setting.value).map_err(unreadable)?;
    let origin = setting.shown();
    Ok(Some(Pem { content, origin, variable: Some(setting.variable) }))
}

/// Whether a value is a certificate or a key itself, which must not be shown: PEM, what is within PEM, or
/// PEM in base64.
fn is_content(value: &str) -> bool {
    value.contains("-----BEGIN") || value.starts_with("MII") || value.starts_with("LS0tLS1CRUdJTi")
}

/// The largest file that is read, in bytes: all authorities of a system have a few hundred kilobytes.
const LARGEST: u64 = 16 << 20;
