use super::*;
use crate::ErrorKind;

#[cfg(all(feature = "grpc", feature = "http"))]
mod collector;
mod sources;

/// A builder that reads these variables alone.
fn with_env(variables: &[(&str, &str)]) -> Builder {
    builder().env(variables.iter().copied())
}

/// Why these variables are refused.
fn refused(variables: &[(&str, &str)]) -> String {
    let error = with_env(variables).build().expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}
