//! What the code and the environment say about a collector becomes a connection.

mod certificates;
mod nowhere;

use self::nowhere::Nowhere;
use super::endpoint::{self, Origin, Target};
use super::pipeline::unless_zero;
use super::settings;
use crate::env::{self, Environment, Setting, Variable};
use crate::export::{OneAttempt, OtlpExporter, Outlet, SpanExporter};
use crate::otlp::{Compression, Connection, Identity, Pem, Protocol, check};
use crate::pipeline::Diagnostics;
use crate::{Error, ErrorKind};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue};
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
    /// None: by the environment.
    compression: Option<Option<Compression>>,
    certificate: Option<Pem>,
    identity: Option<Identity>,
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

    /// Whether bodies are compressed by gzip, at its fastest level. Default: no. Of `gzip` and `zstd`
    /// the one that was called last counts.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.compression = Some(gzip.then_some(Compression::Gzip));
        self
    }

    /// Whether bodies are compressed by zstd, at its fastest level: smaller than by gzip, in half the
    /// time, and not every collector takes it. Default: no. Of `gzip` and `zstd` the one that was
    /// called last counts.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_COMPRESSION`.
    #[cfg(feature = "zstd")]
    pub fn zstd(mut self, zstd: bool) -> Self {
        self.compression = Some(zstd.then_some(Compression::Zstd));
        self
    }

    /// PEM certificates of the authorities to trust for `https`, instead of the system's.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_CERTIFICATE`, the path of a file with them.
    pub fn certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some(in_code("certificate", pem.into()));
        self
    }

    /// The certificate, with those that vouch for it, and the private key to show to a collector that
    /// asks who its client is; both PEM. The key is in no error and no `Debug`.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE` and `OTEL_EXPORTER_OTLP_CLIENT_KEY`, the
    /// paths of files with them.
    pub fn client_certificate(
        mut self,
        certificate_pem: impl Into<Vec<u8>>,
        key_pem: impl Into<Vec<u8>>,
    ) -> Self {
        self.identity = Some(Identity {
            certificate: in_code("client_certificate", certificate_pem.into()),
            key: in_code("the key of client_certificate", key_pem.into()),
        });
        self
    }

    /// The exporter by itself, for one of your own that adds something: a second collector to fall
    /// back to, a count, a filter. It makes one attempt for each batch; what it fails with says whether
    /// another may succeed.
    ///
    /// What it is not told comes from the environment of the process, of which values that cannot be used
    /// are left out, with a line on the standard error stream, as at [`build`](super::Builder::build).
    /// Without a usable endpoint there it is an exporter that refuses every batch.
    ///
    /// ```
    /// use prela::Exporter;
    ///
    /// let exporter = Exporter::otlp_grpc("http://localhost:4317").into_exporter()?;
    /// assert_eq!(exporter.name(), "otlp grpc http://localhost:4317");
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A setting that cannot be used, as at [`build`](super::Builder::build).
    pub fn into_exporter(self) -> Result<Box<dyn SpanExporter>, Error> {
        let mut env = Environment::of_process();
        let is_strict = env.settle(settings::is_strict)?;
        let exporter = env.settle(|env| self.checked(env))?;
        for warning in env.warnings(is_strict)? {
            Diagnostics::default().line(&format!("prela: {warning}"));
        }
        Ok(match exporter {
            Some(exporter) => Box::new(OneAttempt(exporter)),
            None => Box::new(Nowhere),
        })
    }

    /// None if the environment names an endpoint that cannot be used: what is traced must not go where
    /// nobody asked for.
    pub(super) fn build(self, env: &mut Environment) -> Result<Option<Outlet>, Error> {
        let exporter = env.settle(|env| self.checked(env))?;
        Ok(exporter.map(|exporter| Outlet::Wire(Box::new(exporter))))
    }

    fn checked(&self, env: &Environment) -> Result<Option<OtlpExporter>, Error> {
        let Some(connection) = self.connection(env)? else { return Ok(None) };
        let endpoint = Connection { certificate: None, identity: None, ..connection.clone() };
        // First without certificates, so that it is known what is at fault.
        check(&endpoint).map_err(|error| match self.endpoint(env) {
            Ok(Some((_, origin))) => origin.blamed_for(error),
            _ => error,
        })?;
        check(&connection)?;
        Ok(Some(OtlpExporter::new(connection)))
    }

    pub(super) fn connection(&self, env: &Environment) -> Result<Option<Connection>, Error> {
        let given = self.endpoint(env)?;
        let is_nowhere = given.is_none() && env.has_left_out(&ENDPOINTS);
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None => protocol(env)?
                .unwrap_or_else(|| endpoint::protocol(given.as_ref().map(|(target, _)| target))),
        };
        let (endpoint, socket) = match given {
            Some((Target::Url(url), origin)) => (endpoint::with_path(url, protocol, origin), None),
            Some((Target::Socket(path), _)) => (endpoint::behind_socket(protocol), Some(path)),
            None => (endpoint::default_for(protocol), None),
        };
        let timeout = match self.timeout {
            Some(timeout) => timeout,
            None => timeout(env)?,
        };
        let compression = match self.compression {
            Some(compression) => compression,
            None => compression(env)?,
        };
        let is_tls = socket.is_none() && endpoint.scheme_str() == Some("https");
        let certificate = match &self.certificate {
            None if is_tls => certificates::authorities(env)?,
            given => given.clone(),
        };
        let identity = match &self.identity {
            None if is_tls => certificates::identity(env)?,
            given => given.clone(),
        };
        let connection = Connection {
            protocol,
            endpoint,
            socket,
            headers: headers(env, &self.headers)?,
            timeout: unless_zero(timeout),
            compression,
            certificate,
            identity,
        };
        // After all the rest: what is wrong in the code is an error all the same.
        Ok((!is_nowhere).then_some(connection))
    }

    fn endpoint(&self, env: &Environment) -> Result<Option<(Target, Origin)>, Error> {
        if let Some(text) = &self.endpoint {
            let target = endpoint::parse(text, None).map_err(|problem| {
                Error::new(ErrorKind::Config, format!("use an OTLP endpoint: {problem}"))
            })?;
            return Ok(Some((target, Origin::Code)));
        }
        let bare = self.scheme_of_bare_hosts(env)?;
        let parsed = |setting: Setting<'_>| {
            endpoint::parse(setting.value, bare).map_err(|problem| setting.hidden(&problem))
        };
        if let Some(setting) = env.get(env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)? {
            return Ok(Some((parsed(setting)?, Origin::Traces)));
        }
        match env.get(env::OTEL_EXPORTER_OTLP_ENDPOINT)? {
            Some(setting) => Ok(Some((parsed(setting)?, Origin::AnySignal))),
            None => Ok(None),
        }
    }

    /// The scheme of an endpoint without one, which only gRPC knows, and only if it is said whether to
    /// use TLS: the specification's default would turn `localhost:4317` into a failing handshake.
    fn scheme_of_bare_hosts(&self, env: &Environment) -> Result<Option<Scheme>, Error> {
        let protocol = match self.protocol {
            Some(protocol) => Some(protocol),
            None => protocol(env)?,
        };
        if protocol.is_some_and(Protocol::is_http) {
            return Ok(None);
        }
        let variables = [env::OTEL_EXPORTER_OTLP_TRACES_INSECURE, env::OTEL_EXPORTER_OTLP_INSECURE];
        let setting = env.first(&variables)?;
        setting
            .map(|it| it.flag())
            .transpose()
            .map(|it| it.map(|insecure| if insecure { Scheme::HTTP } else { Scheme::HTTPS }))
    }
}

fn in_code(setting: &str, content: Vec<u8>) -> Pem {
    Pem { content, origin: format!("set {setting}: what is given"), variable: None }
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
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

fn protocol(env: &Environment) -> Result<Option<Protocol>, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL];
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    #[cfg(feature = "grpc")]
    let grpc = Ok(Protocol::Grpc);
    #[cfg(not(feature = "grpc"))]
    let grpc = Err("needs the feature `grpc` of prela");
    #[cfg(feature = "http")]
    let http = Ok(Protocol::HttpProtobuf);
    #[cfg(not(feature = "http"))]
    let http = Err("needs the feature `http` of prela");
    let protocol = setting.choice(&[("grpc", grpc), ("http/protobuf", http)])?;
    protocol.map(Some).map_err(|problem| setting.error(problem))
}

fn timeout(env: &Environment) -> Result<Duration, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, env::OTEL_EXPORTER_OTLP_TIMEOUT];
    let setting = env.first(&variables)?;
    setting.map_or(Ok(Duration::from_secs(10)), |setting| setting.milliseconds())
}

fn compression(env: &Environment) -> Result<Option<Compression>, Error> {
    let variables =
        [env::OTEL_EXPORTER_OTLP_TRACES_COMPRESSION, env::OTEL_EXPORTER_OTLP_COMPRESSION];
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    #[cfg(feature = "zstd")]
    let zstd = Ok(Some(Compression::Zstd));
    #[cfg(not(feature = "zstd"))]
    let zstd = Err("needs the feature `zstd` of prela");
    let choices = [("gzip", Ok(Some(Compression::Gzip))), ("zstd", zstd), ("none", Ok(None))];
    setting.choice(&choices)?.map_err(|problem| setting.error(problem))
}

fn headers(env: &Environment, given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let variables = [env::OTEL_EXPORTER_OTLP_TRACES_HEADERS, env::OTEL_EXPORTER_OTLP_HEADERS];
    let mut headers = HeaderMap::new();
    if let Some(setting) = env.first(&variables)? {
        for (name, value) in setting.pairs(header)? {
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

const ENDPOINTS: [Variable; 2] =
    [env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT];

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "has a name that no header can have")?;
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "has a value that no header can have")?;
    value.set_sensitive(true);
    Ok((name, value))
}
