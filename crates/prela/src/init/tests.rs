use super::*;
use crate::ErrorKind;

#[cfg(all(feature = "otlp-grpc", feature = "otlp-http"))]
mod collector;
#[cfg(feature = "spool")]
mod in_code;
#[cfg(all(feature = "otlp-grpc", feature = "otlp-http", feature = "tracing", feature = "metrics"))]
mod signals;
mod sources;
#[cfg(all(feature = "otlp-grpc", feature = "otlp-http", feature = "spool"))]
mod unusable;

/// A builder that reads these variables alone.
fn with_env(variables: &[(&str, &str)]) -> Builder {
    builder().env(variables.iter().copied()).diagnostics(|_| ())
}

/// The error that refuses these variables if strict. Otherwise there is a warning of the same problem.
fn refused(variables: &[(&str, &str)]) -> String {
    let error = with_env(variables).strict(true).build().expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    let prela = with_env(variables).build().expect("no variable keeps a program from starting");
    let warning = prela.warnings().first().expect("there is a warning");
    let problem = text.strip_prefix("read ").unwrap_or(&text);
    assert!(warning.starts_with(problem) && warning.contains("; used instead: "), "{warning}");
    text
}
