//! Starting: what the code and the environment ask for becomes a running instance.
//!
//! All settings are checked before an export thread starts.

mod builder;
#[cfg(feature = "__otlp")]
mod endpoint;
mod exit;
mod exporter;
mod guard;
mod langfuse;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "__otlp")]
mod otlp;
mod pipeline;
mod pipelines;
mod running;
mod settings;
#[cfg(feature = "signal")]
mod signal;
mod signals;
#[cfg(test)]
mod tests;

pub use self::builder::Builder;
pub use self::exit::exit;
pub use self::exporter::Exporter;
pub use self::guard::Prela;
#[cfg(feature = "__otlp")]
pub use self::otlp::Otlp;
#[cfg(feature = "signal")]
pub use self::signal::shutdown_signal;

use crate::Error;
use crate::tracer::global;

/// Starts tracing: makes an instance from the environment, which [`tracer`](crate::tracer()) and the attribute
/// macros use.
///
/// The service name given here wins over every variable; an empty one counts as none. Without any variable
/// traces are printed to the standard output. [`Builder`] lists the variables. A value that cannot be used is
/// no error: it is ignored, and [`Prela::warnings`] has a line about it. [`Builder::init`] does the same with
/// settings in code.
///
/// Keep the returned guard until the program ends: dropping it sends what is queued and ends tracing.
/// `let _ = prela::init(..)` drops it at once; see [`Prela`] for how that is noticed.
///
/// # Errors
///
/// [`AlreadyInitialized`](crate::ErrorKind::AlreadyInitialized) while another instance is global, with
/// the service name of that one; otherwise as [`Builder::build`].
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), prela::Error> {
/// let _prela = prela::init("parallel-app")?;
/// prela::tracer().span("batch", prela::SpanType::Agent).in_scope(|_| ());
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping what it returns ends tracing: keep it, by `let _prela = prela::init(..)?;`"]
pub fn init(service_name: impl Into<String>) -> Result<Prela, Error> {
    init_with(builder().service_name(service_name))
}

fn init_with(builder: Builder) -> Result<Prela, Error> {
    if global::is_installed() {
        return Err(global::already_installed());
    }
    let prela = builder.build()?;
    prela.make_global()?;
    Ok(prela)
}

/// Sets up an instance in code; see [`Builder`].
pub fn builder() -> Builder {
    Builder::new()
}
