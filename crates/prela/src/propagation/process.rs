//! The environment of a process as a carrier: `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, or those of
//! other formats, in upper case and with `_` for `-`.
//!
//! Source: [OpenTelemetry, Environment Variables as Context Propagation Carriers](https://opentelemetry.io/docs/specs/otel/context/env-carriers/).

use super::{Injector, extract};
use crate::{TraceContext, env};
use std::process::Command;

/// The context that this process was started in; see [`CommandExt::inject_context`].
///
/// Reads the variables `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` as they are now. One that is not UTF-8 counts
/// as absent.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// let starter = prela::propagation::from_env();
/// tracer.span("job", prela::SpanType::Agent).parent(&starter).in_scope(|_| ());
/// # Ok::<(), prela::Error>(())
/// ```
pub fn from_env() -> TraceContext {
    extract(&|name: &str| env::process_variable(&variable(name)))
}

/// A context as variables for a process that is not started by [`Command`], such as a container.
///
/// Returns those of `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` that the context has a value for. The others should
/// not be set in that process: remove them if it would inherit them from this one. Other formats of
/// [`Propagator::global`](super::Propagator::global) have variables of their own.
///
/// ```
/// prela::baggage::scope([("plan", "pro")], || {
///     let variables = prela::propagation::to_env(&prela::trace_context());
///     assert_eq!(variables, [("BAGGAGE".to_owned(), "plan=pro".to_owned())]);
/// });
/// ```
pub fn to_env(cx: &TraceContext) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    cx.inject(&mut |name: &str, value: &str| variables.push((variable(name), value.to_owned())));
    variables
}

/// Gives a child process the context.
pub trait CommandExt {
    /// Gives the child the current context, by the variables `TRACEPARENT`, `TRACESTATE` and
    /// `BAGGAGE`. Those that the context has nothing for are removed, so that none is inherited.
    ///
    /// The child reads them by [`from_env`]. Its span should end before this one does, so wait for it
    /// within the scope. A command of tokio's wraps one of the standard library's:
    /// `command.as_std_mut().inject_context()`.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), std::io::Error> {
    /// use prela::SpanType;
    /// use prela::propagation::CommandExt as _;
    /// use std::process::Command;
    ///
    /// prela::tracer().span("run_worker", SpanType::Tool).in_scope_result(|_| {
    ///     Command::new("worker").inject_context().status()
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    fn inject_context(&mut self) -> &mut Self;
}

impl CommandExt for Command {
    fn inject_context(&mut self) -> &mut Self {
        TraceContext::current().inject(&mut Variables(self));
        self
    }
}

/// The variables that a child will have.
struct Variables<'a>(&'a mut Command);

impl Injector for Variables<'_> {
    fn set(&mut self, name: &'static str, value: String) {
        self.0.env(variable(name), value);
    }

    fn remove(&mut self, name: &'static str) {
        self.0.env_remove(variable(name));
    }
}

fn variable(field: &str) -> String {
    field.to_ascii_uppercase().replace('-', "_")
}
