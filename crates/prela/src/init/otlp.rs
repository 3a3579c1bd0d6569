//! What the code and the environment say about a collector becomes a connection.

mod certificates;
mod direct;
mod proxies;
mod variables;

use self::variables::Variables;
use super::endpoint::{self, Origin, Target};
use super::pipeline::unless_zero;
use super::settings;
use crate::env::{Environment, Setting};
use crate::export::{
    AnyExporter, Batch, ExportFuture, Exported, OneAttempt, OtlpExporter, SpanExporter,
};
use crate::otlp::Signal;
use crate::otlp::transport::{
    Compression, Connection, Identity, Pem, Protocol, Proxy, check, check_proxy,
};
use crate::pipeline::Diagnostics;
use crate::{Error, ErrorKind};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::time::Duration;

/// A collector to send to; from [`Exporter::otlp_grpc`](super::Exporter::otlp_grpc) and its siblings, for
/// [`Builder::exporter`](super::Builder::exporter).
///
/// What is not set comes from the `OTEL_EXPORTER_OTLP_*` variables, which [`Builder`](super::Builder) lists,
/// and is checked at [`build`](super::Builder::build). It connects when the first span is sent.
///
/// Redirects are not followed: headers with secrets would go along. The error names the host that the endpoint
/// has moved to. Success is status 200; with another 2xx, spans count as accepted if the body is an OTLP
/// response.
///
/// Source: [OTLP/HTTP response](https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
#[derive(Clone, Default)]
#[must_use = "give it to `Builder::exporter`"]
pub struct Otlp {
    protocol: Option<Protocol>,
    /// Whether it is a protocol over HTTP, if none was named.
    over_http: bool,
    json: Option<bool>,
    endpoint: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    /// None: by the environment.
    compression: Option<Option<Compression>>,
    certificate: Option<Pem>,
    identity: Option<Identity>,
    /// None: by the environment.
    proxy: Option<Option<String>>,
    signal: Signal,
}

impl Otlp {
    pub(super) fn by_environment() -> Self {
        Self::default()
    }

    #[cfg(feature = "otlp-http")]
    pub(super) fn http_by_environment() -> Self {
        Self { over_http: true, ..Self::default() }
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

    /// Whether bodies over HTTP are JSON instead of protobuf: larger and slower, for receivers that
    /// take nothing else. Default: no.
    ///
    /// ```
    /// use prela::Exporter;
    ///
    /// let exporter = Exporter::otlp_http("http://localhost:4318").json(true).into_exporter()?;
    /// assert_eq!(exporter.name(), "otlp http/json http://localhost:4318/v1/traces");
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_PROTOCOL=http/json`, unless the code names the protocol.
    ///
    /// At [`build`](super::Builder::build) it is an error over gRPC, which has no JSON.
    #[cfg(feature = "otlp-http")]
    pub fn json(mut self, json: bool) -> Self {
        self.json = Some(json);
        self
    }

    /// The proxy to reach the collector through, such as `http://user:password@proxy.example:3128`,
    /// for any endpoint. The user and the password are in no error and no `Debug`.
    ///
    /// Over gRPC, and to `https://`, it is asked for a connection (`CONNECT`); otherwise it gets each
    /// request, with the whole URL in it. A Unix socket is never reached through a proxy. What the
    /// proxy itself refuses is an error with its address.
    ///
    /// Environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the same in lower case.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Some(url.into()));
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Some(None);
        self
    }

    /// PEM certificates to trust for `https` instead of the system's: of authorities, or the collector's own,
    /// self-signed or not. Its names and dates are checked all the same.
    ///
    /// Environment: `OTEL_EXPORTER_OTLP_CERTIFICATE`, the path of a file with them.
    pub fn certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some(in_code("certificate", pem.into()));
        self
    }

    /// The client certificate with its chain, and its private key, for a collector that asks for one; both PEM.
    /// The key is in no error and no `Debug`.
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

    /// Builds the exporter by itself, for one of your own that adds something: a second collector to fall back
    /// to, a count, a filter. It makes one attempt for each batch; its error says whether another may succeed.
    ///
    /// What is not set comes from the environment of the process; values there that cannot be used are ignored,
    /// with a line on the standard error stream, as at [`build`](super::Builder::build). If the endpoint there
    /// cannot be used, the exporter refuses every batch.
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
        self.advise(&mut env, exporter.as_ref())?;
        for warning in env.warnings(is_strict)? {
            Diagnostics::default().line(&format!("prela: {warning}"));
        }
        Ok(match exporter {
            Some(exporter) => Box::new(OneAttempt(exporter)),
            None => Box::new(Nowhere),
        })
    }

    /// Builds the exporter; none if the environment names an endpoint that cannot be used: spans must not go
    /// where nobody asked.
    pub(super) fn build(self, env: &mut Environment) -> Result<Option<AnyExporter>, Error> {
        let exporter = env.settle(|env| self.checked(env))?;
        self.advise(env, exporter.as_ref())?;
        Ok(exporter.map(|exporter| AnyExporter::Encoded(Box::new(exporter))))
    }

    /// Warns of an endpoint that works, but is hardly what was meant.
    fn advise(&self, env: &mut Environment, exporter: Option<&OtlpExporter>) -> Result<(), Error> {
        let Some(connection) = exporter.map(OtlpExporter::connection) else { return Ok(()) };
        let Some(advice) = connection.path_twice() else { return Ok(()) };
        if let Some((_, Origin::AnySignal)) = self.endpoint(env)? {
            let address = connection.address();
            env.advise(format!("OTEL_EXPORTER_OTLP_ENDPOINT: {advice}; used: {address}"));
        }
        Ok(())
    }

    fn checked(&self, env: &Environment) -> Result<Option<OtlpExporter>, Error> {
        let Some(connection) = self.connection(env)? else { return Ok(None) };
        let endpoint =
            Connection { certificate: None, identity: None, proxy: None, ..connection.clone() };
        // First without certificates, so that the error names the setting at fault.
        check(&endpoint).map_err(|error| match self.endpoint(env) {
            Ok(Some((_, origin))) => origin.blamed_for(error),
            _ => error,
        })?;
        check(&connection)?;
        Ok(Some(OtlpExporter::new(connection)))
    }

    pub(super) fn connection(&self, env: &Environment) -> Result<Option<Connection>, Error> {
        let signal = self.signal;
        let given = self.endpoint(env)?;
        let variables = self.variables();
        let is_nowhere = given.is_none() && env.has_left_out(&variables.endpoint);
        let protocol = self.protocol(env, given.as_ref().map(|(target, _)| target))?;
        let (endpoint, socket) = match given {
            Some((Target::Url(url), origin)) => {
                (endpoint::with_path(url, protocol, origin, signal), None)
            }
            Some((Target::Socket(path), _)) => {
                (endpoint::behind_socket(protocol, signal), Some(path))
            }
            None => (endpoint::default_for(protocol, signal), None),
        };
        let timeout = match self.timeout {
            Some(timeout) => timeout,
            None => timeout(env, variables)?,
        };
        let compression = match self.compression {
            Some(compression) => compression,
            None => compression(env, variables)?,
        };
        let is_tls = socket.is_none() && endpoint.scheme_str() == Some("https");
        let certificate = match &self.certificate {
            None if is_tls => certificates::authorities(env, variables)?,
            given => given.clone(),
        };
        let identity = match &self.identity {
            None if is_tls => certificates::identity(env, variables)?,
            given => given.clone(),
        };
        let proxy = match &self.proxy {
            _ if socket.is_some() => None,
            None => proxies::to(&endpoint, env)?,
            Some(None) => None,
            Some(Some(url)) => {
                let proxy = Proxy::parse(url).map_err(|problem| {
                    let text = format!("use the proxy that is given: {problem}");
                    Error::new(ErrorKind::Config, text)
                })?;
                check_proxy(&proxy)?;
                Some(proxy)
            }
        };
        let connection = Connection {
            signal,
            protocol,
            endpoint,
            socket,
            headers: headers(env, variables, &self.headers)?,
            proxy,
            timeout: unless_zero(timeout),
            compression,
            certificate,
            identity,
        };
        // Last, since a wrong setting in code is an error all the same.
        Ok((!is_nowhere).then_some(connection))
    }

    /// This collector for log records.
    #[cfg(feature = "tracing")]
    pub(super) fn for_logs(self) -> Self {
        Self { signal: Signal::Logs, ..self }
    }

    /// This collector for metrics.
    #[cfg(feature = "metrics")]
    pub(super) fn for_metrics(self) -> Self {
        Self { signal: Signal::Metrics, ..self }
    }

    fn protocol(&self, env: &Environment, endpoint: Option<&Target>) -> Result<Protocol, Error> {
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None => match protocol(env, self.variables())? {
                // HTTP was asked for by name, so the variable's gRPC does not count.
                Some(protocol) if self.over_http && !protocol.is_http() => DEFAULT_OVER_HTTP,
                Some(protocol) => protocol,
                None if self.over_http => DEFAULT_OVER_HTTP,
                None => endpoint::protocol(endpoint),
            },
        };
        match (protocol, self.json) {
            #[cfg(feature = "otlp-grpc")]
            (Protocol::Grpc, Some(true)) => {
                let text = "send JSON: there is none over gRPC, use `Exporter::otlp_http`";
                Err(Error::new(ErrorKind::Config, text))
            }
            #[cfg(feature = "otlp-http")]
            (Protocol::HttpProtobuf, Some(true)) => Ok(Protocol::HttpJson),
            #[cfg(feature = "otlp-http")]
            (Protocol::HttpJson, Some(false)) => Ok(Protocol::HttpProtobuf),
            _ => Ok(protocol),
        }
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
        let [of_signal, of_all] = self.variables().endpoint;
        if let Some(setting) = env.get(of_signal)? {
            return Ok(Some((parsed(setting)?, Origin::Signal(of_signal))));
        }
        match env.get(of_all)? {
            Some(setting) => Ok(Some((parsed(setting)?, Origin::AnySignal))),
            None => Ok(None),
        }
    }

    fn variables(&self) -> &'static Variables {
        Variables::of(self.signal)
    }

    /// The scheme for an endpoint without one. Only gRPC has such endpoints, and only if a variable says
    /// whether to use TLS: the specification's default would turn `localhost:4317` into a failing handshake.
    fn scheme_of_bare_hosts(&self, env: &Environment) -> Result<Option<Scheme>, Error> {
        let protocol = match self.protocol {
            Some(protocol) => Some(protocol),
            None => protocol(env, self.variables())?,
        };
        if self.over_http || protocol.is_some_and(Protocol::is_http) {
            return Ok(None);
        }
        let setting = env.first(&self.variables().insecure)?;
        setting
            .map(|it| it.flag())
            .transpose()
            .map(|it| it.map(|insecure| if insecure { Scheme::HTTP } else { Scheme::HTTPS }))
    }
}

fn in_code(setting: &str, content: Vec<u8>) -> Pem {
    Pem { content, origin: format!("set {setting}: what is given"), variable: None }
}

/// Shows no values of headers.
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

fn protocol(env: &Environment, of: &Variables) -> Result<Option<Protocol>, Error> {
    let Some(setting) = env.first(&of.protocol)? else { return Ok(None) };
    #[cfg(feature = "otlp-grpc")]
    let grpc = Ok(Protocol::Grpc);
    #[cfg(not(feature = "otlp-grpc"))]
    let grpc = Err("needs the feature `otlp-grpc` of prela");
    #[cfg(feature = "otlp-http")]
    let (http, json) = (Ok(Protocol::HttpProtobuf), Ok(Protocol::HttpJson));
    #[cfg(not(feature = "otlp-http"))]
    let (http, json) = (Err(NEEDS_HTTP), Err(NEEDS_HTTP));
    let choices = [("grpc", grpc), ("http/protobuf", http), ("http/json", json)];
    let protocol = setting.choice(&choices)?;
    protocol.map(Some).map_err(|problem| setting.error(problem))
}

#[cfg(not(feature = "otlp-http"))]
const NEEDS_HTTP: &str = "needs the feature `otlp-http` of prela";

#[cfg(feature = "otlp-http")]
const DEFAULT_OVER_HTTP: Protocol = Protocol::HttpProtobuf;
/// Never used: without the feature nothing asks for HTTP.
#[cfg(not(feature = "otlp-http"))]
const DEFAULT_OVER_HTTP: Protocol = Protocol::Grpc;

fn timeout(env: &Environment, of: &Variables) -> Result<Duration, Error> {
    let setting = env.first(&of.timeout)?;
    setting.map_or(Ok(Duration::from_secs(10)), |setting| setting.milliseconds())
}

fn compression(env: &Environment, of: &Variables) -> Result<Option<Compression>, Error> {
    let Some(setting) = env.first(&of.compression)? else { return Ok(None) };
    #[cfg(feature = "zstd")]
    let zstd = Ok(Some(Compression::Zstd));
    #[cfg(not(feature = "zstd"))]
    let zstd = Err("needs the feature `zstd` of prela");
    let choices = [("gzip", Ok(Some(Compression::Gzip))), ("zstd", zstd), ("none", Ok(None))];
    setting.choice(&choices)?.map_err(|problem| setting.error(problem))
}

fn headers(
    env: &Environment,
    of: &Variables,
    given: &[(String, String)],
) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    if let Some(setting) = env.first(&of.headers)? {
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

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "has a name that no header can have")?;
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "has a value that no header can have")?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Replaces an exporter whose endpoint in the environment cannot be used: it refuses every batch, so that the
/// spans are counted as lost.
struct Nowhere;

impl SpanExporter for Nowhere {
    fn name(&self) -> String {
        "otlp without an endpoint".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        let text = "export: the endpoint in the environment cannot be used";
        Box::pin(async move { Err(Error::new(ErrorKind::Config, text)) })
    }

    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        Some(Box::new(Self))
    }
}
