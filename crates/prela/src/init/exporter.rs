//! The choice of an exporter, before it is built.

#[cfg(feature = "__otlp")]
use super::otlp::Otlp;
use crate::Error;
use crate::env::{self, Environment};
use crate::export::{AnyExporter, ConsoleExporter, FileExporter, SpanExporter};
use std::fmt;
use std::path::PathBuf;

/// Which exporter to use; for [`Builder::exporter`](super::Builder::exporter).
///
/// ```
/// use prela::export::ConsoleExporter;
/// use prela::Exporter;
///
/// let builder = prela::builder()
///     .exporter(Exporter::otlp_http("https://collector.example").header("x-api-key", "secret").gzip(true))
///     .exporter(Exporter::file("traces"))
///     .exporter(ConsoleExporter::new().color(false));
/// # drop(builder);
/// ```
pub struct Exporter(Kind);

enum Kind {
    Console,
    #[cfg(feature = "__otlp")]
    Otlp(Box<Otlp>),
    Ready(Box<dyn SpanExporter>),
}

impl Exporter {
    /// Prints to the standard output, as a tree; see [`ConsoleExporter`]. With colours on a terminal, unless
    /// `NO_COLOR` is set, and with lines cut to its width, unless `PRELA_CONSOLE` is `full`.
    pub fn console() -> Self {
        Self(Kind::Console)
    }

    /// Writes files of OTLP JSON lines in `dir`; see [`FileExporter`].
    pub fn file(dir: impl Into<PathBuf>) -> Self {
        FileExporter::new(dir).into()
    }

    /// Sends to a collector; endpoint, protocol and the rest come from the environment. Without an endpoint
    /// there, it is `http://localhost:4317`.
    #[cfg(feature = "__otlp")]
    pub fn otlp() -> Otlp {
        Otlp::by_environment()
    }

    /// Sends to a collector over gRPC, such as `http://localhost:4317`. What is not set on the returned value
    /// comes from the environment.
    #[cfg(feature = "otlp-grpc")]
    pub fn otlp_grpc(endpoint: impl Into<String>) -> Otlp {
        Otlp::new(crate::otlp::transport::Protocol::Grpc, endpoint.into())
    }

    /// Sends to a collector over HTTP, such as `http://localhost:4318`. Bodies are protobuf, or JSON with
    /// [`json`](Otlp::json). Without a path, `/v1/traces` is added. What is not set on the returned value comes from
    /// the environment.
    #[cfg(feature = "otlp-http")]
    pub fn otlp_http(endpoint: impl Into<String>) -> Otlp {
        Otlp::new(crate::otlp::transport::Protocol::HttpProtobuf, endpoint.into())
    }

    /// Builds the exporter; none if its endpoint in the environment cannot be used, which is a warning.
    pub(super) fn build(self, env: &mut Environment) -> Result<Option<AnyExporter>, Error> {
        match self.0 {
            Kind::Console => Ok(Some(AnyExporter::Spans(Box::new(env.settle(console)?)))),
            #[cfg(feature = "__otlp")]
            Kind::Otlp(otlp) => otlp.build(env),
            Kind::Ready(exporter) => Ok(Some(AnyExporter::Spans(exporter))),
        }
    }

    pub(super) fn by_environment(env: &Environment) -> Result<Vec<Self>, Error> {
        let named = if let Some(setting) = env.get(env::PRELA_EXPORTER)? {
            let named = setting.choice(&[
                ("console", Ok(Named::Console)),
                ("file", Ok(Named::File)),
                ("otlp", OTLP),
                ("http", OTLP_HTTP),
                ("none", Ok(Named::None)),
            ])?;
            vec![named.map_err(|problem| setting.hidden(problem))?]
        } else if let Some(setting) = env.get(env::OTEL_TRACES_EXPORTER)? {
            setting.choices(&[
                ("otlp", OTLP),
                ("console", Ok(Named::Console)),
                ("file", Ok(Named::File)),
                ("none", Ok(Named::None)),
            ])?
        } else {
            let endpoints =
                [env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT];
            match env.first(&endpoints)? {
                Some(setting) => vec![OTLP.map_err(|problem| setting.hidden(problem))?],
                // Someone who names an endpoint has not asked for lines on the standard output.
                None if env.has_left_out(&endpoints) => vec![OTLP.unwrap_or(Named::None)],
                None => vec![Named::Console],
            }
        };
        let exporters = named.into_iter().filter_map(|name| name.exporter(env).transpose());
        exporters.collect()
    }
}

fn console(env: &Environment) -> Result<ConsoleExporter, Error> {
    let mut console = ConsoleExporter::new();
    if env.is_set(env::NO_COLOR) {
        console = console.color(false);
    }
    match env.get(env::PRELA_CONSOLE)? {
        Some(setting) => Ok(console.full(setting.choice(&[("full", true), ("fit", false)])?)),
        None => Ok(console),
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Console => f.write_str("Exporter(console)"),
            #[cfg(feature = "__otlp")]
            Kind::Otlp(otlp) => f.debug_tuple("Exporter").field(otlp).finish(),
            Kind::Ready(exporter) => write!(f, "Exporter({})", exporter.name()),
        }
    }
}

impl<E: SpanExporter> From<E> for Exporter {
    fn from(exporter: E) -> Self {
        Self(Kind::Ready(Box::new(exporter)))
    }
}

#[cfg(feature = "__otlp")]
impl From<Otlp> for Exporter {
    fn from(otlp: Otlp) -> Self {
        Self(Kind::Otlp(Box::new(otlp)))
    }
}

/// An exporter by its name in a variable.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Console,
    File,
    Otlp,
    OtlpHttp,
    None,
}

/// OTLP, or the feature that it needs.
const OTLP: Result<Named, &str> = if cfg!(feature = "__otlp") {
    Ok(Named::Otlp)
} else {
    Err("OTLP needs the feature `otlp-grpc` or `otlp-http` of prela")
};

const OTLP_HTTP: Result<Named, &str> = if cfg!(feature = "otlp-http") {
    Ok(Named::OtlpHttp)
} else {
    Err("OTLP over HTTP needs the feature `otlp-http` of prela")
};

impl Named {
    /// Builds the exporter; none for `none`, and where its feature is missing.
    fn exporter(self, env: &Environment) -> Result<Option<Exporter>, Error> {
        match self {
            Self::Console => Ok(Some(Exporter::console())),
            Self::File => {
                let dir = env.get(env::PRELA_TRACE_DIR)?;
                Ok(Some(Exporter::file(dir.map_or("./traces", |setting| setting.value))))
            }
            #[cfg(feature = "__otlp")]
            Self::Otlp => Ok(Some(Exporter::otlp().into())),
            #[cfg(feature = "otlp-http")]
            Self::OtlpHttp => Ok(Some(Otlp::http_by_environment().into())),
            _ => Ok(None),
        }
    }
}
