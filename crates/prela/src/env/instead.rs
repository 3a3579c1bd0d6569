//! What is used in place of a value that was left out.

use super::{
    Environment, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, OTEL_LOGS_EXPORTER, OTEL_METRICS_EXPORTER,
    OTEL_TRACES_EXPORTER, PRELA_REDACT, Variable,
};
use crate::error::Instead;

impl Environment {
    /// What is used instead, in words, after the value was left out.
    pub(super) fn used_instead(&self, variable: Variable, instead: &Instead) -> String {
        let rest = self.get(variable).ok().flatten();
        match (instead, rest) {
            (Instead::Value(value), _) => super::quoted(value),
            (Instead::Nothing, _) => "nothing".to_owned(),
            (Instead::OtherEntries { are_shown: false, .. }, Some(_)) => {
                "the other entries".to_owned()
            }
            (Instead::OtherEntries { .. }, Some(rest)) => {
                let entries = rest.value.split(',').map(str::trim);
                let entries: Vec<_> = entries.filter(|entry| !entry.is_empty()).collect();
                super::quoted(&entries.join(","))
            }
            (Instead::OtherEntries { .. } | Instead::Default, _) => self.default_of(variable),
        }
    }

    /// What is used for a variable that is not set, by the table of the documentation: another variable, if
    /// that is set, or a default.
    fn default_of(&self, variable: Variable) -> String {
        let traces = [OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT];
        let with = |endpoints: &[Variable], without: &str| {
            let has_endpoint = endpoints.iter().any(|it| self.is_set(*it));
            if has_endpoint { "`otlp`" } else { without }.to_owned()
        };
        let mut name = variable.name();
        loop {
            let mut rows = rows().skip_while(|(known, _)| *known != name);
            let Some((_, default)) = rows.next() else { return "the default".to_owned() };
            let other = match default {
                "the next line" => rows.next().map(|(next, _)| next),
                _ => default.strip_prefix('`').and_then(|it| it.strip_suffix('`')),
            };
            let other = other.and_then(Variable::known);
            match other {
                Some(other) if self.is_set(other) => return other.name().to_owned(),
                Some(other) => name = other.name(),
                None if name == OTEL_EXPORTER_OTLP_ENDPOINT.name() => {
                    return "no OTLP exporter".to_owned();
                }
                None if name == PRELA_REDACT.name() => return "`all`".to_owned(),
                None if name == OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT.name() => {
                    return "`NO_CONTENT`".to_owned();
                }
                None if name == OTEL_TRACES_EXPORTER.name() => return with(&traces, "`console`"),
                None if name == OTEL_LOGS_EXPORTER.name() => {
                    return with(&[OTEL_EXPORTER_OTLP_LOGS_ENDPOINT], "`none`");
                }
                None if name == OTEL_METRICS_EXPORTER.name() => {
                    return with(&[OTEL_EXPORTER_OTLP_METRICS_ENDPOINT], "`none`");
                }
                None => return default.to_owned(),
            }
        }
    }
}

/// Names of variables with their defaults, from the table of the documentation.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("variables.md").lines().filter_map(|row| {
        let row = row.strip_prefix("| `")?;
        let (name, rest) = row.split_once('`')?;
        let default = rest.strip_suffix(" |")?.rsplit(" | ").next()?;
        Some((name, default))
    })
}
