//! What the code and the environment say about a collector becomes a connection.

use super::endpoint::{self, Origin};
use super::settings::unless_zero;
use crate::env::{self, Environment, Setting};
use crate::export::{OtlpExporter, Outlet};
use crate::otlp::{Connection, Protocol, check};
use crate::{Error, ErrorKind};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::fmt;
use std::time::Duration;

/// A collector to send to; from [`Exporter::otlp_grpc`](super::Exporter::otlp_grpc) and its sisters,
/// and for [`Builder::exporter`](super::Builder::exporter).
///
/// What it is not told comes from the `OTEL_EXPORTER_OTLP_*` variables, which [`Builder`](super::Builder)
/// lists, and is checked at [`build`](super::Builder::build). It connects when the first span is sent.
#[derive(Default)]
#[must_use = "give it to `Builder::exporter`"]
pub struct Otlp {
    protocol: Option<Protocol>,
    endpoint: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    gzip: Option<bool>,
    certificate: Option<Vec<u8>>,
}

impl Otlp {
    pub(super) fn by_environment() -> Self {
        Self::default()
    }

    #[cfg(feature = "http")]
    pub(super) fn http_by_environment() -> Self {
        Self { protocol: Some(Protocol::HttpProtobuf), ..Self::default() }
    }

    pub(super) fn new(protocol: Protocol, endpoint: String) -> Self {
        Self { protocol: Some(protocol), endpoint: Some(endpoint), ..Self::default() }
    }

    /// Adds a header, or gRPC metadata, to each request. The value is a secret to Prela: it is in no
    /// error, no diagnostic line and no `Debug`.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_HEADERS`, whose headers of other names are sent as well.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long one request may take, connecting included. Zero: no limit. Default: 10 s.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_TIMEOUT`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether bodies are compressed by gzip. Default: no.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = Some(gzip);
        self
    }

    /// PEM certificates of the authorities to trust for `https`, instead of the system's.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_CERTIFICATE`, the path of a file with them.
    pub fn certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some(pem.into());
        self
    }

    pub(super) fn build(self, env: &Environment) -> Result<Outlet, Error> {
        let connection = self.connection(env)?;
        check(&connection)?;
        Ok(Outlet::Wire(Box::new(OtlpExporter::new(connection))))
    }

    pub(super) fn connection(self, env: &Environment) -> Result<Connection, Error> {
        let given = self.endpoint(env)?;
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None => protocol(env)?
                .unwrap_or_else(|| endpoint::protocol(given.as_ref().map(|(uri, _)| uri))),
        };
        let endpoint = match given {
            Some((uri, origin)) => endpoint::with_path(uri, protocol, origin),
            None => endpoint::default_for(protocol),
        };
        let timeout = match self.timeout {
            Some(timeout) => timeout,
            None => timeout(env)?,
        };
        let gzip = match self.gzip {
            Some(gzip) => gzip,
            None => gzip(env)?,
        };
        let is_tls = endpoint.scheme_str() == Some("https");
        let certificate = match self.certificate {
            None if is_tls => certificate(env)?,
            given => given,
        };
        let headers = headers(env, &self.headers)?;
        let timeout = unless_zero(timeout);
        Ok(Connection { protocol, endpoint, headers, timeout, gzip, certificate })
    }

    fn endpoint(&self, env: &Environment) -> Result<Option<(Uri, Origin)>, Error> {
        if let Some(text) = &self.endpoint {
            let uri = endpoint::parse(text).map_err(|problem| {
                let text = match problem.is_secret {
                    true => format!("use an OTLP endpoint: {}", problem.text),
                    false => {
                        format!("use an OTLP endpoint: `{}` {}", text.escape_debug(), problem.text)
                    }
                };
                Error::new(ErrorKind::Config, text)
            })?;
            return Ok(Some((uri, Origin::Code)));
        }
        let parsed = |setting: Setting<'_>| {
            endpoint::parse(setting.value).map_err(|problem| match problem.is_secret {
                true => setting.hidden(problem.text),
                false => setting.error(problem.text),
            })
        };
        if let Some(setting) = env.get(env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)? {
            return Ok(Some((parsed(setting)?, Origin::Traces)));
        }
        match env.get(env::OTEL_EXPORTER_OTLP_ENDPOINT)? {
            Some(setting) => Ok(Some((parsed(setting)?, Origin::AnySignal))),
            None => Ok(None),
        }
    }
}

/// Without the headers' values.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().filter(|endpoint| !endpoint.contains(['@', '?']));
        f.debug_struct("Otlp")
            .field("protocol", &self.protocol)
            .field("endpoint", &endpoint)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .finish_non_exhaustive()
    }
}

fn protocol(env: &Environment) -> Result<Option<Protocol>, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL];
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    #[cfg(feature = "grpc")]
    let grpc = Some(Protocol::Grpc);
    #[cfg(not(feature = "grpc"))]
    let grpc = None;
    #[cfg(feature = "http")]
    let http = Some(Protocol::HttpProtobuf);
    #[cfg(not(feature = "http"))]
    let http = None;
    let protocol = setting.choice(&[("grpc", grpc), ("http/protobuf", http)])?;
    if protocol.is_none() {
        return Err(setting.error("needs the feature of that name of prela"));
    }
    Ok(protocol)
}

fn timeout(env: &Environment) -> Result<Duration, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, env::OTEL_EXPORTER_OTLP_TIMEOUT];
    let setting = env.first(&variables)?;
    setting.map_or(Ok(Duration::from_secs(10)), |setting| setting.milliseconds())
}

fn gzip(env: &Environment) -> Result<bool, Error> {
    let variables =
        [env::OTEL_EXPORTER_OTLP_TRACES_COMPRESSION, env::OTEL_EXPORTER_OTLP_COMPRESSION];
    let setting = env.first(&variables)?;
    setting.map_or(Ok(false), |setting| setting.choice(&[("gzip", true), ("none", false)]))
}

fn certificate(env: &Environment) -> Result<Option<Vec<u8>>, Error> {
    let variables =
        [env::OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE, env::OTEL_EXPORTER_OTLP_CERTIFICATE];
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    let pem = std::fs::read(setting.value)
        .map_err(|error| setting.error("cannot be read").with_source(error))?;
    Ok(Some(pem))
}

fn headers(env: &Environment, given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_HEADERS, env::OTEL_EXPORTER_OTLP_HEADERS];
    let mut headers = HeaderMap::new();
    if let Some(setting) = env.first(&variables)? {
        for (at, (name, value)) in setting.entries()?.iter().enumerate() {
            let problem = |text| setting.hidden(&format!("entry {} {text}", at + 1));
            let (name, value) = header(name, value).map_err(problem)?;
            headers.insert(name, value);
        }
    }
    for (name, value) in given {
        let (name, value) = header(name, value).map_err(|problem| {
            let text = format!("send the header `{}`: it {problem}", name.escape_debug());
            Error::new(ErrorKind::Config, text)
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "has no header's name")?;
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "has a value that no header can have")?;
    value.set_sensitive(true);
    Ok((name, value))
}
