//! Spans that begin before there is any instance, although the environment asks for one.

use crate::env::{self, Environment, Variable};
use crate::span::Provider;
use std::io::{self, Write as _};

/// Reports that there is no instance, if the environment asks for an exporter. It is no error: the program may
/// use a traced library without wanting traces.
pub(super) fn tell() {
    if Provider::is_any() {
        return;
    }
    let Some(variable) = asked_by(&Environment::of_process()) else { return };
    // Without an instance there are no diagnostics to use; standard error is their default.
    let told = writeln!(
        io::stderr(),
        "prela: spans are started but not recorded: {} is set, but no instance was started. Write `let _prela = \
         prela::init(\"service-name\")?;` at the start of `main`, before the first span",
        variable.name()
    );
    drop(told); // a closed standard error is no reason to fail
}

/// The variable that asks for an exporter; none if no variable does, or if one asks for no exporter.
fn asked_by(env: &Environment) -> Option<Variable> {
    let set = |variable| env.get(variable).ok().flatten();
    let says = |variable, word| {
        set(variable).is_some_and(|setting| setting.value.eq_ignore_ascii_case(word))
    };
    if says(env::OTEL_SDK_DISABLED, "true") {
        return None;
    }
    // As for an instance, the first that is set decides.
    let exporters = [env::PRELA_EXPORTER, env::OTEL_TRACES_EXPORTER];
    let endpoints = [env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT];
    let mut variables = exporters.into_iter().chain(endpoints);
    variables.find(|variable| set(*variable).is_some()).filter(|first| !says(*first, "none"))
}

#[cfg(test)]
mod tests;
